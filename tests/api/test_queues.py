"""Training runs over a queue in SQLite, Redis and PostgreSQL, with the worker apart."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis_server
from live_server import ROOT, Server, run_environment
from retraining import records

from api import create_app
from api.jobs.queue import RunQueue
from api.observe.record import TraceContext
from api.settings import Settings, SettingsError
from bench import postgres
from segmenter.keys import new_key

CONTEXT = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "01")
WAIT_SECONDS = 300
needs_redis = pytest.mark.skipif(
    redis_server.PROGRAM is None, reason="redis-server is not installed"
)
needs_postgres = pytest.mark.skipif(
    postgres.programs() is None, reason="PostgreSQL is not installed"
)


@pytest.fixture(
    params=["sqlite", pytest.param("redis", marks=needs_redis),
            pytest.param("postgresql", marks=needs_postgres)]
)  # fmt: skip
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    with queue_server(request.param) as url:
        yield Settings(data=tmp_path, queue=url)


@contextmanager
def queue_server(kind: str) -> Iterator[str | None]:
    if kind == "redis":
        with redis_server.running_redis() as server:
            yield server.url
    elif kind == "postgresql":
        with postgres.running_server() as url:
            yield url
    else:
        yield None


@contextmanager
def worker(settings: Settings, work: Callable[[str, str | None], bool]) -> Iterator[None]:
    """A worker in threads of this process."""
    consumer = RunQueue(settings, work).huey.create_consumer(
        workers=1, periodic=False, initial_delay=0.05, max_delay=0.1
    )
    consumer.start()
    try:
        yield
    finally:
        consumer.stop(graceful=True)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_runs_come_out_in_order_with_their_trace(settings: Settings) -> None:
    done: list[tuple[str, str | None]] = []

    def work(identity: str, trace: str | None) -> bool:
        done.append((identity, trace))
        return True

    sender = RunQueue(settings)
    sender.send("1")
    sender.send("2", CONTEXT)
    with worker(settings, work):
        until(lambda: len(done) == 2)
        RunQueue(settings).send("3")
        until(lambda: len(done) == 3)
    assert done == [("1", None), ("2", CONTEXT.header), ("3", None)]


def test_a_run_that_has_to_wait_comes_again(settings: Settings) -> None:
    tries: list[str] = []

    def work(identity: str, _trace: str | None) -> bool:
        tries.append(identity)
        return len(tries) > 1

    RunQueue(settings).send("1")
    with worker(settings, work):
        until(lambda: tries == ["1", "1"])


@pytest.mark.parametrize("url", ["amqp://me:secret@host", "redis", "http://a", "sqlite:///x"])
def test_other_queues_are_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="SEGMENTER_QUEUE") as caught:
        Settings(queue=url)
    assert "secret" not in str(caught.value)


class Trainer:
    """A training worker as a service of its own."""

    def __init__(self, log: Path, **variables: str) -> None:
        self._log = log
        with log.open("w", encoding="utf-8") as told:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api", "training-worker"],
                cwd=ROOT, env=run_environment(**variables), stderr=told,
            )  # fmt: skip

    def lines(self, run: str) -> list[dict[str, Any]]:
        """What it logged of a run so far."""
        whole = self._log.read_text("utf-8").rpartition("\n")[0]
        lines = [json.loads(line) for line in whole.splitlines()]
        return [line for line in lines if line.get("run") == run]

    def stop(self) -> None:
        """Let it end."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)


def post_labels(server: Server) -> None:
    body = "".join(json.dumps(item.to_dict()) + "\n" for item in records(count=8)).encode()
    headers = {"Content-Type": "application/x-ndjson"}
    assert server.request("POST", "/v1/labels", body, headers).status == 201


def until_state(server: Server, run: str, *states: str) -> dict[str, Any]:
    answer: dict[str, Any] = {}

    def reached() -> bool:
        nonlocal answer
        answer = server.request("GET", f"/v1/training-runs/{run}").json
        return answer["state"] in states

    until(reached)
    return answer


@pytest.mark.slow
@needs_postgres
@pytest.mark.parametrize("queue", [pytest.param("redis", marks=needs_redis), "postgresql"])
def test_the_worker_as_a_service_of_its_own(
    launch: Callable[..., Server], tmp_path: Path, base: Path, queue: str
) -> None:
    """As in deploy/compose.yaml: it starts without the service, and goes on through an outage."""
    with postgres.controlled_server() as store, queue_server(queue) as url:
        variables = {
            "SEGMENTER_MODEL": str(base),
            "SEGMENTER_DATA": str(tmp_path),
            "SEGMENTER_STORE": store.url,
            "SEGMENTER_QUEUE": url or "",
        }
        trainer = Trainer(tmp_path / "trainer.log", **variables)
        server = launch(SEGMENTER_WORKERS="1", **variables)
        post_labels(server)
        asked = server.request("POST", "/v1/training-runs", headers={"traceparent": CONTEXT.header})
        assert asked.status == 202
        run = asked.json["id"]
        until_state(server, run, "running")
        store.kill()
        away = server.request("GET", "/v1/labels")
        assert away.status == 503
        assert away.json["type"].endswith(":store-away")
        assert int(away.headers["retry-after"]) >= 1
        time.sleep(2)
        store.start()
        last = until_state(server, run, "succeeded", "failed", "cancelled")
        assert last["state"] == "succeeded", last
        until(lambda: len(trainer.lines(run)) >= 2)
        trainer.stop()
        lines = trainer.lines(run)
    assert [line["message"] for line in lines] == [
        "a training run began",
        "a training run ended",
    ]
    assert {line["trace_id"] for line in lines} == {CONTEXT.trace}


@needs_redis
def test_a_queue_that_is_away_loses_no_run(tmp_path: Path) -> None:
    with redis_server.running_redis() as queue:
        app = create_app(Settings(data=tmp_path, queue=queue.url), load_model=False)
        queue.kill()
        answer = app.test_client().post("/v1/training-runs")
        assert answer.status_code == 202
        run = app.test_client().get(answer.headers["Location"]).get_json()
        assert run["state"] == "queued"


@needs_redis
def test_the_rate_is_counted_over_processes_and_by_each_where_that_fails(tmp_path: Path) -> None:
    secret, key = new_key("read", "crawler")
    keys = tmp_path / "keys"
    keys.write_text(key.line(), "utf-8")
    with redis_server.running_redis() as counter:
        config = Settings(
            data=tmp_path, api_keys=keys, rate_limit="4/hour", rate_store=counter.url
        )  # fmt: skip
        # Two apps stand for two processes.
        clients = [create_app(config, load_model=False).test_client() for _ in range(2)]

        def ask(number: int) -> int:
            headers = {"Authorization": f"Bearer {secret}"}
            return clients[number].get("/v1/models", headers=headers).status_code

        assert [ask(number) for number in (0, 1, 0, 1, 0, 1)] == [200] * 4 + [429] * 2
        counter.kill()
        assert [ask(0) for _ in range(5)] == [200] * 4 + [429]
