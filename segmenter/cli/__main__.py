"""``python -m segmenter.cli``."""

from segmenter.cli import main

if __name__ == "__main__":
    main()
