"""The process that atheris drives: ``python -m bench.fuzz_target SECONDS TALLY`` and libFuzzer's
arguments."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import atheris

from bench.fuzz_tally import Tally

with atheris.instrument_imports(include=["segmenter", "api.schemas", "w3lib"]):
    from bench.fuzz_cases import Case, FuzzFailureError, check_case, warm_segmenter


def main() -> None:
    """Fuzz for so many seconds of processor time, or until something does not hold."""
    name, seconds, file, *arguments = sys.argv
    segmenter, tally = warm_segmenter(), Tally(Path(file))
    end = time.process_time() + float(seconds)

    def judge_alone(data: bytes) -> None:
        command = [sys.executable, "-m", "bench.fuzz_one", "--tally", file]
        done = subprocess.run(command, input=data, capture_output=True, check=False)
        if done.returncode:
            raise FuzzFailureError(done.stderr.decode("utf-8", "replace"))

    def target(data: bytes) -> None:
        case = Case.from_bytes(data)
        check_case(case, segmenter, tally, judge_slow=lambda: judge_alone(data))
        if time.process_time() > end:
            # libFuzzer has no other way to end well from inside.
            os._exit(0)

    atheris.Setup([name, *arguments], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
