"""Where an app's pages are segmented."""

from __future__ import annotations

from typing import Final, Protocol

from flask import Flask, current_app

from api.model import ModelSlot
from api.pages.tasks import perform
from api.pages.wire import Job, Outcome
from api.problems import NOT_READY, ProblemError
from segmenter.types import ModelId

__all__ = ["Executor", "InProcess", "app_pages", "register"]

_EXTENSION: Final = "segmenter-pages"


class Executor(Protocol):
    """Does jobs; threads may share it."""

    def model(self) -> ModelId | None:
        """The model that answers, ``None`` while there is none."""

    def check_room(self) -> None:
        """Refuse a page before its body is read, where it is known that there will be no room.

        Raises:
            ProblemError: the queue is full.
        """

    def run(self, job: Job, *, patient: bool = False) -> Outcome:
        """Do a job and wait for what comes of it.

        Args:
            job: what to do.
            patient: wait for room in the queue; otherwise a full queue is refused at once.

        Raises:
            ProblemError: the page is refused, or over its time, or there is no room or model.
            PageFaultError: we failed on it.
        """


class InProcess:
    """Segments in the calling thread: for tests, and servers other than ours.

    Nothing ends a page that takes too long, and there is no queue.
    """

    def __init__(self, slot: ModelSlot) -> None:
        self._slot = slot

    def model(self) -> ModelId | None:
        """See ``Executor``."""
        segmenter = self._slot.segmenter
        return None if segmenter is None else segmenter.model

    def check_room(self) -> None:
        """See ``Executor``."""

    def run(self, job: Job, *, patient: bool = False) -> Outcome:  # noqa: ARG002
        """See ``Executor``."""
        segmenter = self._slot.segmenter
        if segmenter is None:
            raise ProblemError(NOT_READY, "No model is loaded yet.")
        return perform(job, segmenter)


def register(app: Flask, executor: Executor) -> None:
    """Give the app the place where its pages are segmented."""
    app.extensions[_EXTENSION] = executor


def app_pages() -> Executor:
    """The current app's executor."""
    executor: Executor = current_app.extensions[_EXTENSION]
    return executor
