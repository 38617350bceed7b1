"""One whole run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Final

from threadpoolctl import threadpool_limits

from bench.comparison import Comparison, compare, raw_texts
from bench.contenders import contenders
from bench.machine import Machine, describe_machine, pin_to_one_core
from bench.pages import PageSet
from bench.parts import PartTimes, part_times
from bench.scaling import Growth, growth
from bench.stages import StageTimes, stage_times
from bench.startup import Startup, startup
from bench.workers import WorkerTimes, worker_times
from segmenter import Segmenter
from segmenter.model_package import load_model, shipped_model_path
from segmenter.types import InputKind

__all__ = ["Effort", "Measured", "Results", "run"]

_WORKER_ROUNDS: Final = 2


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured.

    Attributes:
        passes: times that all pages are taken.
        sample: what is only sampled is measured on one page, or chunk of pages, in this many.
        largest: bytes of the largest document of the growth series.
    """

    passes: int = 5
    sample: int = 4
    largest: int = 10_000_000


@dataclass(frozen=True, slots=True)
class Measured:
    """The pages that were measured; sizes are means for a page."""

    origin: str
    count: int
    html_bytes: float
    text_bytes: float
    blocks: float


@dataclass(frozen=True, slots=True)
class Results:
    """All figures of a run; ``stages`` and ``parts`` by kind of input."""

    machine: Machine
    model: str
    pages: Measured
    comparison: Comparison
    stages: Mapping[InputKind, StageTimes]
    parts: Mapping[InputKind, PartTimes]
    startup: Startup
    workers: WorkerTimes | None
    scaling: Mapping[str, Growth]


def run(pages: PageSet, effort: Effort) -> Results:
    """Measure everything; all but the worker processes on one core and one thread.

    Raises:
        ModelError: there is no usable model.
    """
    machine = describe_machine()
    workers = worker_times(pages.html, min(effort.passes, _WORKER_ROUNDS))
    pin_to_one_core()
    started = startup(effort.passes)
    segmenter = Segmenter.load()
    model = load_model(shipped_model_path())
    texts = raw_texts(pages.html)
    with threadpool_limits(1):
        compared = compare(
            contenders(segmenter, model, sample=effort.sample), pages.html, texts, effort.passes
        )
        sampled: dict[InputKind, Sequence[str]] = {
            "html": pages.html[:: effort.sample],
            "text": texts[:: effort.sample],
        }
        stages = {k: stage_times(model, some, k, effort.passes) for k, some in sampled.items()}
        parts = {k: part_times(model, some, k, effort.passes) for k, some in sampled.items()}
        scaling = growth(segmenter, effort.largest)
    return Results(
        machine=machine,
        model=f"{segmenter.model.name} {segmenter.model.version}",
        pages=Measured(
            origin=pages.origin,
            count=len(pages.html),
            html_bytes=mean(_size(page) for page in pages.html),
            text_bytes=mean(_size(text) for text in texts),
            blocks=mean(text.count("\n") + 1 for text in texts),
        ),
        comparison=compared,
        stages=stages,
        parts=parts,
        startup=started,
        workers=workers,
        scaling=scaling,
    )


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
