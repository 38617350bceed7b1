"""A service started as an operator starts it, and clients that ask it."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

__all__ = ["Answered", "Service", "ask", "quantile", "running_service"]

_ROOT: Final = Path(__file__).resolve().parents[1]
_HTML: Final = {"Content-Type": "text/html; charset=utf-8"}
_TIMEOUT: Final = 120.0


@dataclass(frozen=True, slots=True)
class Service:
    """A running service."""

    process: subprocess.Popen[str]
    port: int

    def memory_mb(self) -> float:
        """Of all its processes together, in MB; what they share counts once (PSS)."""
        total = 0.0
        top = psutil.Process(self.process.pid)
        for process in [top, *top.children(recursive=True)]:
            try:
                total += process.memory_full_info().pss / 1e6
            except psutil.Error:
                continue  # it has just ended
        return total


@dataclass(frozen=True, slots=True)
class Answered:
    """One request.

    Attributes:
        status: of the answer; 0 where the connection failed.
        began, seconds: when it was sent by the monotonic clock, and how long the answer took.
    """

    status: int
    began: float
    seconds: float


@contextmanager
def running_service(variables: Mapping[str, str]) -> Iterator[Service]:
    """Start ``python -m api`` on a free port, and end it afterwards.

    Args:
        variables: environment variables beside those that are set here.

    Raises:
        RuntimeError: it did not start.
    """
    inherited = {name: value for name, value in os.environ.items() if name[:10] != "SEGMENTER_"}
    with tempfile.TemporaryDirectory() as data:
        own = {"SEGMENTER_PORT": "0", "SEGMENTER_DATA": data, "SEGMENTER_TRAINERS": "0"}
        own |= {"SEGMENTER_LOG_LEVEL": "warning", "SEGMENTER_RATE_LIMIT": "none"}
        process = subprocess.Popen(
            [sys.executable, "-m", "api"],
            cwd=_ROOT,
            env={**inherited, **own, **variables},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:(\d+)", said)
            if found is None:
                raise RuntimeError(f"the service did not start: {said!r}")
            yield Service(process, int(found[1]))
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()


def ask(
    service: Service, pages: Sequence[bytes], clients: int, next_page: Callable[[], int | None]
) -> list[Answered]:
    """Have clients ask for pages, each with a connection that it keeps.

    Args:
        service: asked.
        pages: HTML, UTF-8.
        clients: asking at the same time, each for one page at a time.
        next_page: called by each client before each request: the number of a page, waiting until
            it is time; ``None`` ends the client.
    """
    answers: list[Answered] = []

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=_TIMEOUT)
        while (number := next_page()) is not None:
            began = time.monotonic()
            status = _status(connection, pages[number % len(pages)])
            answers.append(Answered(status, began, time.monotonic() - began))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of at least one value does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _status(connection: http.client.HTTPConnection, page: bytes) -> int:
    try:
        connection.request("POST", "/v1/segment", page, _HTML)
        response = connection.getresponse()
        response.read()
        return response.status
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0
