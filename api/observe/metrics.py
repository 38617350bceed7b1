"""What the service counts, for Prometheus.

Each process that answers requests counts for itself, into a file that the others can read, so that
``/metrics`` gives the whole of them whichever process is asked (prometheus_client's multiprocess
mode; the supervisor makes the folder, see ``api.observe.folder``). Without that folder, as in a
test or under another server, an app counts in its own memory.

Only processes that answer requests count. A segmenting process hands a ``PageSummary`` back with
its answer, so that nothing is lost when it is ended in the middle of a page.
"""

from __future__ import annotations

import os
from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from flask import Flask, current_app
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from api.observe.folder import FOLDER_VARIABLE
from api.observe.record import current_record
from segmenter import LABELS, ModelId, Segmentation

__all__ = ["STAGES", "Metrics", "PageSummary", "Stage", "app_metrics", "metrics_of", "register"]

Stage = Literal["read", "wait", "segment", "answer"]
STAGES: Final[tuple[Stage, ...]] = ("read", "wait", "segment", "answer")
"""Read the body; wait for a free process; segment the page; write the answer as bytes."""

_EXTENSION: Final = "segmenter-metrics"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_CONFIDENCES: Final = (0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class PageSummary:
    """What is counted of a segmented page; small, and without any of its text.

    Attributes:
        input: ``text`` or ``html``.
        labels: number of blocks by label, those that occur.
        confidence: the page's, 0 to 1.
        model: version of the model that segmented it.
        seconds: how long each stage took, those that were measured.
    """

    input: str
    labels: Mapping[str, int]
    confidence: float
    model: str
    seconds: Mapping[Stage, float] = field(default_factory=dict)

    @classmethod
    def of(cls, result: Segmentation, seconds: Mapping[Stage, float] | None = None) -> PageSummary:
        """Of a result."""
        labels = Tally(LABELS[label] for label in result.labels.tolist())
        confidence, version = float(result.confidence), result.model.version
        return cls(result.input, dict(labels), confidence, version, dict(seconds or {}))


class Metrics:
    """The counts of one app; threads may share it."""

    def __init__(self, folder: str | None = None) -> None:
        """Start at zero.

        Args:
            folder: where the processes of the service keep their counts; ``None`` keeps them in
                this process.
        """
        self._folder = folder
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "segmenter_requests", "Requests answered.", ["method", "route", "status"],
            registry=registry,
        )  # fmt: skip
        self._request_seconds = Histogram(
            "segmenter_request_seconds", "Seconds from a request's head to the end of its answer.",
            ["route"], buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._open = self._gauge("segmenter_requests_open", "Requests that are being answered.")
        self._pages = self._counter("segmenter_pages", "Pages segmented.", "input", "model")
        self._blocks = self._counter("segmenter_blocks", "Blocks of segmented pages.", "label")
        self._confidence = Histogram(
            "segmenter_page_confidence",
            "Confidence of segmented pages; a growing share of low ones is a sign of drift.",
            buckets=_CONFIDENCES, registry=registry,
        )  # fmt: skip
        self._stage_seconds = Histogram(
            "segmenter_stage_seconds", "Seconds of a page's stages.",
            ["stage"], buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._queue = self._gauge("segmenter_queue_pages", "Pages that wait for a process.")
        self._busy = self._gauge("segmenter_busy_processes", "Processes that segment a page.")
        self._rejected = self._counter("segmenter_rejected", "Over a limit.", "limit")
        self._row_errors = self._counter("segmenter_row_errors", "Rows with an error.", "problem")
        self._replaced = self._counter(
            "segmenter_processes_replaced", "Segmenting processes that were replaced.", "reason"
        )
        for label in LABELS:
            self._blocks.labels(label)
        for stage in STAGES:
            self._stage_seconds.labels(stage)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self._registry)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        """A state of now: that of the processes which are alive, summed up."""
        return Gauge(name, meaning, multiprocess_mode="livesum", registry=self._registry)

    def request_begun(self) -> None:
        """A request's head is here."""
        self._open.inc()

    def request_done(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request is over, its answer sent or its client gone.

        Args:
            method: as sent; other than the usual ones are counted as one.
            route: the route's template, never the path.
            status: of the answer.
            seconds: since its head was read.
        """
        self._open.dec()
        known = method if method in _METHODS else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def page_done(self, page: PageSummary) -> None:
        """A page was segmented, alone or as a row of a batch."""
        self._pages.labels(page.input, page.model).inc()
        record = current_record()
        if record is not None:
            record.model = page.model
        for label, blocks in page.labels.items():
            self._blocks.labels(label).inc(blocks)
        self._confidence.observe(page.confidence)
        for stage, seconds in page.seconds.items():
            self.stage_done(stage, seconds)

    def stage_done(self, stage: Stage, seconds: float) -> None:
        """A stage of a page is over; for stages that are not in its summary."""
        self._stage_seconds.labels(stage).observe(seconds)

    def rejected(self, limit: str) -> None:
        """Something was over a limit.

        Args:
            limit: the member ``limit`` of its problem document; a fixed word, never of the request.
                An answer that is such a document is counted by ``api.problems`` already; this is
                for rows of a batch.
        """
        self._rejected.labels(limit).inc()

    def row_failed(self, problem: str) -> None:
        """A row of a batch got an error: the name of its ``ProblemType``."""
        self._row_errors.labels(problem).inc()

    def queue(self, waiting: int, busy: int) -> None:
        """How this process's pages stand now: waiting, and being worked on."""
        self._queue.set(waiting)
        self._busy.set(busy)

    def process_replaced(self, reason: Literal["time", "gone"]) -> None:
        """A segmenting process was ended for its page's time, or had ended by itself."""
        self._replaced.labels(reason).inc()

    def process_gone(self, process: int) -> None:
        """A process that answered requests has ended: what it had open is open no more."""
        if self._folder is not None:
            mark_process_dead(process, self._folder)  # type: ignore[no-untyped-call]

    def exposition(self, model: ModelId | None) -> bytes:
        """All counts in Prometheus' text format.

        Args:
            model: the model that answers.
        """
        registry = CollectorRegistry()
        if self._folder is None:
            registry.register(self._registry)
        else:
            MultiProcessCollector(registry, self._folder)  # type: ignore[no-untyped-call]
        registry.register(_ModelInfo(model))
        return generate_latest(registry)


@dataclass(frozen=True)
class _ModelInfo(Collector):
    """The model that answers, as a series that is always 1."""

    model: ModelId | None

    def collect(self) -> Iterable[Metric]:
        info = InfoMetricFamily("segmenter_model", "The model that answers.")
        if self.model is not None:
            info.add_metric((), {"name": self.model.name, "version": self.model.version})
        yield info


def register(app: Flask) -> Metrics:
    """Give the app its metrics."""
    metrics = Metrics(os.environ.get(FOLDER_VARIABLE))
    app.extensions[_EXTENSION] = metrics
    return metrics


def metrics_of(app: Flask) -> Metrics:
    """The metrics of an app made by ``create_app``."""
    metrics = app.extensions[_EXTENSION]
    assert isinstance(metrics, Metrics)
    return metrics


def app_metrics() -> Metrics:
    """The current app's metrics."""
    return metrics_of(current_app)
