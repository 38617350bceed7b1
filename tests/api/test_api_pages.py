"""Pages in processes of their own: over time, over memory, killed, too many of them."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from live_server import Answer, Server

TEXT = {"Content-Type": "text/plain"}
SMALL = b"The bridge is open again\n\nBy Ann Example\n\nAfter two years it was opened.\n"
# A large page of ordinary paragraphs; it takes seconds, and much memory.
LARGE = b"The quick brown fox jumps over the lazy dog, and then sleeps until noon.\n\n" * 130_000
# As large as a page to label may be.
TO_LABEL = "".join(
    f"<p class=c{n}>Paragraph {n} of a great many, all alike</p>" for n in range(19_000)
)
SUGGESTIONS = "/v1/labels/suggestions?count=100"
WAIT_SECONDS = 60


def post(server: Server, body: bytes) -> Answer:
    return server.request("POST", "/v1/segment", body, TEXT)


def pool(server: Server) -> psutil.Process:
    """The parent of the segmenting processes."""
    (found,) = [
        process
        for process in psutil.Process(server.process.pid).children()
        if "pages" in process.cmdline()
    ]
    return found


def until(true: Callable[[], object], seconds: float = WAIT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def busy(server: Server, count: int = 1) -> list[psutil.Process]:
    """The processes that work on a page, so many of them."""
    found: list[psutil.Process] = []

    def look() -> bool:
        before = {p.pid: sum(p.cpu_times()[:2]) for p in pool(server).children()}
        time.sleep(0.3)
        found.clear()
        for process in pool(server).children():
            used = sum(process.cpu_times()[:2]) - before.get(process.pid, 0.0)
            if used > 0.03:
                found.append(process)
        return len(found) >= count

    until(look)
    return found


@contextmanager
def in_work(server: Server, body: bytes = LARGE) -> Any:
    """A page that is being worked on."""
    with ThreadPoolExecutor(1) as thread:
        answer: Future[Answer] = thread.submit(post, server, body)
        yield answer


@contextmanager
def on_a_busy_core(server: Server) -> Iterator[None]:
    """All segmenting processes share one core with others that want all of it."""
    core = [min(os.sched_getaffinity(0))]
    burners = [psutil.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(12)]
    try:
        for process in [pool(server), *pool(server).children(), *burners]:
            process.cpu_affinity(core)
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


@contextmanager
def full_queue(server: Server) -> Iterator[None]:
    """One page is worked on, one waits; both are answered in the end."""
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(post, server, LARGE)
        busy(server)
        waiting = threads.submit(post, server, SMALL)
        time.sleep(0.5)
        yield
        assert not first.done()
        assert [answer.result().status for answer in (first, waiting)] == [200, 200]


def is_refused_for_the_queue(answer: Answer) -> bool:
    return (
        answer.status == 503
        and answer.json["limit"] == "queue_length"
        and int(answer.headers["retry-after"]) > 0
    )


@pytest.fixture
def start(launch: Callable[..., Server]) -> Callable[..., Server]:
    def started(**variables: str) -> Server:
        return launch(
            **{
                "SEGMENTER_MAX_BODY_BYTES": "20000000",
                "SEGMENTER_WORKERS": "2",
                "SEGMENTER_PAGE_SECONDS": "120",
                **variables,
            }
        )

    return started


def test_a_page_over_its_time_is_ended_and_its_neighbours_are_not(
    start: Callable[..., Server],
) -> None:
    server = start(SEGMENTER_PAGE_SECONDS="1")
    processes = {process.pid for process in pool(server).children()}
    with in_work(server) as answer:
        neighbours = [post(server, SMALL) for _ in range(10)]
        late = answer.result()
    assert late.status == 422
    assert late.json["type"] == "urn:problem-type:segmenter:over-time"
    assert (late.json["limit"], late.json["value"]) == ("page_seconds", 1)
    assert {answer.status for answer in neighbours} == {200}
    until(lambda: len(pool(server).children()) == 2)
    assert {process.pid for process in pool(server).children()} != processes
    assert post(server, SMALL).status == 200


def store(server: Server, **pages: str) -> None:
    body = json.dumps([{"id": name, "html": html} for name, html in pages.items()])
    headers = {"Content-Type": "application/json"}
    assert server.request("POST", "/v1/labels", body, headers).status == 201


def test_suggestions_pass_over_pages_that_take_too_long(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    server = start(
        SEGMENTER_WORKERS="4", SEGMENTER_PAGE_SECONDS="1", SEGMENTER_DATA=str(tmp_path)
    )  # fmt: skip
    store(server, small="<h1>Bridge reopens</h1><p>It was closed for two years.</p>")
    store(server, **{f"large-{number}": TO_LABEL for number in range(8)})
    with on_a_busy_core(server):
        answer = server.request("GET", SUGGESTIONS)
    assert answer.status == 200
    found = {page["id"] for page in answer.json["suggestions"]}
    counts = server.request("GET", "/metrics").body.decode()
    (ended,) = re.findall(r'^segmenter_processes_replaced_total{reason="time"} (.+)$', counts, re.M)
    assert "small" in found
    assert float(ended) > 0
    assert len(found) == 9 - float(ended)


def test_a_page_over_its_memory_is_refused(start: Callable[..., Server]) -> None:
    server = start(SEGMENTER_PAGE_BYTES="500000000", SEGMENTER_WORKERS="1")
    answer = post(server, b"x " * 9_900_000)
    assert answer.status == 413
    assert (answer.json["limit"], answer.json["value"]) == ("page_bytes", 500_000_000)
    assert post(server, SMALL).status == 200


def test_a_page_whose_process_is_killed_is_given_to_another_once(
    start: Callable[..., Server],
) -> None:
    server = start()
    with in_work(server) as answer:
        busy(server)[0].kill()
        assert answer.result().status == 200
    with in_work(server) as answer:
        busy(server)[0].kill()
        busy(server)[0].kill()
        lost = answer.result()
    assert lost.status == 500
    assert lost.json["type"] == "urn:problem-type:segmenter:process-ended"
    until(lambda: len(pool(server).children()) == 2)
    assert post(server, SMALL).status == 200


def test_a_process_that_is_stopped_is_replaced(start: Callable[..., Server]) -> None:
    server = start(SEGMENTER_WORKERS="1")
    (process,) = pool(server).children()
    process.suspend()
    assert post(server, SMALL).status == 200
    assert not process.is_running()


def test_the_pool_is_started_again(start: Callable[..., Server]) -> None:
    server = start()
    time.sleep(2)  # one that ends as soon as it is started is not hurried
    pool(server).kill()
    until(lambda: server.request("GET", "/readyz").status == 503)
    refused = post(server, SMALL)
    if refused.status != 200:  # it may be up again
        assert refused.status == 503
        assert int(refused.headers["retry-after"]) > 0
    until(lambda: server.request("GET", "/readyz").status == 200)
    assert post(server, SMALL).status == 200


def test_a_full_queue_is_refused_at_once(start: Callable[..., Server]) -> None:
    server = start(SEGMENTER_WORKERS="1", SEGMENTER_QUEUE_LENGTH="2")
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(post, server, LARGE)
        busy(server)
        waiting = [threads.submit(post, server, SMALL) for _ in range(2)]
        time.sleep(0.5)
        began = time.monotonic()
        refused = post(server, SMALL)
        assert time.monotonic() - began < 2
        assert not first.done()
        assert refused.status == 503
        assert refused.json["type"] == "urn:problem-type:segmenter:busy"
        assert (refused.json["limit"], refused.json["value"]) == ("queue_length", 2)
        assert int(refused.headers["retry-after"]) > 0
        # A body is not unpacked for nothing.
        packed = {**TEXT, "Content-Encoding": "gzip"}
        assert server.request("POST", "/v1/segment", b"not packed", packed).status == 503
        assert server.request("GET", "/readyz").status == 200
        assert [answer.result().status for answer in (first, *waiting)] == [200, 200, 200]


def test_suggestions_find_no_room_in_a_full_queue(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    server = start(
        SEGMENTER_WORKERS="1", SEGMENTER_QUEUE_LENGTH="1", SEGMENTER_DATA=str(tmp_path)
    )  # fmt: skip
    store(server, one="<p>It was closed for two years.</p>")
    with full_queue(server):
        assert is_refused_for_the_queue(server.request("GET", SUGGESTIONS))
    assert len(server.request("GET", SUGGESTIONS).json["suggestions"]) == 1


def test_a_page_to_label_that_takes_too_long_is_refused_with_its_batch(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    server = start(
        SEGMENTER_WORKERS="4", SEGMENTER_PAGE_SECONDS="1", SEGMENTER_DATA=str(tmp_path)
    )  # fmt: skip

    def label(number: int) -> Answer:
        pages = [
            {"id": f"large-{number}", "html": TO_LABEL},
            {"id": f"small-{number}", "text": "A"},
        ]
        headers = {"Content-Type": "application/json"}
        return server.request("POST", "/v1/labels", json.dumps(pages), headers)

    with on_a_busy_core(server), ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(label, range(4)))
    assert {answer.status for answer in answers} <= {201, 422}
    late = [number for number, answer in enumerate(answers) if answer.status == 422]
    assert late
    for number in late:
        (fault,) = answers[number].json["errors"]
        assert (fault["row"], fault["page"]) == (1, f"large-{number}")
        assert "1 s" in fault["detail"]
    stored = {f"{size}-{n}" for n in range(4) if n not in late for size in ("large", "small")}
    assert set(server.request("GET", "/v1/labels").json["pages"]) == stored
    until(lambda: len(pool(server).children()) == 4)


def test_labels_find_no_room_in_a_full_queue(start: Callable[..., Server], tmp_path: Path) -> None:
    server = start(
        SEGMENTER_WORKERS="1", SEGMENTER_QUEUE_LENGTH="1", SEGMENTER_DATA=str(tmp_path)
    )  # fmt: skip
    page = json.dumps({"id": "one", "text": "Bridge reopens"})
    headers = {"Content-Type": "application/json"}
    with full_queue(server):
        assert is_refused_for_the_queue(server.request("POST", "/v1/labels", page, headers))
    assert server.request("GET", "/v1/labels").json["pages"] == []
    assert server.request("POST", "/v1/labels", page, headers).status == 201


def test_rows_of_a_batch_wait_for_room(start: Callable[..., Server]) -> None:
    server = start(SEGMENTER_WORKERS="1", SEGMENTER_QUEUE_LENGTH="1")
    rows = "".join(json.dumps({"text": SMALL.decode(), "id": str(n)}) + "\n" for n in range(40))
    answers: list[Answer] = []

    def batch() -> None:
        headers = {"Content-Type": "application/x-ndjson"}
        answers.append(server.request("POST", "/v1/segment/batch", rows, headers))

    threads = [threading.Thread(target=batch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answer in answers:
        assert [json.loads(line).get("id") for line in answer.body.splitlines()] == [
            str(number) for number in range(40)
        ]
        assert b'"error"' not in answer.body


def test_the_processes_end_with_the_service(start: Callable[..., Server]) -> None:
    server = start()
    everything = psutil.Process(server.process.pid).children(recursive=True)
    assert len(everything) >= 4
    os.kill(server.process.pid, signal.SIGKILL)
    until(lambda: not any(p.is_running() and p.status() != "zombie" for p in everything))
