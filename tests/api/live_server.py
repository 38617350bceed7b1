"""A server process started as an operator starts it, and what it answers."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from contract import check_answer

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 2_000_000
START_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What came back over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """A running ``python -m api``."""

    process: subprocess.Popen[str]
    port: int
    announcement: str

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        chunked: bool = False,
    ) -> Answer:
        connection = self.connect()
        try:
            connection.request(method, path, body, dict(headers or {}), encode_chunked=chunked)
            answer = read_answer(connection)
            media_type = answer.headers.get("content-type", "").partition(";")[0]
            check_answer(method, path, answer.status, media_type, answer.body)
            return answer
        finally:
            connection.close()

    def exchange(self, sent: bytes) -> Answer:
        """Send bytes as they are, end the sending side, read one answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return read_response(response)

    def end(self) -> None:
        """End it for good, after a failed test too."""
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.process.kill()
        finally:
            assert self.process.stdout is not None
            self.process.stdout.close()

    def stop(self) -> int:
        """Ask it to end; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def read_answer(connection: http.client.HTTPConnection) -> Answer:
    return read_response(connection.getresponse())


def read_response(response: http.client.HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


def run_environment(**variables: str) -> dict[str, str]:
    """What the caller's shell has, nothing of its settings; no trainer unless asked for."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("SEGMENTER_")}
    return {**inherited, "SEGMENTER_TRAINERS": "0", **variables}


def start_server(**variables: str) -> Server:
    """Start one on a free port; what it logs goes where the test's own errors go."""
    return _started(None, variables)


def start_logged_server(log: Path, **variables: str) -> Server:
    """Start one whose log goes into a file."""
    with log.open("wb") as told:
        return _started(told, variables)


def _started(log: IO[bytes] | None, variables: Mapping[str, str]) -> Server:
    process = subprocess.Popen(
        [sys.executable, "-m", "api"],
        cwd=ROOT,
        env=run_environment(SEGMENTER_PORT="0", **variables),
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    assert process.stdout is not None
    watchdog = threading.Timer(START_SECONDS, process.kill)
    watchdog.start()
    try:
        announcement = process.stdout.readline()
    finally:
        watchdog.cancel()
    found = re.search(r"http://127\.0\.0\.1:(\d+)", announcement)
    if found is None:
        process.kill()
        raise AssertionError(f"the server did not start: {announcement!r}")
    return Server(process, int(found[1]), announcement)
