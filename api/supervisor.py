"""Starts the web service and the training worker beside it, and keeps the worker up."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from types import FrameType
from typing import Final

__all__ = ["READY_VARIABLE", "supervise"]

READY_VARIABLE: Final = "SEGMENTER_READY_FD"
"""Names the descriptor that the service writes to when it listens."""
_LOOK_SECONDS: Final = 0.2
_RESTART_SECONDS: Final = 2.0
_STOP_SECONDS: Final = 20


def supervise(*, trainer: bool) -> int:
    """Run the service until it ends; its exit code.

    Args:
        trainer: also run a training worker, started when the service listens and started again
            whenever it ends.
    """
    ready, told = os.pipe()
    environment = {**os.environ, READY_VARIABLE: str(told)}
    service = subprocess.Popen(_command("service"), pass_fds=(told,), env=environment)
    os.close(told)

    def forward(number: int, _frame: FrameType | None) -> None:
        if service.poll() is None:
            service.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, forward)
    worker: subprocess.Popen[bytes] | None = None
    started = 0.0
    listens = False
    while service.poll() is None:
        if not listens:
            listens = bool(select.select([ready], [], [], _LOOK_SECONDS)[0]) and bool(
                os.read(ready, 1)
            )
        elif trainer and (worker is None or _ended_long_ago(worker, started)):
            started = time.monotonic()
            worker = subprocess.Popen(_command("training-worker"))
        time.sleep(_LOOK_SECONDS)
    if worker is not None:
        _end(worker)
    code = service.returncode
    return code if code >= 0 else 128 - code


def _ended_long_ago(worker: subprocess.Popen[bytes], started: float) -> bool:
    # One that can't start is tried again now and then, not all the time.
    return worker.poll() is not None and time.monotonic() - started >= _RESTART_SECONDS


def _command(role: str) -> list[str]:
    return [sys.executable, "-m", "api", role, str(os.getpid())]


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.terminate()
    try:
        worker.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
