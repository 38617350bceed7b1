"""The client against the real service, and against one that is busy."""

from __future__ import annotations

import asyncio
import http.server
import json
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from live_server import LIMIT, ROOT, Server

from segmenter import Document, Segmenter, SegmenterError
from segmenter.client import AsyncClient, Client, Retry, ServiceError
from segmenter.client.retry import stated_wait

TEXT = "The bridge is open again\n\nBy Ann Example\n\nAfter two years the bridge was opened, {}."
HTML = "<html><body><h1>The bridge is open again</h1><p>After two years, über {}.</p></body></html>"
SOON = Retry(attempts=3, first_wait=0.01)


def documents(count: int) -> list[Document]:
    return [
        Document(
            html=HTML.format(n) if n % 2 else None,
            text=None if n % 2 else TEXT.format(n),
            id=f"p{n}",
        )
        for n in range(count)
    ]


@pytest.fixture(scope="session")
def library() -> Segmenter:
    return Segmenter.load()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{server.port}/") as made:
        yield made


def test_answers_are_those_of_the_library(client: Client, library: Segmenter) -> None:
    text = TEXT.format("ok")
    assert client.segment(text, id="a") == library.segment(text, id="a").to_dict()
    html = HTML.format("alles").encode("cp1252")
    document = Document(
        html=html, url="https://a.example/ü", content_type="text/html; charset=cp1252"
    )
    expected = library.segment_document(document, keep=["headline"])
    found = client.segment_document(document, keep=["headline"], probabilities=True, page_text=True)
    assert found == expected.to_dict(probabilities=True, page_text=True)
    assert client.is_ready()


def test_many_documents_in_order_with_the_errors_of_bad_ones(
    client: Client, library: Segmenter
) -> None:
    undecodable = Document(text=b"\xff", content_type="text/plain; charset=utf-8")
    pages = [*documents(9), Document(text="x " * LIMIT), undecodable, *documents(3)]
    found = list(client.segment_documents(pages, concurrency=3))
    assert len(found) == len(pages)
    for page, answer in zip(pages, found, strict=True):
        if page.id is None:
            assert isinstance(answer, SegmenterError)
        else:
            assert answer == library.segment_document(page).to_dict()
    over = found[9]
    assert isinstance(over, ServiceError)
    assert over.status == 413
    assert over.problem["type"] == "urn:problem-type:segmenter:over-limit"


def test_documents_are_read_no_further_ahead_than_asked(client: Client) -> None:
    taken: list[str] = []

    def source() -> Iterator[Document]:
        for document in documents(50):
            taken.append(document.id or "")
            yield document

    answers = client.segment_documents(source(), concurrency=4)
    for _ in range(3):
        next(answers)
    assert len(taken) <= 7
    answers.close()  # type: ignore[attr-defined]


def test_the_asynchronous_client_does_the_same(server: Server, library: Segmenter) -> None:
    async def source() -> AsyncIterator[Document]:
        for document in documents(12):
            yield document

    async def all_of(client: AsyncClient, pages: Any) -> list[Any]:
        return [answer async for answer in client.segment_documents(pages, concurrency=3)]

    async def work() -> tuple[list[Any], list[Any], Any, bool]:
        async with AsyncClient(f"http://127.0.0.1:{server.port}") as client:
            return (
                await all_of(client, source()),
                await all_of(client, documents(12)),
                await client.segment_html(HTML.format(1), id="p1"),
                await client.is_ready(),
            )

    first, second, one, ready = asyncio.run(work())
    expected = [library.segment_document(page).to_dict() for page in documents(12)]
    assert first == second == expected
    assert one == expected[1]
    assert ready


def test_the_example_streams_json_lines(server: Server, library: Segmenter) -> None:
    pages = documents(12)
    rows = [{"id": p.id, "text": p.text, "html": p.html} for p in pages]
    result = subprocess.run(
        [sys.executable, "examples/client_stream.py", f"http://127.0.0.1:{server.port}"],
        input="".join(json.dumps(row) + "\n" for row in rows),
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        library.segment_document(page).to_dict() for page in pages
    ]


def test_a_refusal_is_raised_at_once(client: Client) -> None:
    with pytest.raises(ServiceError, match=r"422.*unknown label") as caught:
        client.segment("A page.", keep=["prose"])
    assert caught.value.is_refusal


def test_no_service_is_an_error_after_the_last_attempt() -> None:
    with Client("http://127.0.0.1:9", retry=SOON) as client:
        assert not client.is_ready()
        with pytest.raises(ServiceError, match=r"no answer from http://127.0.0.1:9"):
            client.segment("A page.")
        with pytest.raises(ServiceError):
            list(client.segment_documents(documents(3)))


Busy = Callable[..., tuple[str, list[float]]]


@pytest.fixture
def busy() -> Iterator[Busy]:
    """Start a service that refuses so many requests before it answers; when it was asked."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(refusals: int, status: int = 503, **headers: str) -> tuple[str, list[float]]:
        asked: list[float] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked.append(time.monotonic())
                self.rfile.read(int(self.headers["Content-Length"]))
                refused = len(asked) <= refusals
                body = json.dumps({"detail": "busy"} if refused else {"text": "done"}).encode()
                self.send_response(status if refused else 200)
                for name, value in (headers if refused else {}).items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing on stderr."""

        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}", asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_busy_service_is_asked_again_when_it_said(busy: Busy) -> None:
    url, asked = busy(1, 429, Retry_After="1")
    with Client(url, retry=SOON) as client:
        assert client.segment("A page.") == {"text": "done"}
    assert asked[1] - asked[0] >= 1.0

    async def work() -> Any:
        async with AsyncClient(url, retry=SOON) as client:
            return await client.segment("A page.")

    url, asked = busy(2)
    assert asyncio.run(work()) == {"text": "done"}
    assert len(asked) == 3


def test_it_gives_up_after_the_last_attempt_and_where_the_wait_is_too_long(busy: Busy) -> None:
    url, asked = busy(9)
    with Client(url, retry=SOON) as client, pytest.raises(ServiceError, match="503: busy"):
        client.segment("A page.")
    assert len(asked) == 3
    url, asked = busy(9, Retry_After="3600")
    with Client(url) as client, pytest.raises(ServiceError, match="503: busy"):
        client.segment("A page.")
    assert len(asked) == 1


def test_failures_that_do_not_pass_are_not_tried_again(busy: Busy) -> None:
    url, asked = busy(9, 500)
    with Client(url, retry=SOON) as client, pytest.raises(ServiceError) as caught:
        client.segment("A page.")
    assert len(asked) == 1
    assert not caught.value.is_refusal


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (format_datetime(datetime(2024, 1, 1, 0, 0, 30, tzinfo=UTC), usegmt=True), 30.0),
        (format_datetime(datetime(2024, 1, 1, tzinfo=UTC) - timedelta(days=1), usegmt=True), 0.0),
        ("soon", None),
        ("-5", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_the_standard_says(value: str | None, seconds: float | None) -> None:
    assert stated_wait(value, datetime(2024, 1, 1, tzinfo=UTC)) == seconds
