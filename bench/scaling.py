"""How the cost grows with a document, in time for a byte."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bench.generated import SERIES, Series
from bench.spread import Spread
from segmenter import Segmenter

__all__ = ["FROM_BYTES", "Growth", "Point", "growth"]

FROM_BYTES: Final = 10_000
"""Below this the fixed cost of a call outweighs the document."""
_BUDGET_SECONDS: Final = 0.7
_RUNS: Final = 7


@dataclass(frozen=True, slots=True)
class Point:
    """One document of a series.

    Attributes:
        size: in the series' unit.
        bytes: of the document in UTF-8.
        seconds: for one call, over the runs.
    """

    size: int
    bytes: int
    seconds: Spread

    @property
    def nanoseconds_per_byte(self) -> float:
        """Of the median run."""
        return self.seconds.median / self.bytes * 1e9


@dataclass(frozen=True, slots=True)
class Growth:
    """One series.

    Attributes:
        factor: most over least time for a byte, documents from ``FROM_BYTES`` on; ``None`` where
            there are fewer than two of them.
    """

    title: str
    unit: str
    points: tuple[Point, ...]
    factor: float | None


def growth(segmenter: Segmenter, largest: int) -> Mapping[str, Growth]:
    """Measure each series, without documents over ``largest`` bytes (a tenth more is let pass)."""
    return {name: _measured(segmenter, series, largest) for name, series in SERIES.items()}


def _measured(segmenter: Segmenter, series: Series, largest: int) -> Growth:
    points: list[Point] = []
    for size in series.sizes:
        document = series.make(size)
        length = len(document.encode())
        if length > 1.1 * largest:
            break
        points.append(Point(size, length, _seconds(segmenter, series, document)))
    costs = [point.nanoseconds_per_byte for point in points if point.bytes >= 0.9 * FROM_BYTES]
    factor = max(costs) / min(costs) if len(costs) > 1 else None
    return Growth(series.title, series.unit, tuple(points), factor)


def _seconds(segmenter: Segmenter, series: Series, document: str) -> Spread:
    """At least one run; more while there is time, after one to warm up if that was short."""
    segment = segmenter.segment if series.kind == "text" else segmenter.segment_html
    runs: list[float] = []
    started = time.perf_counter()
    while not runs or (len(runs) < _RUNS and time.perf_counter() - started < _BUDGET_SECONDS):
        gc.collect()
        start = time.perf_counter()
        _ = segment(document).text
        runs.append(time.perf_counter() - start)
    return Spread.of(runs[1:] or runs)
