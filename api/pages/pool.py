"""The parent of the segmenting processes: forks them from the loaded model and replaces them.

It has one thread and works on no page itself, so that a fork copies nothing but the model, shared
until it is written to. Processes of one version follow those of another without a gap: new ones
are there before the old ones, each of which finishes its page, are let go.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Final

from api.data import open_data
from api.model import ModelSlot
from api.observe import logs
from api.pages.process import serve_pages
from api.settings import Settings, SettingsError
from api.supervisor import PAGES_STATE
from segmenter import ModelError
from segmenter.durable import write_aside
from segmenter.metadata import page_metadata
from segmenter.types import ModelId

__all__ = ["SOCKET", "read_state", "run_pool"]

SOCKET: Final = "pages.sock"
_MOST_WAITING: Final = Path("/proc/sys/net/core/somaxconn")
# A promotion reaches every process within two seconds: this, and the time to load.
_LOOK_SECONDS: Final = 0.25
_FIRST_PAGE: Final = (
    "<html lang=en><title>A page</title><p>A page that nobody asked for.</p></html>"
)
_START_SECONDS: Final = 0.5
"""A process that ends with an error sooner could not start: the next one is not hurried."""


def run_pool(folder: Path) -> int:
    """Keep the processes up until the standard input ends; the exit code.

    Args:
        folder: private to the service; gets the socket and the state.
    """
    try:
        settings = Settings.from_environment()
        logs.configure(settings)
        slot = ModelSlot(settings, open_data(settings).registry)
        slot.load()
        pool = _Pool(settings, slot, folder)
    except (SettingsError, ModelError) as error:
        print(f"The service did not start: {error}", file=sys.stderr)
        return 1
    pool.run()
    return 0


def read_state(folder: Path) -> ModelId | None:
    """The model that the pool answers with; ``None`` where there is no pool."""
    try:
        state = json.loads((folder / PAGES_STATE).read_bytes())
        os.kill(state["pid"], 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return ModelId(**state["model"])


class _Pool:
    def __init__(self, settings: Settings, slot: ModelSlot, folder: Path) -> None:
        self._settings = settings
        self._slot = slot
        self._folder = folder
        self._leashes: dict[int, int] = {}
        self._started: dict[int, float] = {}
        self._leaving: set[int] = set()
        self._renew = False
        self._listener = _listen(folder / SOCKET, settings.queue_length)
        self._woken, self._waker = os.pipe()

    def run(self) -> None:
        self._take_signals()
        self._share_model()
        self._fill()
        self._tell()
        while True:
            readable, _, _ = select.select([self._woken, sys.stdin], [], [], _LOOK_SECONDS)
            if self._woken in readable:
                os.read(self._woken, 512)
            if sys.stdin in readable:
                break
            self._reap()
            if self._slot.refresh() or self._renew:
                self._exchange()
            self._fill()
        self._let_go(list(self._leashes))
        while self._leashes or self._leaving:
            self._reap(wait=True)

    def _take_signals(self) -> None:
        os.set_blocking(self._waker, False)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)

        def renew(_number: int, _frame: FrameType | None) -> None:
            self._renew = True

        signal.signal(signal.SIGHUP, renew)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        for number in (signal.SIGINT, signal.SIGTERM):
            # They reach a whole process group, while requests are still being answered.
            signal.signal(number, signal.SIG_IGN)

    def _share_model(self) -> None:
        segmenter = self._slot.segmenter
        assert segmenter is not None
        # What is loaded with the first page is shared too.
        segmenter.segment(_FIRST_PAGE)
        segmenter.segment_html(_FIRST_PAGE)
        page_metadata(_FIRST_PAGE, None)
        # The collector would write to what the processes share, and so copy it page by page.
        gc.collect()
        gc.freeze()

    def _exchange(self) -> None:
        """Processes of the model as it is now in place of all others."""
        self._renew = False
        old = list(self._leashes)
        self._share_model()
        for _ in range(self._settings.worker_count):
            self._start()
        self._let_go(old)
        self._tell()

    def _fill(self) -> None:
        while len(self._leashes) < self._settings.worker_count:
            self._start()

    def _start(self) -> None:
        leash, held = os.pipe()
        process = os.fork()
        if process == 0:
            code = 1
            try:
                self._serve(leash, held)
                code = 0
            finally:
                # Nothing of the parent's is run, flushed or closed.
                os._exit(code)
        os.close(leash)
        self._leashes[process] = held
        self._started[process] = time.monotonic()

    def _serve(self, leash: int, held: int) -> None:
        signal.set_wakeup_fd(-1)
        # The other ends of all leashes came with the fork; kept, they would hold the others.
        for descriptor in (*self._leashes.values(), held, self._woken, self._waker):
            os.close(descriptor)
        segmenter = self._slot.segmenter
        assert segmenter is not None
        serve_pages(self._listener, leash, segmenter, self._settings)

    def _let_go(self, processes: list[int]) -> None:
        for process in processes:
            os.close(self._leashes.pop(process))
            self._leaving.add(process)

    def _reap(self, *, wait: bool = False) -> None:
        """Take note of processes that have ended; one that was stopped is ended."""
        with contextlib.suppress(ChildProcessError):
            while True:
                process, status = os.waitpid(-1, os.WUNTRACED | (0 if wait else os.WNOHANG))
                if process == 0:
                    return
                if os.WIFSTOPPED(status):
                    os.kill(process, signal.SIGKILL)
                    continue
                self._ended(process, status)
                if wait:
                    return

    def _ended(self, process: int, status: int) -> None:
        self._leaving.discard(process)
        began = self._started.pop(process, 0.0)
        held = self._leashes.pop(process, None)
        if held is not None:
            os.close(held)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
            time.sleep(max(began + _START_SECONDS - time.monotonic(), 0.0))

    def _tell(self) -> None:
        segmenter = self._slot.segmenter
        assert segmenter is not None
        model = {"name": segmenter.model.name, "version": segmenter.model.version}
        state: Mapping[str, Any] = {"pid": os.getpid(), "model": model}
        write_aside(self._folder / PAGES_STATE, json.dumps(state).encode("ascii"))


def _listen(path: Path, queue_length: int) -> socket.socket:
    """The socket that pages come through; the kernel refuses those for which there is no room."""
    if _MOST_WAITING.exists() and queue_length > (most := int(_MOST_WAITING.read_text("ascii"))):
        raise SettingsError(
            f"SEGMENTER_QUEUE_LENGTH is {queue_length}: this machine lets {most} wait at most; "
            "net.core.somaxconn changes that"
        )
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    # Linux lets one more wait than it is told.
    listener.listen(queue_length - 1)
    listener.setblocking(False)
    return listener
