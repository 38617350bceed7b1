"""How far a batch is: a bar on a terminal, and a summary at the end."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import BinaryIO, Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from segmenter.crawl.tally import Tally

__all__ = ["Meter"]


class Meter:
    """Called with the counts so far, the first time before any work is done.

    While it is entered a bar stands on stderr, if that is a terminal; it counts bytes of the
    input where the size is known.

    Args:
        source: the input, to see how much of it is read.
        quiet: show no bar, for instance because the terminal is full of output.
    """

    def __init__(self, source: BinaryIO, *, quiet: bool) -> None:
        status = os.fstat(source.fileno())
        self._source = source
        self._size = status.st_size if stat.S_ISREG(status.st_mode) else None
        self._before: Tally | None = None
        self._tally = Tally()
        self._began = time.monotonic()
        self._bar = Progress(
            BarColumn(),
            TextColumn("{task.fields[rows]:,} pages, {task.fields[rate]:.0f} a second"),
            TimeElapsedColumn() if self._size is None else TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=quiet or not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task("", total=self._size, rows=0, rate=0.0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def __call__(self, tally: Tally) -> None:
        """Take note of the counts and move the bar."""
        if self._before is None:
            self._before = tally
        self._tally = tally
        seconds = time.monotonic() - self._began
        rate = (tally.rows - self._before.rows) / max(seconds, 1e-9)
        read = 0 if self._size is None else self._source.tell()
        self._bar.update(self._task, completed=read, rows=tally.rows, rate=rate)

    def summarise(self) -> None:
        """Say on stderr what was done: pages, blocks by label, error rows by kind, seconds."""
        tally, seconds = self._tally, time.monotonic() - self._began
        before = 0 if self._before is None else self._before.pages
        resumed = f", {before:,} of them by an earlier run" if before else ""
        click.echo(f"{tally.pages:,} pages in {seconds:.1f} s{resumed}", err=True)
        click.echo(f"labels: {_counts(tally.labels)}", err=True)
        click.echo(f"errors: {_counts(tally.errors)}", err=True)


def _counts(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count:,}" for name, count in ordered) or "none"
