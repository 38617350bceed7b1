"""A real server, started with ``python -m api`` and driven over a socket."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from live_server import LIMIT, ROOT, Answer, Server, read_answer, run_environment

from api.settings import VARIABLES

SEED = ROOT / "seeds" / "pages" / "000_5c0e006fbbd7d074.txt"
TEXT = {"Content-Type": "text/plain"}
JSON = {"Content-Type": "application/json"}


def check_problem(answer: Answer, status: int) -> dict[str, Any]:
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json
    assert document["status"] == status
    return document


def pieces(body: bytes, size: int = 50_000) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def test_it_says_where_it_listens_and_what_it_serves(server: Server) -> None:
    ready = server.request("GET", "/readyz")
    assert ready.status == 200
    model = ready.json["model"]
    assert f"http://127.0.0.1:{server.port} " in server.announcement
    assert f"{model['name']} {model['version']}" in server.announcement
    assert "2 workers" in server.announcement


def test_livez(server: Server) -> None:
    assert server.request("GET", "/livez").status == 200


def test_headers(server: Server) -> None:
    headers = server.request("GET", "/livez").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert not any(char.isdigit() for char in headers["server"])


def test_the_owners_page(server: Server) -> None:
    """The seed page comes back with every block in its place and labelled as its file says."""
    expected = json.loads(SEED.with_suffix(".labels.json").read_text(encoding="utf-8"))["blocks"]
    answer = server.request("POST", "/v1/segment", SEED.read_bytes(), TEXT)
    assert answer.status == 200
    fields = ("start", "end", "label", "text")
    found = [{name: block[name] for name in fields} for block in answer.json["blocks"]]
    assert len(found) == 38
    assert found == [{name: block[name] for name in fields} for block in expected]


def test_a_chunked_body_gives_the_same_answer(server: Server) -> None:
    page = SEED.read_bytes()
    whole = server.request("POST", "/v1/segment", page, TEXT)
    chunked = server.request("POST", "/v1/segment", pieces(page, 100), TEXT, chunked=True)
    assert chunked.status == 200
    assert chunked.body == whole.body


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
def test_a_chunked_body_at_the_limit(server: Server, more: int, status: int) -> None:
    body = (b"x" * 999 + b"\n") * (LIMIT // 1000) + b"x" * more
    answer = server.request("POST", "/v1/segment", pieces(body), TEXT, chunked=True)
    assert answer.status == status


def test_the_client_errors_are_told_apart(server: Server) -> None:
    def post(body: bytes, headers: dict[str, str], query: str = "") -> Answer:
        return server.request("POST", f"/v1/segment{query}", body, headers)

    check_problem(post(b"page", {"Content-Type": "image/png"}), 415)
    check_problem(post(b" " * (LIMIT + 1), TEXT), 413)
    check_problem(post(b"{", JSON), 400)
    check_problem(post(b'{"text": "a", "html": "b"}', JSON), 422)
    check_problem(post(b"page", TEXT, "?foo=1"), 422)
    check_problem(post(b"[" * 100_000, JSON), 400)
    check_problem(server.request("GET", "/v1/segment"), 405)
    check_problem(server.request("GET", "/nothing"), 404)


def test_a_lone_surrogate(server: Server) -> None:
    answer = server.request("POST", "/v1/segment", b'{"text": "a \\ud800 b"}', JSON)
    assert answer.status in (200, 422)
    json.loads(answer.body.decode("utf-8"))


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    ("path", "media_type", "status"),
    [
        ("/v1/segment", "text/plain", 413),
        ("/v1/segment", "image/png", 415),
        ("/nothing", "text/plain", 404),
    ],
)
def test_a_big_body_is_answered_not_reset(
    server: Server, path: str, media_type: str, status: int, chunked: bool
) -> None:
    body = b"x" * (LIMIT * 6)
    sent = pieces(body) if chunked else body
    answer = server.request("POST", path, sent, {"Content-Type": media_type}, chunked=chunked)
    check_problem(answer, status)


def test_silent_connections_do_not_keep_the_workers(launch: Callable[..., Server]) -> None:
    server = launch(SEGMENTER_WORKERS="1", SEGMENTER_CLIENT_SECONDS="3")
    with socket.create_connection(("127.0.0.1", server.port)) as silent:
        time.sleep(0.2)
        start = time.monotonic()
        assert server.request("GET", "/livez").status == 200
        assert time.monotonic() - start < 20
        assert silent.recv(1) == b""


def test_concurrent_requests_give_identical_answers(server: Server) -> None:
    pages = [path.read_bytes() for path in sorted(SEED.parent.glob("*.txt"))[:3]]

    def ask(page: bytes) -> bytes:
        answer = server.request("POST", "/v1/segment?probabilities=true", page, TEXT)
        assert answer.status == 200
        return answer.body

    alone = [ask(page) for page in pages]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(ask, pages * 8))
    assert together == alone * 8


def test_sigterm_lets_a_running_request_finish(launch: Callable[..., Server]) -> None:
    server = launch(SEGMENTER_WORKERS="1")
    page = SEED.read_bytes()
    connection = server.connect()
    connection.putrequest("POST", "/v1/segment")
    connection.putheader("Content-Type", "text/plain")
    connection.putheader("Content-Length", str(len(page)))
    connection.endheaders(page[:1000])
    time.sleep(0.5)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    connection.send(page[1000:])
    assert read_answer(connection).status == 200
    connection.close()
    assert server.stop() == 0
    with pytest.raises(ConnectionRefusedError):
        server.request("GET", "/livez")


def run_to_its_end(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api", *arguments],
        check=False,
        cwd=ROOT,
        env=run_environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
    )


def check_refusal(finished: subprocess.CompletedProcess[str], *words: str) -> None:
    assert finished.returncode == 1
    assert finished.stdout == ""
    (line,) = finished.stderr.splitlines()
    assert all(word in line for word in words)


def test_numpy_is_not_loaded_before_the_runner_sets_its_threads() -> None:
    code = "import sys, api, api.__main__; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=True)


def test_a_port_in_use(server: Server) -> None:
    finished = run_to_its_end(SEGMENTER_PORT=str(server.port))
    check_refusal(finished, str(server.port), "in use", "SEGMENTER_PORT")


def test_an_address_that_is_not_ours() -> None:
    check_refusal(run_to_its_end(SEGMENTER_HOST="192.0.2.1"), "192.0.2.1", "SEGMENTER_HOST")


def test_a_host_name_that_is_none() -> None:
    check_refusal(run_to_its_end(SEGMENTER_HOST="a..b"), "SEGMENTER_HOST")


def test_a_wrong_setting() -> None:
    check_refusal(run_to_its_end(SEGMENTER_PORT="eighty"), "SEGMENTER_PORT", "eighty")


def test_a_model_that_is_missing(tmp_path: Path) -> None:
    check_refusal(run_to_its_end(SEGMENTER_MODEL=str(tmp_path / "none")), "none")


def test_help_names_every_variable() -> None:
    finished = run_to_its_end("--help")
    assert finished.returncode == 0
    assert all(name in finished.stdout for name in VARIABLES)
