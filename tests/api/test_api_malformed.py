"""What is no acceptable HTTP is answered, logged and counted as any other request is."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_server import Answer, Server, read_answer, read_response, start_logged_server

HEAD = b"POST /v1/segment HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
SECRET = b"Vertraulich"
# Of requests that the app never sees.
BEFORE_THE_APP = {
    "no-http": (SECRET + b"\r\n\r\n", 400),
    "bytes": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + SECRET + b"\r\n\r\n", 400),
    "length-and-chunked": (
        HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
    ),
    "header-name": (b"GET /livez HTTP/1.1\r\nHost: a\r\nBad " + SECRET + b": x\r\n\r\n", 400),
    "long-line": (b"GET /" + SECRET * 1_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "endless-line": (b"GET /" + SECRET * 10_000, 414),
    "long-header": (b"GET /livez HTTP/1.1\r\nHost: a\r\nX: " + SECRET * 2_000 + b"\r\n\r\n", 431),
    "many-headers": (
        b"GET /livez HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431,
    ),
    "expectation": (b"POST /livez HTTP/1.1\r\nHost: a\r\nExpect: " + SECRET + b"\r\n\r\n", 417),
    "transfer-coding": (
        b"POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: magic\r\n\r\n", 501,
    ),
}  # fmt: skip
# Of bodies, which the app reads.
IN_THE_APP = {
    "no-length": (HEAD + b"\r\n", 411),
    "bad-chunk-size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n" + SECRET + b"\r\n", 400),
    "chunk-cut-off": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n20\r\n" + SECRET, 400),
    "length-cut-off": (HEAD + b"Content-Length: 100\r\n\r\n" + SECRET, 400),
}  # fmt: skip


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "log"


@pytest.fixture(scope="module")
def logged(log: Path) -> Iterator[Server]:
    running = start_logged_server(log, SEGMENTER_WORKERS="1")
    yield running
    running.end()


def lines_of(log: Path, request_id: str) -> list[dict[str, Any]]:
    """A line is written when its answer is sent, and so may be here a little later."""
    deadline = time.monotonic() + 30
    while request_id not in (told := log.read_text("utf-8")):
        assert time.monotonic() < deadline, "there is no line"
        time.sleep(0.02)
    return [json.loads(line) for line in told.splitlines() if request_id in line]


def check_problem(answer: Answer, status: int) -> str:
    """The request's id."""
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["title"]
    assert answer.json["detail"]
    identity = answer.headers["x-request-id"]
    assert identity
    assert answer.json["request_id"] == identity
    return identity


def counted(server: Server, series: str) -> float:
    text = server.request("GET", "/metrics").body.decode()
    found = re.search(rf"^{re.escape(series)} (.+)$", text, re.MULTILINE)
    return 0 if found is None else float(found[1])


@pytest.mark.parametrize("name", BEFORE_THE_APP)
def test_a_request_that_the_app_never_sees(logged: Server, log: Path, name: str) -> None:
    sent, status = BEFORE_THE_APP[name]
    series = f'segmenter_requests_total{{method="other",route="none",status="{status}"}}'
    before = counted(logged, series)
    answer = logged.exchange(sent)
    (line,) = lines_of(log, check_problem(answer, status))
    assert answer.headers["connection"] == "close"
    assert len(answer.body) < 1_000
    assert line["level"] == ("warning" if status >= 500 else "info")
    assert (line["logger"], line["message"]) == ("segmenter.requests", "request")
    assert (line["status"], line["route"], line["method"]) == (status, None, None)
    assert line["bytes"] == len(answer.body)
    assert line["error"][0].isidentifier()
    assert SECRET.decode() not in json.dumps(line)
    assert counted(logged, series) == before + 1


def test_it_is_over_when_it_is_answered(logged: Server) -> None:
    logged.exchange(BEFORE_THE_APP["no-http"][0])
    deadline = time.monotonic() + 30
    # The last one open is that for the metrics; one before it ends when its answer is sent.
    while counted(logged, "segmenter_requests_open") != 1:
        assert time.monotonic() < deadline, "something stays open"
        time.sleep(0.02)


@pytest.mark.parametrize("name", IN_THE_APP)
def test_a_body_that_is_broken(logged: Server, log: Path, name: str) -> None:
    sent, status = IN_THE_APP[name]
    (line,) = lines_of(log, check_problem(logged.exchange(sent), status))
    assert (line["status"], line["route"]) == (status, "/v1/segment")
    assert SECRET.decode() not in json.dumps(line)


def test_its_answer_has_the_headers_of_all_answers(logged: Server) -> None:
    usual = logged.request("GET", "/nothing").headers
    broken = logged.exchange(BEFORE_THE_APP["no-http"][0]).headers
    assert set(usual) - set(broken) == {"server"}
    varying = {"content-length", "date", "x-request-id", "connection", "server"}
    for name in set(usual) - varying:
        assert broken[name] == usual[name]


def test_the_second_request_of_a_connection(logged: Server, log: Path) -> None:
    connection = logged.connect()
    connection.request("GET", "/livez")
    assert read_answer(connection).status == 200
    connection.sock.sendall(BEFORE_THE_APP["long-line"][0])
    response = http.client.HTTPResponse(connection.sock)
    response.begin()
    assert lines_of(log, check_problem(read_response(response), 414))
    connection.close()
    assert logged.request("GET", "/livez").status == 200
