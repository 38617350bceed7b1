"""Hostile clients and pages against a running service, by name, each within a bound.

What stalls the parser is in ``tests/test_guards.py``, what takes memory is in
``tests/test_memory.py``; here it is the service that has to stay up, and fast for the others.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise

import psutil
import pytest
from live_server import Answer, Server, start_server

TEXT = {"Content-Type": "text/plain"}
HTML = {"Content-Type": "text/html"}
JSON = {"Content-Type": "application/json"}
SMALL = b"The bridge is open again\n\nBy Ann Example\n\nAfter two years it was opened.\n"
HEAD = b"POST /v1/segment HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n"
MEGABYTE = 1_000_000
SECONDS = 30
"""That any of these pages may take, many times what it takes on an idle core."""


@pytest.fixture(scope="module")
def large() -> Iterator[Server]:
    """It takes bodies that are large enough for all attacks."""
    running = start_server(
        SEGMENTER_WORKERS="2",
        SEGMENTER_MAX_BODY_BYTES=str(60 * MEGABYTE),
        SEGMENTER_MAX_UNPACKED_BYTES=str(60 * MEGABYTE),
    )
    assert running.request("POST", "/v1/segment", SMALL, TEXT).status == 200
    yield running
    running.end()


@pytest.fixture
def hurried(launch: Callable[..., Server]) -> Server:
    """It waits for clients for three seconds."""
    server = launch(SEGMENTER_WORKERS="1", SEGMENTER_CLIENT_SECONDS="3")
    # What the first request takes is no matter here.
    assert server.request("POST", "/v1/segment", SMALL, TEXT).status == 200
    return server


def connected(server: Server, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    connection.sendall(sent)
    return connection


def timed(
    server: Server, body: bytes = SMALL, headers: dict[str, str] = TEXT
) -> tuple[Answer, float]:
    began = time.monotonic()
    answer = server.request("POST", "/v1/segment", body, headers)
    return answer, time.monotonic() - began


PAGES: dict[str, Callable[[], str]] = {
    "billion laughs": lambda: (
        '<!DOCTYPE l [<!ENTITY a "lol">'
        + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghi"))
        + "]><html><body><p>&i;</p></body></html>"
    ),
    "deep nesting": lambda: "<div>" * MEGABYTE + "text",
    "a million attributes": lambda: "<p " + " ".join(f"a{n}" for n in range(MEGABYTE)) + ">text",
    "a million unclosed tags": lambda: "<b>" * MEGABYTE + "text",
    "a million kinds of unclosed tags": lambda: "".join(f"<t{n}>" for n in range(MEGABYTE)),
    "one attribute of 50 MB": lambda: f'<p title="{"x" * 50 * MEGABYTE}">text</p>',
    "one tag of 50 MB": lambda: "<" + "x" * 50 * MEGABYTE,
    "repeats of a long headline": lambda: (
        "<title>" + "word " * 20_000 + "</title>" + ("<p>" + "word " * 2_000 + "</p>") * 200
    ),
    "headlines that repeat one another": lambda: (
        "<h1>" + "the same words again " * 50 + "</h1>"
        + "".join(f"<p>{'the same words again ' * 20}{n}</p>" for n in range(5_000))
    ),
    "brackets of a regular expression": lambda: "<p>" + "(a+)+" * 100_000 + "!</p>",
    "commas and spaces": lambda: "<p>" + " ," * MEGABYTE + "</p>",
    "left angle brackets": lambda: "<" * 5 * MEGABYTE,
    "ampersands": lambda: "&" * 5 * MEGABYTE,
    "comments that do not end": lambda: "<!--" * MEGABYTE,
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_hostile_page_is_answered_in_time(large: Server, name: str) -> None:
    answer, seconds = timed(large, PAGES[name]().encode(), HTML)
    assert answer.status in (200, 413)
    assert seconds < SECONDS
    if answer.status == 413:
        assert answer.json["limit"]
        assert answer.json["value"] == answer.json["allowed"]
    again, seconds = timed(large)
    assert again.status == 200
    assert seconds < SECONDS / 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[" * 100_000 + "]" * 100_000, 400),
        ('{"text": ' * 100_000 + '"a"' + "}" * 100_000, 400),
        ('{"text": "a", "id": NaN}', 422),
        ('{"text": "a", "id": 1e999}', 422),
        ('{"text": "a", "id": -Infinity}', 422),
        ('{"text": "a", "id": ' + "9" * 1_000_000 + "}", 400),
        ('{"text": "a", "probabilities": 1' + "0" * 4_000 + "}", 422),
        ('{"text": "' + "\\ud800" * 100_000 + '"}', 200),
        ('{"text": "a", "id": "' + "\\udfff" * 100_000 + '"}', 200),
        ('{"text": "a", ' + ", ".join(f'"k{n}": 0' for n in range(100_000)) + "}", 422),
    ],
    ids=[
        "deep", "deep-objects", "nan", "huge", "infinity", "digits", "integer", "surrogates",
        "surrogate-id", "members",
    ],
)  # fmt: skip
def test_hostile_json_is_answered_in_time(large: Server, body: str, status: int) -> None:
    answer, seconds = timed(large, body.encode(), JSON)
    assert answer.status in (status, 422)
    json.loads(answer.body.decode("utf-8"))
    assert seconds < SECONDS


def test_heads_that_come_slowly_hold_no_thread(hurried: Server) -> None:
    """Slowloris: many connections, each with a head that never ends."""
    with ExitStack() as stack:
        slow = [
            stack.enter_context(connected(hurried, b"GET /livez HTTP/1.1\r\nHost: a\r\nX-"))
            for _ in range(400)
        ]
        for connection in slow:
            connection.sendall(b"a")
        answer, seconds = timed(hurried)
        assert answer.status == 200
        assert seconds < SECONDS / 2
        # They are put out when their time is over, however often they send another byte.
        deadline = time.monotonic() + SECONDS
        for connection in slow:
            while time.monotonic() < deadline:
                try:
                    connection.sendall(b"a")
                except OSError:
                    break
                time.sleep(0.01)
        assert time.monotonic() < deadline


def test_bodies_that_come_slowly_hold_no_thread(hurried: Server) -> None:
    with ExitStack() as stack:
        for _ in range(400):
            head = HEAD + b"Content-Length: 1000\r\n\r\n"
            stack.enter_context(connected(hurried, head + b"x"))
        answer, seconds = timed(hurried)
        assert answer.status == 200
        assert seconds < SECONDS / 2


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 1000000\r\n\r\n" + b"x" * 100_000,
        b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
    ],
    ids=["length", "chunked"],
)
def test_a_large_body_that_stops_is_given_up(hurried: Server, rest: bytes) -> None:
    with connected(hurried, HEAD + rest) as connection:
        began = time.monotonic()
        answer = connection.recv(100)
        # Two seconds and what the bytes so far are worth at the slowest pace.
        assert time.monotonic() - began < SECONDS
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_clients_that_hang_up_leave_nothing_behind(large: Server) -> None:
    process = psutil.Process(large.process.pid)
    service = next(p for p in process.children() if "service" in p.cmdline())

    def open_files() -> int:
        return sum(p.num_fds() for p in service.children(recursive=True))

    before = open_files()
    request = HEAD + b"Content-Length: %d\r\n\r\n" % len(SMALL)
    for turn in range(200):
        connection = connected(large, request + SMALL[: len(SMALL) if turn % 2 else 10])
        if turn % 3:
            # Closed with a reset, not in order.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    deadline = time.monotonic() + SECONDS
    while open_files() > before + 5:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert timed(large)[0].status == 200


def test_a_client_that_takes_no_answer_is_given_up(hurried: Server) -> None:
    body = b"One of a great many short paragraphs.\n\n" * 40_000
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    connection.settimeout(60)
    with connection:
        connection.connect(("127.0.0.1", hurried.port))
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        time.sleep(2)
        service = next(
            p for p in psutil.Process(hurried.process.pid).children() if "service" in p.cmdline()
        )
        deadline = time.monotonic() + SECONDS
        while any(
            c.raddr and c.raddr.port == connection.getsockname()[1] and c.status == "ESTABLISHED"
            for p in service.children()
            for c in p.net_connections("tcp")
        ):
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert timed(hurried)[0].status == 200
