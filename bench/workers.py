"""How much faster two worker processes are than one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.spread import Spread

__all__ = ["WorkerTimes", "worker_times"]

_FEW: Final = 8
# Else one worker takes both cores too, and spends more on its threads than it gains.
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class WorkerTimes:
    """``segmenter batch`` over the HTML pages.

    Attributes:
        pages: pages that the times are for.
        one, two: seconds with one and with two workers, start-up taken off.
        to_one: ``two`` over ``one`` in each round.
    """

    pages: int
    one: Spread
    two: Spread
    to_one: Spread


def worker_times(pages: Sequence[str], rounds: int) -> WorkerTimes | None:
    """Time the command; ``None`` where there is one core or there are too few pages.

    A run over a few pages costs what a start costs; it is taken off, as crawls are long.

    Raises:
        subprocess.CalledProcessError: the command failed.
    """
    if (os.cpu_count() or 1) < 2 or len(pages) < 4 * _FEW:
        return None
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder, "few.jsonl"), Path(folder, "many.jsonl")
        _write(few, pages[:_FEW])
        _write(many, pages)
        one, two = [], []
        for _ in range(rounds):
            one.append(_seconds(many, 1) - _seconds(few, 1))
            two.append(_seconds(many, 2) - _seconds(few, 2))
    ratios = [with_two / with_one for with_one, with_two in zip(one, two, strict=True)]
    return WorkerTimes(len(pages) - _FEW, Spread.of(one), Spread.of(two), Spread.of(ratios))


def _write(path: Path, pages: Sequence[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for page in pages:
            file.write(json.dumps({"html": page}) + "\n")


def _seconds(source: Path, workers: int) -> float:
    """Wall clock of one whole command, its output thrown away."""
    command = [sys.executable, "-m", "segmenter.cli", "batch", str(source), "-o", "-"]
    start = time.perf_counter()
    subprocess.run(
        [*command, "--workers", str(workers)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **_ONE_THREAD},
    )
    return time.perf_counter() - start
