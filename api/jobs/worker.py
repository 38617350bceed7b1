"""The training worker: takes runs from the queue and watches over the process of each."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from api.data import Data, open_data
from api.jobs.queue import RunQueue
from api.settings import Settings

__all__ = ["work"]

_BEAT_SECONDS: Final = 0.5
_ROOT: Final = Path(__file__).resolve().parents[2]
_LAST_WORDS: Final = 2_000


def work() -> int:
    """Work on training runs, one at a time, until a signal ends the process."""
    settings = Settings.from_environment()
    data = open_data(settings)
    watcher = _Watcher(data, settings)
    # What this machine's worker left behind when it was ended.
    data.runs.fail_silent(watcher.name)
    queue = RunQueue(settings, watcher.run)
    for identity in data.runs.queued():
        queue.send(identity)
    consumer = queue.huey.create_consumer(
        workers=1, periodic=False, initial_delay=0.1, max_delay=0.5, backoff=1.15
    )
    try:
        consumer.run()
    finally:
        watcher.end()
    return 0


class _Watcher:
    """Starts a process for a run and stays with it."""

    def __init__(self, data: Data, settings: Settings) -> None:
        self.name = f"{socket.gethostname()}:{settings.data.absolute()}"
        self._data = data
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = False

    def run(self, identity: str) -> bool:
        """Do a run to its end; false where another one is running."""
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
                env=self._environment(),
            )
            self._stay(identity, self._process)
        return True

    def end(self) -> None:
        """End the run that is going on; it is marked failed."""
        self._ending = True
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._data.runs.fail_silent(self.name)

    def _environment(self) -> dict[str, str]:
        # The run works elsewhere: a relative folder would be another one there.
        values = dict(os.environ)
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
            cancelled = self._data.runs.beat(identity)
            if cancelled or time.monotonic() > deadline:
                process.kill()
                process.wait()
                seconds = self._settings.run_seconds
                if cancelled:
                    self._data.runs.finish(identity, "cancelled")
                else:
                    self._data.runs.finish(
                        identity, "failed", error=f"it took longer than {seconds:,} seconds"
                    )
                return
            time.sleep(_BEAT_SECONDS)
        if not self._ending:
            # A run that ended as it should has said so itself; this is then without effect.
            self._data.runs.finish(identity, "failed", error=self._why(identity, process))

    def _why(self, identity: str, process: subprocess.Popen[bytes]) -> str:
        if process.returncode < 0:
            name = signal.Signals(-process.returncode).name
            return f"the run's process was ended by {name}; its memory limit may be too low"
        log = self._settings.data / "runs" / f"{identity}.log"
        words = log.read_bytes()[-_LAST_WORDS:].decode("utf-8", "replace").strip().splitlines()
        return f"the run's process failed: {words[-1] if words else 'it said nothing'}"
