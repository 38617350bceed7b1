"""A stream of rows through the segmenting processes, in order, in constant memory."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from api.observe.metrics import Metrics
from api.pages.executor import Executor
from api.pages.tasks import error_row
from api.pages.wire import Job, Outcome
from api.problems import FAULT, OVER_LIMIT, ProblemError, limit_members
from api.settings import Settings

__all__ = ["RowStream", "lines"]

_log = logging.getLogger(__name__)


class RowStream:
    """Reads rows in one thread, has them segmented in others, and gives the answers in order.

    So many rows are in flight as there are processes, and one more that is there when the first of
    them is free. The next row is read when an answer was taken.
    """

    def __init__(
        self,
        pieces: Iterator[bytes],
        pages: Executor,
        metrics: Metrics,
        settings: Settings,
        *,
        rest: Callable[[], None],
    ) -> None:
        """Nothing is read yet.

        Args:
            pieces: of the stream, as they arrive.
            pages: where rows are segmented.
            metrics: gets what happens to rows.
            settings: bytes of a row, rows of a batch.
            rest: throws away what is left of a stream with too many rows.
        """
        self._pieces = pieces
        self._pages = pages
        self._metrics = metrics
        self._settings = settings
        self._rest = rest
        self._in_flight = settings.worker_count + 1
        self._places = threading.Semaphore(self._in_flight)
        self._answers: queue.SimpleQueue[Future[Outcome] | Outcome | None] = queue.SimpleQueue()
        self._is_wanted = True

    def answers(self) -> Iterator[bytes]:
        """The answers' lines, in the order of the rows."""
        threads = ThreadPoolExecutor(self._in_flight + 1, thread_name_prefix="batch")
        try:
            threads.submit(self._read, threads)
            while (answer := self._answers.get()) is not None:
                outcome = answer if isinstance(answer, Outcome) else answer.result()
                self._count(outcome)
                yield outcome.body
                self._places.release()
        finally:
            self._is_wanted = False
            self._places.release()
            threads.shutdown(wait=False, cancel_futures=True)

    def _read(self, threads: ThreadPoolExecutor) -> None:
        number = 0
        try:
            numbered = lines(self._pieces, self._settings.max_body_bytes)
            for rows, (number, line) in enumerate(numbered, start=1):
                self._places.acquire()
                if not self._is_wanted:
                    return
                if rows > self._settings.batch_rows:
                    self._answers.put(error_row(number, _over_rows(self._settings.batch_rows)))
                    self._rest()
                    return
                self._answers.put(threads.submit(self._segment, number, line))
        except ProblemError as problem:
            self._answers.put(error_row(number + 1, problem))
        except Exception as error:
            if self._is_wanted:  # else its threads have been ended under it
                _log.error("a batch can't be read", exc_info=error)
            self._answers.put(error_row(number + 1, _fault()))
        finally:
            self._answers.put(None)

    def _segment(self, number: int, line: bytes) -> Outcome:
        allowed = self._settings.max_body_bytes
        try:
            if len(line) > allowed:
                raise _over_bytes(allowed)
            return self._pages.run(Job("row", line, {"line": number}), patient=True)
        except ProblemError as problem:
            return error_row(number, problem)
        except Exception as error:
            _log.error("a row failed", exc_info=error)
            return error_row(number, _fault())

    def _count(self, outcome: Outcome) -> None:
        if outcome.summary is not None:
            self._metrics.page_done(outcome.summary)
        if outcome.problem is not None:
            self._metrics.row_failed(outcome.problem)
        if outcome.limit is not None:
            self._metrics.rejected(outcome.limit)


def lines(pieces: Iterator[bytes], allowed: int) -> Iterator[tuple[int, bytes]]:
    """Number, from 1, and bytes of each line that is not blank.

    Args:
        pieces: of the stream.
        allowed: bytes of a line; of a longer one there is one byte more than these.
    """
    number = 1
    held = bytearray()
    for piece in pieces:
        *ended, rest = piece.split(b"\n")
        for part in ended:
            line = bytes(held) + part if held else part
            if not line.isspace() and line:
                yield number, line[: allowed + 1]
            held.clear()
            number += 1
        held += rest[: allowed + 1 - len(held)]
    if held and not held.isspace():
        yield number, bytes(held)


def _over_bytes(allowed: int) -> ProblemError:
    return ProblemError(
        OVER_LIMIT,
        f"The row is over the limit of {allowed:,} bytes.",
        members=limit_members("body_bytes", allowed),
    )


def _over_rows(allowed: int) -> ProblemError:
    return ProblemError(
        OVER_LIMIT,
        f"A batch has {allowed:,} rows at most; this one and those after it were not read.",
        members=limit_members("batch_rows", allowed),
    )


def _fault() -> ProblemError:
    return ProblemError(FAULT, "The service failed on this row.")
