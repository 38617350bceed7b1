"""One segmenting process: takes a page, answers it, takes the next."""

from __future__ import annotations

import contextlib
import logging
import resource
import select
import signal
import socket
import time
from pathlib import Path
from typing import Final

from api.pages.tasks import perform
from api.pages.wire import Job, receive_job, send_fault, send_outcome, send_problem, send_start
from api.problems import OVER_LIMIT, ProblemError, limit_members
from api.settings import Settings
from segmenter import Segmenter

__all__ = ["serve_pages"]

_log: Final = logging.getLogger(__name__)

_OOM_SCORE: Final = Path("/proc/self/oom_score_adj")
_MORE_OOM_SCORE: Final = 300


def serve_pages(
    listener: socket.socket, leash: int, segmenter: Segmenter, settings: Settings
) -> None:
    """Work on pages, one at a time, until the leash is let go.

    The kernel ends the process when a page is past its time, wherever it is.

    Args:
        listener: gives connections with one job each; does not block.
        leash: descriptor that becomes readable when the process shall end.
        segmenter: the model.
        settings: seconds and bytes of a page.
    """
    _bound(settings)
    going_on = True
    while going_on:
        readable, _, _ = select.select([listener.fileno(), leash], [], [])
        if leash in readable:
            return
        try:
            accepted, _ = listener.accept()
        except BlockingIOError:
            continue  # another process was faster
        accepted.setblocking(True)
        with accepted:
            going_on = _serve(accepted, segmenter, settings)


def _bound(settings: Settings) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # They reach a whole process group; the leash is what ends this process.
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_DATA, (settings.page_bytes, settings.page_bytes))
    with contextlib.suppress(OSError):
        # Where memory runs out all the same, a page goes before the service.
        score = int(_OOM_SCORE.read_text("ascii")) + _MORE_OOM_SCORE
        _OOM_SCORE.write_text(str(min(score, 1_000)), "ascii")


def _serve(connection: socket.socket, segmenter: Segmenter, settings: Settings) -> bool:
    """One job; whether this process is fit for another."""
    signal.setitimer(signal.ITIMER_REAL, settings.page_seconds)
    try:
        job = receive_job(connection)
        # The page's time begins when all of it is here. Asked for first: who waits takes an end
        # before this moment and the limit for an accident.
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, settings.page_seconds)
        send_start(connection, began)
        return _answer(connection, job, segmenter, settings)
    except (EOFError, OSError):
        return True  # who wanted the answer is gone
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(connection: socket.socket, job: Job, segmenter: Segmenter, settings: Settings) -> bool:
    try:
        outcome = perform(job, segmenter)
    except ProblemError as problem:
        send_problem(connection, problem)
    except MemoryError:
        send_problem(connection, _over_memory(settings))
        return False
    except Exception as error:
        _log.error("a page failed", exc_info=error)
        send_fault(connection)
    else:
        send_outcome(connection, outcome)
    return True


def _over_memory(settings: Settings) -> ProblemError:
    allowed = settings.page_bytes
    return ProblemError(
        OVER_LIMIT,
        f"The page takes more memory than the {allowed:,} bytes that its process may have.",
        members=limit_members("page_bytes", allowed),
    )
