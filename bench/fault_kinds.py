"""The faults that ``bench.faults`` tries: each breaks something, waits, and mends it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import psutil

from bench.postgres import Postgres
from bench.service import Service
from segmenter.model_package import load_model, shipped_model_path
from segmenter.registry.versions import Registry

__all__ = ["FAULTS", "Broken", "Fault"]

_SLOW_CLIENTS: Final = 300
_WAIT_SECONDS: Final = 60.0
_HEAD: Final = b"POST /v1/segment HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
_DAY: Final = 86_400
_JUMPS: Final = (3 * _DAY, -3 * _DAY, 0)
"""Seconds that the clock is wrong by."""


@dataclass(frozen=True)
class Broken:
    """What can be broken.

    Attributes:
        data: the service's folder.
        store: its database server.
        clock: file with what is added to its time of day.
    """

    service: Service
    data: Path
    store: Postgres | None = None
    clock: Path | None = None

    def child(self, word: str) -> psutil.Process | None:
        """The process below the service whose command has a word."""
        for process in psutil.Process(self.service.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if word in process.cmdline():
                    return process
        return None


@dataclass(frozen=True)
class Fault:
    """One thing that breaks.

    Attributes:
        setting: the kind of service it is tried on.
        needs: what has to be there for that.
        happen: breaks it for some seconds and mends it; gives what else there was to see.
    """

    name: str
    setting: Literal["postgres", "disk", "clock"]
    needs: str
    happen: Callable[[Broken, float], str]


def _segmenting_process(broken: Broken, seconds: float) -> str:
    """Kill the process of a page, again and again."""
    killed = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pool = broken.child("pages")
        assert pool is not None
        with contextlib.suppress(IndexError, psutil.Error):
            pool.children()[0].kill()
            killed += 1
        time.sleep(3)  # one page is not to meet two of them
    return f"{killed} killed"


def _training_worker(broken: Broken, seconds: float) -> str:
    """Kill the training worker in the middle of a run."""
    run = _posted(broken, "/v1/training-runs")["id"]
    worker = _waited(lambda: broken.child("training-worker"))
    _waited(lambda: broken.child("training-run"))
    worker.kill()
    _waited(lambda: _other(broken.child("training-worker"), worker.pid))
    killed = time.monotonic()
    while (state := _got(broken, f"/v1/training-runs/{run}")["state"]) == "running":
        if time.monotonic() - killed > _WAIT_SECONDS:
            break
        time.sleep(0.1)
    told = time.monotonic() - killed
    time.sleep(max(seconds - told, 0))
    return f"run {state} after {told:.1f} seconds"


def _postgresql(broken: Broken, seconds: float) -> str:
    """Kill the database server, and start it again later."""
    assert broken.store is not None
    broken.store.kill()
    time.sleep(seconds)
    ready = _status(broken, "/readyz")
    broken.store.start()
    return f"readyz meanwhile {ready}"


def _corrupted_model(broken: Broken, seconds: float) -> str:
    """Alter a file of the active version, and have every process look at it again."""
    registry = Registry(broken.data / "models", shipped_model_path())
    describe = {"name": "default", "created": "", "corpora": {}, "split": "", "seed": 0}
    model = load_model(shipped_model_path())
    version = registry.add(model.classifiers, {**describe, "metrics": {}}, lambda name: f"{name}\n")
    file = max(version.path.iterdir(), key=lambda path: path.stat().st_size)
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    refused = _status(broken, f"/v1/models/{version.name}/promote", "POST")
    pointer = broken.data / "models" / "active.json"
    # As if it had been altered after it was made active.
    pointer.write_text(
        json.dumps({"version": version.name, "previous": [registry.base_name()],
                    "since": None, "reason": "altered"}), "utf-8",
    )  # fmt: skip
    time.sleep(seconds)
    serving = _got(broken, "/readyz")["model"]["version"]
    pointer.unlink()
    return f"promotion {refused}, pointer at it: still served {serving}"


def _slow_clients(broken: Broken, seconds: float) -> str:
    """Connections that send a head or a body a few bytes at a time (slowloris)."""
    connections = []
    for number in range(_SLOW_CLIENTS):
        connection = socket.create_connection(("127.0.0.1", broken.service.port))
        head = _HEAD if number % 2 else _HEAD + b"Content-Length: 1000000\r\n\r\n"
        connection.sendall(head)
        connections.append(connection)
    deadline = time.monotonic() + seconds
    cut: set[socket.socket] = set()
    while time.monotonic() < deadline:
        time.sleep(0.5)
        for connection in connections:
            try:
                connection.sendall(b"x")
            except OSError:
                cut.add(connection)
    for connection in connections:
        connection.close()
    return f"{len(cut)} of {len(connections)} cut off in {seconds:g} seconds"


def _hang_ups(broken: Broken, seconds: float) -> str:
    """Clients that go away before their request is whole, or before its answer."""
    body = b"A page that nobody waits for.\n\n" * 100
    whole = _HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    gone = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for sent in (whole[:100], whole[: len(whole) // 2], whole):
            with socket.create_connection(("127.0.0.1", broken.service.port)) as connection:
                connection.sendall(sent)
            gone += 1
        time.sleep(0.02)
    return f"{gone} hung up"


def _full_disk(broken: Broken, seconds: float) -> str:
    """Fill the disk that the labels are on."""
    filler = broken.data / "filler"
    with filler.open("wb", buffering=0) as out, contextlib.suppress(OSError):
        while True:
            out.write(b"\0" * 65_536)
    time.sleep(seconds)
    filler.unlink()
    return f"{os.statvfs(broken.data).f_bavail:,} blocks free afterwards"


def _clock(broken: Broken, seconds: float) -> str:
    """Set the clock forward, back, and right again."""
    assert broken.clock is not None
    for jump in _JUMPS:
        aside = broken.clock.with_suffix(".new")
        aside.write_text(str(jump), "ascii")
        aside.replace(broken.clock)
        time.sleep(seconds / len(_JUMPS))
    return f"off by {_JUMPS} seconds"


_POSTGRES: Final = "PostgreSQL is not installed"
FAULTS: Final[Mapping[str, Fault]] = {
    fault.name: fault
    for fault in (
        Fault("segmenting-process-killed", "postgres", _POSTGRES, _segmenting_process),
        Fault("training-worker-killed", "postgres", _POSTGRES, _training_worker),
        Fault("postgresql-killed", "postgres", _POSTGRES, _postgresql),
        Fault("active-model-corrupted", "postgres", _POSTGRES, _corrupted_model),
        Fault("slow-clients", "postgres", _POSTGRES, _slow_clients),
        Fault("clients-hang-up", "postgres", _POSTGRES, _hang_ups),
        Fault("disk-full", "disk", "a small disk can be mounted by root alone", _full_disk),
        Fault("clock-jumps", "clock", "there is no C compiler", _clock),
    )
}


def _waited(find: Callable[[], psutil.Process | None]) -> psutil.Process:
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        found = find()
        if found is not None:
            return found
        time.sleep(0.05)
    raise RuntimeError("the process did not come")


def _other(process: psutil.Process | None, than: int) -> psutil.Process | None:
    return None if process is None or process.pid == than else process


def _posted(broken: Broken, path: str) -> dict[str, Any]:
    return _exchange(broken, path, "POST")[1]


def _got(broken: Broken, path: str) -> dict[str, Any]:
    return _exchange(broken, path, "GET")[1]


def _status(broken: Broken, path: str, method: str = "GET") -> int:
    return _exchange(broken, path, method)[0]


def _exchange(broken: Broken, path: str, method: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", broken.service.port, timeout=30)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()
