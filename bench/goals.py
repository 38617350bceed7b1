"""The bounds that a release keeps, and whether a run kept them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bench.run import Results

__all__ = ["RATIOS", "STARTUP", "TWO_WORKERS", "Goal", "goals"]

RATIOS: Final[Mapping[str, tuple[float, float | None]]] = {
    "html": (1 / 4, 8.0),
    "html_batch": (1 / 6, 5.0),
    "text": (1 / 10, None),
    "text_batch": (1 / 20, None),
}
"""Of a contender: the most of the reference's time, and of the parser's."""
STARTUP: Final[Mapping[str, float]] = {"import_s": 0.5, "load_s": 0.3, "after_pages_mib": 250.0}
"""The most seconds and mebibytes."""
_STARTUP_TITLES: Final[Mapping[str, str]] = {
    "import_s": "import segmenter, seconds",
    "load_s": "load the shipped model, seconds",
    "after_pages_mib": "peak memory of a loaded process, MiB",
}
_GROWTH = 1.5
TWO_WORKERS = 1 / 1.8


@dataclass(frozen=True, slots=True)
class Goal:
    """One bound and the figure measured (a median); kept if the figure is not over it."""

    what: str
    bound: float
    measured: float

    @property
    def kept(self) -> bool:
        """Whether the run kept it."""
        return self.measured <= self.bound


def goals(results: Results) -> list[Goal]:
    """All bounds that the run has figures for."""
    return [
        *_ratio_goals(results),
        *_worker_goals(results),
        *_growth_goals(results),
        *_startup_goals(results),
    ]


def _ratio_goals(results: Results) -> Iterator[Goal]:
    for name, (of_reference, of_parser) in RATIOS.items():
        row = results.comparison.rows[name]
        yield Goal(f"{row.title}: of trafilatura's time", of_reference, row.to_reference.median)
        if of_parser is not None:
            yield Goal(f"{row.title}: times parse and visit", of_parser, row.to_parser.median)


def _worker_goals(results: Results) -> Iterator[Goal]:
    if results.workers is not None:
        what = "segmenter batch, two workers: of one worker's time"
        yield Goal(what, TWO_WORKERS, results.workers.to_one.median)


def _growth_goals(results: Results) -> Iterator[Goal]:
    for series in results.scaling.values():
        if series.factor is not None:
            yield Goal(f"{series.title}: growth of time per byte", _GROWTH, series.factor)


def _startup_goals(results: Results) -> Iterator[Goal]:
    for name, bound in STARTUP.items():
        yield Goal(_STARTUP_TITLES[name], bound, results.startup.figures[name].median)
