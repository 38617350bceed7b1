"""A PostgreSQL server of our own, in a temporary directory on a free port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

__all__ = ["Postgres", "controlled_server", "programs", "running_server"]

_USER: Final = "segmenter"


@dataclass(frozen=True)
class Postgres:
    """A server that can be killed and started again; its data stay.

    Attributes:
        url: of a database that is there.
        data: the server's directory.
        start: start it again after ``kill``.
    """

    url: str
    data: Path
    start: Callable[[], None]

    def kill(self) -> None:
        """End all of it at once, as a power cut does."""
        number = (self.data / "postmaster.pid").read_text("ascii").splitlines()[0]
        server = psutil.Process(int(number))
        processes = [server, *server.children()]
        server.send_signal(signal.SIGKILL)
        for process in processes[1:]:
            process.kill()
        psutil.wait_procs(processes, timeout=10)


def programs() -> Path | None:
    """Where the server's programs are; ``None`` where it is not installed."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return places[-1].parent if places else None


@contextmanager
def running_server() -> Iterator[str]:
    """The server's URL; the server ends with the block."""
    with controlled_server() as server:
        yield server.url


@contextmanager
def controlled_server() -> Iterator[Postgres]:
    """A server that ends with the block."""
    bin_ = programs()
    assert bin_ is not None
    folder = Path(tempfile.mkdtemp(prefix="segmenter-postgres-"))
    prefix = _as_other_than_root(folder)
    data, port = folder / "data", _free_port()

    def run(*command: object) -> None:
        subprocess.run(
            [*prefix, *map(str, command)],
            check=True, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip

    def start() -> None:
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
        run(bin_ / "pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", "start")

    try:
        run(bin_ / "initdb", "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync")
        start()
        try:
            yield Postgres(f"postgresql://{_USER}@127.0.0.1:{port}/postgres", data, start)
        finally:
            run(bin_ / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_other_than_root(folder: Path) -> list[str]:
    """The server refuses to run as root; what to put before its commands."""
    if os.geteuid() != 0:
        return []
    owner = next(name for name in ("postgres", "nobody") if _exists(name))
    entry = pwd.getpwnam(owner)
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
