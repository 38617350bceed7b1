"""Starts the web service with the segmenting processes and the training worker beside it, and
keeps these up."""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Final

from api.observe.folder import FOLDER_VARIABLE, counts_folder

__all__ = ["PAGES_STATE", "PAGES_VARIABLE", "READY_VARIABLE", "supervise"]

READY_VARIABLE: Final = "SEGMENTER_READY_FD"
"""Names the descriptor that the service writes to when it listens."""
PAGES_VARIABLE: Final = "SEGMENTER_PAGES_FOLDER"
"""Names the folder with the socket of the segmenting processes."""
PAGES_STATE: Final = "state.json"
"""The file in it that is there when they are up."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
_LOOK_SECONDS: Final = 0.2
_RESTART_SECONDS: Final = 2.0
_STOP_SECONDS: Final = 20


def supervise(*, trainer: bool) -> int:
    """Run the service until it ends; its exit code.

    Args:
        trainer: also run a training worker, started when the service listens and started again
            whenever it ends.
    """
    for number in _SIGNALS:
        signal.signal(number, _leave)
    with counts_folder() as counts, tempfile.TemporaryDirectory(prefix="segmenter-") as folder:
        pages = _Kept("pages", folder)
        pages.start()
        try:
            if not _is_up(pages, Path(folder)):
                return 1
            variables = {FOLDER_VARIABLE: counts, PAGES_VARIABLE: folder}
            return _serve(pages, variables, trainer=trainer)
        finally:
            # Only now: until here requests may still be answered.
            pages.end()


class _Kept:
    """A process that is started again whenever it ends."""

    def __init__(self, *arguments: str) -> None:
        self._command = [sys.executable, "-m", "api", *arguments]
        self._process: subprocess.Popen[bytes] | None = None
        self._started = -math.inf

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self._started = time.monotonic()
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE)

    def keep(self) -> None:
        # One that can't start is tried again now and then, not all the time.
        if not self.is_running and time.monotonic() - self._started >= _RESTART_SECONDS:
            self.start()

    def tell(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def end(self, number: int | None = None) -> None:
        """End it by the end of its standard input, or by a signal too."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        if number is not None:
            self.tell(number)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _is_up(pages: _Kept, folder: Path) -> bool:
    """Wait until there are segmenting processes; false where there will be none."""
    while not (folder / PAGES_STATE).exists():
        if not pages.is_running:
            return False
        time.sleep(_LOOK_SECONDS / 4)
    return True


def _serve(pages: _Kept, variables: Mapping[str, str], *, trainer: bool) -> int:
    ready, told = os.pipe()
    service = subprocess.Popen(
        [sys.executable, "-m", "api", "service", str(os.getpid())],
        pass_fds=(told,),
        env={**os.environ, **variables, READY_VARIABLE: str(told)},
    )
    os.close(told)

    def forward(number: int, _frame: FrameType | None) -> None:
        if service.poll() is None:
            service.send_signal(number)
        if number == signal.SIGHUP:
            pages.tell(number)

    for number in _SIGNALS:
        signal.signal(number, forward)
    worker = _Kept("training-worker", str(os.getpid()))
    listens = False
    while service.poll() is None:
        pages.keep()
        if not listens:
            listens = bool(select.select([ready], [], [], 0)[0]) and bool(os.read(ready, 1))
        elif trainer:
            worker.keep()
        time.sleep(_LOOK_SECONDS)
    worker.end(signal.SIGTERM)
    code = service.returncode
    return code if code >= 0 else 128 - code


def _leave(number: int, _frame: FrameType | None) -> None:
    """Before there is a service."""
    sys.exit(128 + number)
