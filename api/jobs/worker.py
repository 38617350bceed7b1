"""The training worker: takes runs from the queue and watches over the process of each."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

from api.data import Data, open_data
from api.jobs.patience import patiently
from api.jobs.queue import RunQueue
from api.observe import logs
from api.observe.record import parse_traceparent
from api.settings import Settings
from api.store.runs import RunState

__all__ = ["work"]

_BEAT_SECONDS: Final = 0.5
_SWEEP_SECONDS: Final = 5.0
_ROOT: Final = Path(__file__).resolve().parents[2]
_LAST_WORDS: Final = 2_000
_ERROR: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_log: Final = logging.getLogger(__name__)


def work() -> int:
    """Work on training runs, one at a time, until a signal ends the process."""
    settings = Settings.from_environment()
    logs.configure(settings)
    data = open_data(settings)
    watcher = _Watcher(data, settings)
    # What this machine's worker left behind when it was ended.
    patiently(lambda: data.runs.fail_silent(watcher.name))
    queue = RunQueue(settings, watcher.run)
    threading.Thread(target=_sweep, args=(data, queue, watcher), daemon=True).start()
    consumer = queue.huey.create_consumer(
        workers=1, periodic=False, initial_delay=0.1, max_delay=0.5, backoff=1.15
    )
    try:
        consumer.run()
    finally:
        watcher.end()
    return 0


def _sweep(data: Data, queue: RunQueue, watcher: _Watcher) -> None:
    """Send what waits in the store and in no queue: a message may be lost, a queue be away."""
    while True:
        try:
            if not watcher.is_busy and queue.huey.pending_count() == 0:
                for identity in data.runs.queued():
                    queue.send(identity)
        except Exception as error:
            _log.warning("store or queue do not answer", exc_info=error)
        time.sleep(_SWEEP_SECONDS)


class _Watcher:
    """Starts a process for a run and stays with it."""

    def __init__(self, data: Data, settings: Settings) -> None:
        self.name = f"{socket.gethostname()}:{settings.data.absolute()}"
        self._data = data
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = False

    @property
    def is_busy(self) -> bool:
        """Whether a run is going on."""
        return self._process is not None and self._process.poll() is None

    def run(self, identity: str, trace: str | None = None) -> bool:
        """Do a run to its end; false where another one is running.

        Args:
            identity: the run's id.
            trace: ``traceparent`` of the request that asked for it.
        """
        runs = self._data.runs
        if not runs.claim(identity, self.name):
            run = runs.get(identity)
            return run is None or run.state != "queued"
        log = self._settings.data / "runs" / f"{identity}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api", "training-run", identity, str(os.getpid())],
                cwd=_ROOT,
                stdout=stream,
                stderr=stream,
                stdin=subprocess.DEVNULL,
                env=self._environment(trace),
            )
            fields = {"run": identity, "trace_id": _trace_id(trace)}
            _log.info("a training run began", extra={"fields": fields})
            self._stay(identity, self._process)
        ended = patiently(lambda: runs.get(identity))
        state = None if ended is None else ended.state
        _log.info("a training run ended", extra={"fields": {**fields, "state": state}})
        return True

    def end(self) -> None:
        """End the run that is going on; it is marked failed."""
        self._ending = True
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._data.runs.fail_silent(self.name)

    def _environment(self, trace: str | None) -> dict[str, str]:
        # The run works elsewhere: a relative folder would be another one there.
        values = dict(os.environ)
        if trace is not None:
            values["TRACEPARENT"] = trace
        values["SEGMENTER_DATA"] = str(self._settings.data.absolute())
        for name, path in (
            ("SEGMENTER_MODEL", self._settings.model),
            ("SEGMENTER_SIGNING_KEY", self._settings.signing_key),
        ):
            if path is not None:
                values[name] = str(path.absolute())
        return values

    def _stay(self, identity: str, process: subprocess.Popen[bytes]) -> None:
        """Until it ended by itself, was cancelled, or is over the time."""
        deadline = time.monotonic() + self._settings.run_seconds
        while process.poll() is None:
            cancelled = patiently(lambda: self._data.runs.beat(identity))
            if cancelled or time.monotonic() > deadline:
                process.kill()
                process.wait()
                seconds = self._settings.run_seconds
                if cancelled:
                    self._finish(identity, "cancelled")
                else:
                    self._finish(identity, "failed", f"it took longer than {seconds:,} seconds")
                return
            time.sleep(_BEAT_SECONDS)
        if not self._ending:
            # A run that ended as it should has said so itself; this is then without effect.
            self._finish(identity, "failed", self._why(identity, process))

    def _finish(self, identity: str, state: RunState, error: str | None = None) -> None:
        patiently(lambda: self._data.runs.finish(identity, state, error=error))

    def _why(self, identity: str, process: subprocess.Popen[bytes]) -> str:
        if process.returncode < 0:
            name = signal.Signals(-process.returncode).name
            return f"the run's process was ended by {name}; its memory limit may be too low"
        log = self._settings.data / "runs" / f"{identity}.log"
        words = log.read_bytes()[-_LAST_WORDS:].decode("utf-8", "replace").strip().splitlines()
        # What stands behind the error's name may be a path or text of a page.
        found = _ERROR.match(words[-1]) if words else None
        return (
            f"the run's process failed with {found[0] if found else 'no word'}; its log says more"
        )


def _trace_id(trace: str | None) -> str | None:
    context = None if trace is None else parse_traceparent(trace)
    return None if context is None else context.trace
