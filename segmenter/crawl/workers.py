"""An ordered map over worker processes that holds a bounded number of items."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from joblib.externals.loky import BrokenProcessPool, ProcessPoolExecutor

from segmenter.errors import SegmenterError

__all__ = ["WorkerError", "in_order"]

Item = TypeVar("Item")
Result = TypeVar("Result")

# Two for each worker: one in work, one waiting, so that no worker waits for the reader.
_IN_FLIGHT_PER_WORKER: Final = 2
_PARENT_CHECK_SECONDS: Final = 1.0
# The processes are the parallelism; threads inside them would only fight for the same cores.
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class WorkerError(SegmenterError):
    """A worker process died, for instance for lack of memory."""


def in_order(
    task: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[tuple[Item, Result]]:
    """Every item with its result, in the order of the items.

    At most two items a worker are read ahead, so endless ``items`` take flat memory and a slow
    consumer slows the reader down.

    Args:
        task: a function that processes can be sent; with one worker it runs in this process.
        items: read from this thread only.
        workers: number of processes, from 1.

    Raises:
        WorkerError: a worker process died.
    """
    if workers == 1:
        for item in items:
            yield item, task(item)
        return
    pool = _pool(workers)
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    try:
        for item in items:
            with _interrupts_kept_from_children() if not waiting else contextlib.nullcontext():
                waiting.append((item, pool.submit(task, item)))
            while len(waiting) == workers * _IN_FLIGHT_PER_WORKER or _is_ready(waiting):
                yield _first(waiting)
        while waiting:
            yield _first(waiting)
    except BrokenProcessPool as error:
        raise WorkerError(
            "a worker process died, perhaps for lack of memory; try fewer workers"
        ) from error
    finally:
        pool.shutdown(wait=True, kill_workers=bool(waiting))


def _pool(workers: int) -> Any:
    """Processes started afresh (not forked), so that no lock or thread of this one is copied."""
    return ProcessPoolExecutor(
        max_workers=workers, initializer=_settle_worker, initargs=(os.getpid(),), env=_ONE_THREAD
    )


def _is_ready(waiting: deque[tuple[Item, Future[Result]]]) -> bool:
    return bool(waiting) and waiting[0][1].done()


def _first(waiting: deque[tuple[Item, Future[Result]]]) -> tuple[Item, Result]:
    item, future = waiting[0]
    result = future.result()
    waiting.popleft()
    return item, result


@contextlib.contextmanager
def _interrupts_kept_from_children() -> Iterator[None]:
    """Ctrl-C reaches the whole process group; only the parent shall answer it.

    A child inherits that the signal is ignored. Workers are started by the first submit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _settle_worker(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, args=(parent,), daemon=True).start()


def _leave_with_parent(parent: int) -> None:
    """End this worker once its parent was killed: it would wait for work for ever."""
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_SECONDS)
    os._exit(1)
