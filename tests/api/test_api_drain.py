"""Ending and reloading lose no request that was accepted."""

from __future__ import annotations

import http.client
import json
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
from live_server import Answer, Server

TEXT = {"Content-Type": "text/plain"}
PAGE = b"The quick brown fox jumps over the lazy dog, and then sleeps until noon.\n\n" * 4_000

SLOW_TO_BOOT = """
import time
from gunicorn.workers.base import Worker

def slowly(worker, init_signals=Worker.init_signals):
    time.sleep(3)
    init_signals(worker)

Worker.init_signals = slowly
"""


def post(server: Server, page: bytes = PAGE) -> Answer:
    return server.request("POST", "/v1/segment", page, TEXT)


def test_sigterm_answers_everything_that_waits(launch: Callable[..., Server]) -> None:
    server = launch(SEGMENTER_WORKERS="1")
    with ThreadPoolExecutor(12) as threads:
        answers = [threads.submit(post, server) for _ in range(12)]
        while not any(answer.done() for answer in answers):
            time.sleep(0.02)
        server.process.send_signal(signal.SIGTERM)
        assert {answer.result().status for answer in answers} == {200}
    assert server.process.wait(timeout=60) == 0


def test_sigterm_to_every_process_is_no_different(launch: Callable[..., Server]) -> None:
    """As service managers do that end a whole group."""
    server = launch(SEGMENTER_WORKERS="1")
    top = psutil.Process(server.process.pid)
    with ThreadPoolExecutor(6) as threads:
        answers = [threads.submit(post, server) for _ in range(6)]
        while not any(answer.done() for answer in answers):
            time.sleep(0.02)
        for process in [top, *top.children(recursive=True)]:
            process.send_signal(signal.SIGTERM)
        assert {answer.result().status for answer in answers} == {200}
    assert server.process.wait(timeout=60) == 0


def test_sigterm_while_the_workers_boot(launch: Callable[..., Server], tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW_TO_BOOT)
    server = launch(PYTHONPATH=str(tmp_path))
    time.sleep(0.5)  # the worker is forked, and has no handlers of its own yet
    server.process.send_signal(signal.SIGTERM)
    # Requests, of which there are none, would have 80 seconds.
    assert server.process.wait(timeout=40) == 0


def test_a_batch_goes_on_to_its_end(launch: Callable[..., Server]) -> None:
    server = launch(SEGMENTER_WORKERS="1")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    row = json.dumps({"text": PAGE.decode()}).encode() + b"\n"
    connection.request(
        "POST", "/v1/segment/batch", row * 8, {"Content-Type": "application/x-ndjson"}
    )
    response = connection.getresponse()
    lines = [response.readline()]
    server.process.send_signal(signal.SIGTERM)
    lines += response.readlines()
    assert len(lines) == 8
    assert not any("error" in json.loads(line) for line in lines)
    connection.close()
    assert server.process.wait(timeout=60) == 0


def test_sighup_replaces_all_processes_and_fails_no_request(
    launch: Callable[..., Server],
) -> None:
    server = launch(SEGMENTER_WORKERS="2")
    top = psutil.Process(server.process.pid)

    def workers() -> set[int]:
        return {p.pid for child in top.children() for p in child.children()}

    assert post(server).status == 200
    before = workers()
    assert len(before) == 3
    statuses: list[int] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            statuses.append(post(server, PAGE[:7_500]).status)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1)
        server.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 60
        while workers() & before or len(workers()) != 3:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(1)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(statuses) > 10
    assert set(statuses) == {200}
