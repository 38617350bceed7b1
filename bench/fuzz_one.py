"""``python -m bench.fuzz_one < PAGE``: check one page of fuzzing, without watching its code."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bench.fuzz_cases import Case, FuzzFailureError, check_case, warm_segmenter
from bench.fuzz_tally import Tally

__all__ = ["main"]


@click.command()
@click.option("--tally", type=click.Path(dir_okay=False, path_type=Path),
              help="File that gets what the page took.")  # fmt: skip
def main(tally: Path | None) -> None:
    """Check the page on standard input, a file of tests/fuzz_corpus or one that was found."""
    case = Case.from_bytes(sys.stdin.buffer.read())
    try:
        check_case(case, warm_segmenter(), None if tally is None else Tally(tally))
    except FuzzFailureError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
