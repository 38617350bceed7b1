"""The process that atheris drives: ``python -m bench.fuzz_target SECONDS`` and libFuzzer's
arguments."""

from __future__ import annotations

import os
import sys
import time

import atheris

with atheris.instrument_imports(include=["segmenter", "api.schemas", "w3lib"]):
    from bench.fuzz_cases import Case, check_case, warm_segmenter


def main() -> None:
    """Fuzz for so many seconds of processor time, or until something does not hold."""
    name, seconds, *arguments = sys.argv
    segmenter = warm_segmenter()
    end = time.process_time() + float(seconds)
    pages = refused = 0

    def target(data: bytes) -> None:
        nonlocal pages, refused
        pages += 1
        refused += check_case(Case.from_bytes(data), segmenter) is None
        if time.process_time() > end:
            print(f"{pages:,} pages, {refused:,} of them refused; nothing found.", flush=True)
            # libFuzzer has no other way to end well from inside.
            os._exit(0)

    atheris.Setup([name, *arguments], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
