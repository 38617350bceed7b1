"""Hands pages to the segmenting processes, from a process that answers requests.

A page is a connection to the pool's socket. The kernel keeps those that wait in order, gives each
to the first process that is free, and refuses those for which there is no room; so any number of
processes may hand over pages, and none of them has to know of the others.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Literal

from api.observe.metrics import Metrics
from api.pages.pool import SOCKET, read_state
from api.pages.wire import Job, Outcome, receive_outcome, receive_start, send_job
from api.problems import (
    BUSY,
    NOT_READY,
    OVER_TIME,
    PROCESS_ENDED,
    ProblemError,
    limit_members,
)
from api.settings import Settings
from segmenter.types import ModelId

__all__ = ["Pooled"]

_ATTEMPTS: Final = 2
"""A page whose process is killed is given to another one, once: it may be the page's fault."""
_LATE_SECONDS: Final = 2
"""Processes are ended by the kernel in time; this is for one that can't even be ended."""
_POOL_SECONDS: Final = 10.0
"""How long a row of a batch waits for a pool that is being started again."""
_PAUSE_SECONDS: Final = 0.1
_RETRY_AFTER: Final = {"Retry-After": "1"}


class _LostError(Exception):
    """The process ended before it answered."""


class Pooled:
    """An ``api.pages.executor.Executor`` in front of a pool."""

    def __init__(self, folder: Path, settings: Settings, metrics: Metrics) -> None:
        """Nothing is connected yet.

        Args:
            folder: the pool's.
            settings: the pool's too.
            metrics: gets what happens to pages.
        """
        self._folder = folder
        self._settings = settings
        self._metrics = metrics
        self._lock = threading.Lock()
        self._counts = {"waiting": 0, "busy": 0}

    def model(self) -> ModelId | None:
        """See ``Executor``."""
        return read_state(self._folder)

    def check_room(self) -> None:
        """See ``Executor``. It is known where every process works on a page of ours, so that those
        of ours which wait are all in the queue; of pages that others hand over nothing is known.
        """
        counts, settings = self._counts, self._settings
        if counts["busy"] >= settings.worker_count and counts["waiting"] >= settings.queue_length:
            raise self._queue_full()

    def run(self, job: Job, *, patient: bool = False) -> Outcome:
        """See ``Executor``."""
        for _ in range(_ATTEMPTS):
            try:
                with closing(self._connected(patient)) as connection:
                    return self._exchange(connection, job)
            except _LostError:
                continue
        raise ProblemError(PROCESS_ENDED, "The process that worked on this page ended, twice.")

    def _exchange(self, connection: socket.socket, job: Job) -> Outcome:
        limit = self._settings.page_seconds
        came = time.monotonic()
        try:
            with self._counted("waiting"):
                send_job(connection, job)
                began = receive_start(connection)
        except BlockingIOError as error:
            raise _no_process_free(limit) from error
        except (EOFError, OSError) as error:
            raise _LostError from error
        self._metrics.stage_done("wait", began - came)
        try:
            with self._counted("busy"):
                return receive_outcome(connection)
        except (EOFError, OSError) as error:
            if time.monotonic() - began >= limit:
                self._metrics.process_replaced("time")
                raise _over_time(limit) from error
            self._metrics.process_replaced("gone")
            raise _LostError from error

    def _connected(self, patient: bool) -> socket.socket:
        """A place in the queue."""
        deadline = time.monotonic() + _POOL_SECONDS
        while True:
            try:
                return self._connect(patient)
            except BlockingIOError:
                if not patient:
                    raise self._queue_full() from None
            except (FileNotFoundError, ConnectionError) as error:
                if not patient or time.monotonic() > deadline:
                    raise ProblemError(
                        NOT_READY, "No segmenting process is up.", headers=_RETRY_AFTER
                    ) from error
                time.sleep(_PAUSE_SECONDS)

    def _connect(self, patient: bool) -> socket.socket:
        place = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # Also how long the kernel lets a patient one wait for room before we look again.
            limit = struct.pack("ll", self._settings.page_seconds + _LATE_SECONDS, 0)
            place.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
            place.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
            place.setblocking(patient)
            place.connect(str(self._folder / SOCKET))
            place.setblocking(True)
        except BaseException:
            place.close()
            raise
        return place

    def _queue_full(self) -> ProblemError:
        allowed = self._settings.queue_length
        return ProblemError(
            BUSY,
            f"{allowed:,} pages wait already, and no more may.",
            members=limit_members("queue_length", allowed),
            headers=_RETRY_AFTER,
        )

    @contextmanager
    def _counted(self, state: Literal["waiting", "busy"]) -> Iterator[None]:
        self._count(state, 1)
        try:
            yield
        finally:
            self._count(state, -1)

    def _count(self, state: Literal["waiting", "busy"], change: int) -> None:
        with self._lock:
            self._counts[state] += change
            self._metrics.queue(self._counts["waiting"], self._counts["busy"])


def _no_process_free(seconds: int) -> ProblemError:
    return ProblemError(
        BUSY,
        f"No segmenting process was free within {seconds:,} seconds.",
        members=limit_members("page_seconds", seconds),
        headers=_RETRY_AFTER,
    )


def _over_time(seconds: int) -> ProblemError:
    return ProblemError(
        OVER_TIME,
        f"The page was not segmented within {seconds:,} seconds, and was given up.",
        members=limit_members("page_seconds", seconds),
    )
