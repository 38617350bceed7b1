"""How far a batch is: a bar on a terminal, and a summary at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from segmenter.crawl.tally import CONFIDENCE_BINS, Tally

__all__ = ["Meter"]


class Meter:
    """Called with the counts so far, the first time before any work is done.

    While it is entered a bar stands on stderr, if that is a terminal; it counts bytes of the
    input where the size is known.

    Args:
        size: bytes of all inputs together, where known.
        quiet: show no bar, for instance because the terminal is full of output.
    """

    def __init__(self, size: int | None, *, quiet: bool) -> None:
        self._before: Tally | None = None
        self._tally = Tally()
        self._began = time.monotonic()
        self._bar = Progress(
            BarColumn(),
            TextColumn("{task.fields[rows]:,} pages, {task.fields[rate]:.0f} a second"),
            TimeElapsedColumn() if size is None else TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=quiet or not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task("", total=size, rows=0, rate=0.0)

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

    def __call__(self, tally: Tally, bytes_read: int) -> None:
        """Take note of the counts and move the bar."""
        if self._before is None:
            self._before = tally
        self._tally = tally
        seconds = time.monotonic() - self._began
        rate = (tally.rows - self._before.rows) / max(seconds, 1e-9)
        self._bar.update(self._task, completed=bytes_read, rows=tally.rows, rate=rate)

    def summarise(self) -> None:
        """Say on stderr what was done: pages, blocks by label, errors by kind, confidence."""
        tally, seconds = self._tally, time.monotonic() - self._began
        before = 0 if self._before is None else self._before.pages
        resumed = f", {before:,} of them by an earlier run" if before else ""
        click.echo(f"{tally.pages:,} pages in {seconds:.1f} s{resumed}", err=True)
        click.echo(f"labels: {_counts(tally.labels)}", err=True)
        click.echo(f"errors: {_counts(tally.errors)}", err=True)
        if tally.passed_over:
            click.echo(f"passed over: {tally.passed_over:,} records that are no pages", err=True)
        click.echo(f"confidence: {_histogram(tally)}", err=True)


def _counts(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count:,}" for name, count in ordered) or "none"


def _histogram(tally: Tally) -> str:
    """Pages by tenths of confidence; tenths without pages are left out."""
    bins = (
        f"{index / CONFIDENCE_BINS:.1f}-{(index + 1) / CONFIDENCE_BINS:.1f} {count:,}"
        for index, count in enumerate(tally.confidence)
        if count
    )
    return ", ".join(bins) or "none"
