"""``POST /v1/segment/batch``: rows in, rows out, in order and in constant memory."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
from flask.testing import FlaskClient
from live_server import LIMIT, Server
from werkzeug.test import TestResponse

from api import create_app
from api.pages.rows import lines
from api.settings import Settings
from segmenter import Segmenter

LINES = "application/x-ndjson"
HEAD = (
    b"POST /v1/segment/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-ndjson\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
TEXT = "The bridge is open again\n\nBy Ann Example\n\nAfter two years bridge {} was opened."
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def library() -> Segmenter:
    return Segmenter.load()


def post(client: FlaskClient, body: bytes, **headers: str) -> TestResponse:
    return client.post("/v1/segment/batch", data=body, content_type=LINES, headers=headers)


def rows_of(response: TestResponse) -> list[dict[str, Any]]:
    assert response.status_code == 200
    assert response.mimetype == LINES
    return [json.loads(line) for line in response.data.splitlines()]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def row(number: int, **members: Any) -> bytes:
    return json.dumps({"id": f"p{number}", "text": TEXT.format(number), **members}).encode() + b"\n"


def test_rows_are_those_of_the_library_in_order(server: Server, library: Segmenter) -> None:
    # Large and small ones in turn: those that are done first have to wait.
    texts = [TEXT.format(n) * (400 if n % 3 == 0 else 1) for n in range(30)]
    body = b"".join(
        json.dumps({"id": str(n), "text": t}).encode() + b"\n" for n, t in enumerate(texts)
    )
    answer = server.request("POST", "/v1/segment/batch", body, {"Content-Type": LINES})
    assert answer.status == 200
    assert answer.headers["content-type"] == LINES
    found = [json.loads(line) for line in answer.body.splitlines()]
    assert found == [library.segment(t, id=str(n)).to_dict() for n, t in enumerate(texts)]


def test_options_are_those_of_a_single_page(client: FlaskClient) -> None:
    wanted = {"html": "<h1>Open</h1><p>After two years.", "keep": ["headline"], "metadata": True}
    single = client.post("/v1/segment", json=wanted).get_json()
    (found,) = rows_of(post(client, json.dumps(wanted).encode()))
    assert found == single


def test_what_is_wrong_with_a_row_becomes_a_row(client: FlaskClient) -> None:
    body = b"\n".join(
        [
            row(1).strip(),
            b"",
            b'{"id": "no page"}',
            b"{",
            b'{"id": "x", "text": "a", "keep": ["prose"]}',
            b'{"id": "m", "text": ' + json.dumps("x\n\n" * 200_000).encode() + b"}",
            b'{"text": "\xff"}',
            b"[" * 100_000,
            b'{"id": 7, "text": NaN}',
            b"  \r",
            row(2).strip() + b"\r",
        ]
    )
    found = rows_of(post(client, body))
    assert [r["id"] for r in found] == ["p1", "no page", None, "x", "m", None, None, None, "p2"]
    errors = {r["line"]: r["error"] for r in found if "error" in r}
    assert {line: (e["status"], e["type"].rsplit(":", 1)[1]) for line, e in errors.items()} == {
        3: (422, "invalid-request"),
        4: (400, "not-json"),
        5: (422, "invalid-request"),
        6: (413, "over-limit"),
        7: (400, "undecodable"),
        8: (400, "not-json"),
        9: (422, "invalid-request"),
    }
    assert errors[6]["limit"] == "memory"
    assert all("blocks" in r for r in found if "error" not in r)


def test_a_row_that_is_too_long_costs_only_itself(client: FlaskClient) -> None:
    long = json.dumps({"text": "x" * LIMIT}).encode()
    first, second, third = rows_of(post(client, row(1) + long + b"\n" + row(3)))
    assert (first["id"], third["id"]) == ("p1", "p3")
    assert (second["line"], second["error"]["limit"]) == (2, "body_bytes")
    assert second["error"]["value"] == LIMIT


@pytest.mark.parametrize("count", [3, 4])
def test_rows_at_the_limit(count: int) -> None:
    client = create_app(Settings(batch_rows=3)).test_client()
    found = rows_of(post(client, b"\n" + b"".join(map(row, range(count)))))
    assert [r["id"] for r in found if "error" not in r] == ["p0", "p1", "p2"]
    if count == 4:
        assert (found[3]["line"], found[3]["error"]["limit"]) == (5, "batch_rows")


def test_a_batch_without_rows(client: FlaskClient) -> None:
    assert rows_of(post(client, b"\n \n\t")) == []


def test_a_compressed_stream(client: FlaskClient) -> None:
    body = b"".join(map(row, range(5)))
    plain = post(client, body)
    packed = post(client, gzip.compress(body), **{"Content-Encoding": "gzip"})
    assert packed.data == plain.data
    broken = rows_of(post(client, gzip.compress(body)[:-20], **{"Content-Encoding": "gzip"}))
    assert broken[-1]["error"]["type"] == "urn:problem-type:segmenter:broken-body"


def test_requests_that_are_no_batch(client: FlaskClient) -> None:
    kind = client.post("/v1/segment/batch", data=b"{}", content_type="application/json")
    assert kind.status_code == 415
    assert kind.get_json(force=True)["accepted"][0] == LINES
    assert post(client, b"", Accept="text/html").status_code == 406
    assert post(client, b"", **{"Content-Encoding": "br"}).status_code == 415
    assert client.get("/v1/segment/batch").status_code == 405


@pytest.mark.parametrize(("size", "expected"), [(1, 5), (2, 5), (7, 5), (1_000, 5)])
def test_lines_do_not_depend_on_how_they_come(size: int, expected: int) -> None:
    data = b"one\n\ntwo\r\n  \nlonger than allowed\nthree\nfour"
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    found = list(lines(iter(pieces), allowed=6))
    assert len(found) == expected
    assert found == [(1, b"one"), (3, b"two\r"), (5, b"longer "), (6, b"three"), (7, b"four")]


class Exchange:
    """A batch over a socket, row by row."""

    def __init__(self, server: Server, *, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(30)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.sendall(HEAD)

    def __enter__(self) -> Exchange:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(chunk(data))

    def end(self) -> None:
        self.socket.sendall(b"0\r\n\r\n")

    def answers(self) -> Iterator[dict[str, Any]]:
        response = http.client.HTTPResponse(self.socket)
        response.begin()
        assert response.status == 200
        while line := response.readline():
            yield json.loads(line)


def test_a_row_is_answered_before_the_next_is_sent(server: Server) -> None:
    with Exchange(server) as exchange:
        exchange.send(row(0))
        answers = exchange.answers()
        for number in range(1, 4):
            assert next(answers)["id"] == f"p{number - 1}"
            # Also when a row comes in two chunks.
            data = row(number)
            exchange.send(data[:20])
            exchange.send(data[20:])
        assert next(answers)["id"] == "p3"
        exchange.end()
        assert list(answers) == []


def test_a_stream_that_is_cut_off_ends_with_an_error_row(server: Server) -> None:
    with Exchange(server) as exchange:
        exchange.send(row(0) + row(1))
        exchange.socket.sendall(b"zz\r\n")
        first, second, last = exchange.answers()
    assert (first["id"], second["id"]) == ("p0", "p1")
    assert (last["line"], last["error"]["status"]) == (3, 400)


def test_a_client_that_takes_no_answers_is_not_read_from(server: Server) -> None:
    with Exchange(server, receive_buffer=4_096) as exchange:
        exchange.socket.settimeout(3)
        sent = 0
        # A long answer each, so that little of them fits into the sockets' buffers.
        data = row(0, probabilities=True, text=TEXT * 200)
        with contextlib.suppress(TimeoutError):
            while sent < 50 * MEGABYTE:
                exchange.send(data)
                sent += len(data)
        assert sent < 20 * MEGABYTE
    assert server.request("GET", "/livez").status == 200


@pytest.mark.slow
def test_memory_stays_flat_over_a_long_stream(server: Server) -> None:
    """300 MB through the service, most of it thrown away as wrong."""
    top = psutil.Process(server.process.pid)

    def resident() -> float:
        return float(sum(p.memory_full_info().pss for p in [top, *top.children(recursive=True)]))

    wrong = json.dumps({"id": "w", "text": 1, "pad": "x" * MEGABYTE}).encode() + b"\n"
    with Exchange(server) as exchange:
        sizes: list[float] = []
        exchange.send(row(0))
        answers = exchange.answers()
        assert "error" not in next(answers)
        for number in range(1, 300):
            exchange.send(wrong if number % 20 else row(number))
            assert ("error" in next(answers)) == bool(number % 20)
            if number in (100, 299):
                sizes.append(resident())
        exchange.end()
    assert sizes[1] - sizes[0] < 50 * MEGABYTE


def test_too_many_batches(launch: Callable[..., Server]) -> None:
    server = launch(SEGMENTER_WORKERS="1", SEGMENTER_BATCHES="1")
    with Exchange(server) as first:
        first.send(row(0))
        assert next(first.answers())["id"] == "p0"
        second = server.request("POST", "/v1/segment/batch", row(1), {"Content-Type": LINES})
        assert second.status == 503
        assert second.json["limit"] == "batches"
        assert int(second.headers["retry-after"]) > 0
        first.end()
        time.sleep(0.5)
    third = server.request("POST", "/v1/segment/batch", row(2), {"Content-Type": LINES})
    assert third.status == 200
