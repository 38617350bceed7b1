"""Retraining over HTTP: the walk-through of the documentation, workers that die, switching under
load."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from live_server import ROOT, Server, run_environment
from retraining import records
from walkthrough import shell_blocks

from segmenter import Segmenter
from segmenter.labels.records import LabelRecord
from segmenter.labels.suggestions import suggest
from segmenter.model_package import load_model
from segmenter.registry.versions import Registry

JSON = {"Content-Type": "application/json"}
LINES = {"Content-Type": "application/x-ndjson"}
WAIT_SECONDS = 600


def lines(items: list[LabelRecord]) -> bytes:
    return "".join(json.dumps(item.to_dict()) + "\n" for item in items).encode()


def ended(server: Server, run: str) -> dict[str, Any]:
    return until(server, run, "succeeded", "failed", "cancelled")


def until(server: Server, run: str, *states: str) -> dict[str, Any]:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        answer: dict[str, Any] = server.request("GET", f"/v1/training-runs/{run}").json
        if answer["state"] in states:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"the run is {answer['state']}: {answer['log']}")


@pytest.fixture
def start(launch: Callable[..., Server], tmp_path: Path, base: Path) -> Callable[..., Server]:
    def started(**variables: str) -> Server:
        return launch(
            **{
                "SEGMENTER_MODEL": str(base),
                "SEGMENTER_DATA": str(tmp_path / "segmenter-data"),
                "SEGMENTER_WORKERS": "2",
                "SEGMENTER_TRAINERS": "1",
                **variables,
            }
        )

    return started


@pytest.mark.slow
def test_the_walk_through(start: Callable[..., Server], tmp_path: Path, base: Path) -> None:
    """Every command of docs/retraining.md, in order, as a reader runs them."""
    server = start()
    first, *blocks = shell_blocks(ROOT / "docs" / "retraining.md")
    assert first == "make serve\n"
    script = "set -euo pipefail\n" + "\n".join(blocks)
    script = script.replace(".venv/bin/python", sys.executable)
    script = script.replace(".venv/bin/segmenter", f"{sys.executable} -m segmenter.cli")
    script = script.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{server.port}")
    script = script.replace("--base default", f"--base {base}")
    environment = run_environment(SEGMENTER_MODEL=str(base), PYTHONPATH=str(ROOT))
    done = subprocess.run(
        ["bash", "-c", script], check=False, cwd=tmp_path, env=environment,
        capture_output=True, text=True, timeout=WAIT_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert run["state"] == "succeeded", run
    assert run["outcome"]["promoted"], run["outcome"]["reason"]
    before, after = (
        json.loads((tmp_path / f"{name}.json").read_text("utf-8")) for name in ("before", "after")
    )
    assert after["model"]["version"] == run["outcome"]["version"]
    assert [b["label"] for b in before["blocks"]] != [b["label"] for b in after["blocks"]]
    time.sleep(2)  # the last command is a rollback
    assert server.request("GET", "/readyz").json["model"] == before["model"]
    page = json.loads((tmp_path / "pages.jsonl").read_text("utf-8").splitlines()[-1])
    gold = [block["label"] for block in page["blocks"]]
    right = [
        sum(b["label"] == g for b, g in zip(answer["blocks"], gold, strict=True))
        for answer in (before, after)
    ]
    assert right[1] > right[0]


def child(parent: int, word: str) -> int | None:
    """The process below another one whose command line has a word."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            status = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(status[1]) == parent and word.encode() in command:
            return int(entry.name)
    return None


def waited(find: Callable[[], int | None]) -> int:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        found = find()
        if found is not None:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not start")


def until_gone(process: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return
        except OSError:
            return
        time.sleep(0.05)
    raise AssertionError("the run's process outlived its worker")


@pytest.mark.slow
def test_a_killed_worker_leaves_the_run_failed_and_all_else_as_it_was(
    start: Callable[..., Server],
) -> None:
    server = start()
    assert server.request("POST", "/v1/labels", lines(records(count=8)), LINES).status == 201
    run = server.request("POST", "/v1/training-runs").json["id"]
    until(server, run, "running")
    worker = waited(lambda: child(server.process.pid, "training-worker"))
    work = waited(lambda: child(worker, "training-run"))
    os.kill(worker, signal.SIGKILL)
    until_gone(work)
    failed = ended(server, run)
    assert failed["state"] == "failed"
    assert "worker ended" in failed["error"]
    assert len(server.request("GET", "/v1/models").json["models"]) == 1
    assert len(server.request("GET", "/v1/labels").json["pages"]) == 8
    # The worker is started again, and does the next run.
    again = server.request("POST", "/v1/training-runs", b'{"promote": "never"}', JSON)
    assert again.status == 202
    assert ended(server, again.json["id"])["state"] == "succeeded"


@pytest.mark.slow
def test_a_run_that_is_cancelled_or_over_its_limits(start: Callable[..., Server]) -> None:
    server = start(SEGMENTER_RUN_SECONDS="3")
    server.request("POST", "/v1/labels", lines(records(count=20) + records(3, 20)), LINES)
    first = server.request("POST", "/v1/training-runs").json["id"]
    second = server.request("POST", "/v1/training-runs").json["id"]
    until(server, first, "running")
    assert server.request("GET", f"/v1/training-runs/{second}").json["state"] == "queued"
    assert server.request("POST", f"/v1/training-runs/{first}/cancel").status == 202
    assert ended(server, first)["state"] == "cancelled"
    late = ended(server, second)
    assert late["state"] == "failed"
    assert late["error"] == "it took longer than 3 seconds"
    assert server.request("POST", f"/v1/training-runs/{second}/cancel").status == 409
    assert len(server.request("GET", "/v1/models").json["models"]) == 1


@pytest.mark.slow
def test_switching_under_load_fails_no_request(
    start: Callable[..., Server], tmp_path: Path, base: Path
) -> None:
    """Every worker has the new version within two seconds, and all requests are answered."""
    registry = Registry(tmp_path / "segmenter-data" / "models", base)
    describe = {"name": "default", "created": "", "corpora": {}, "split": "", "seed": 0}
    made = registry.add(
        load_model(base).classifiers, {**describe, "metrics": {}}, lambda name: f"# {name}\n"
    ).name
    server = start(SEGMENTER_TRAINERS="0", SEGMENTER_WORKERS="3")
    page = records(count=1)[0].content.encode()
    answers: list[tuple[float, int, str]] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            began = time.monotonic()
            answer = server.request("POST", "/v1/segment", page, {"Content-Type": "text/html"})
            version = answer.json["model"]["version"] if answer.status == 200 else ""
            answers.append((began, answer.status, version))

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    switches: list[tuple[float, str]] = []
    try:
        for turn in range(4):
            time.sleep(1)
            path = f"/v1/models/{made}/promote" if turn % 2 == 0 else "/v1/models/rollback"
            answer = server.request("POST", path)
            assert answer.status == 200
            switches.append((time.monotonic(), answer.json["version"]))
            time.sleep(3)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(answers) > 100
    assert {status for _, status, _ in answers} == {200}
    for number, (moment, version) in enumerate(switches):
        end = switches[number + 1][0] - 0.5 if number + 1 < len(switches) else float("inf")
        later = {name for began, _, name in answers if moment + 2 < began < end}
        assert later == {version}


def test_labels_over_http(start: Callable[..., Server]) -> None:
    server = start(SEGMENTER_TRAINERS="0")
    one, other = records(count=2)
    wrong = {**one.to_dict(), "id": "w", "blocks": [{"label": "x", "text": "y"}]}
    refused = server.request("POST", "/v1/labels", json.dumps([one.to_dict(), wrong]), JSON)
    assert refused.status == 422
    (fault,) = refused.json["errors"]
    assert (fault["row"], fault["page"], fault["block"]) == (2, "w", 1)
    assert server.request("GET", "/v1/labels").json["pages"] == []
    broken = lines([one]) + b"{\n" + json.dumps(wrong).encode()
    refused = server.request("POST", "/v1/labels", broken, LINES)
    assert [fault["row"] for fault in refused.json["errors"]] == [2, 3]
    odd = replace(one, id="folder/page é")
    stored = server.request("POST", "/v1/labels", json.dumps(odd.to_dict()), JSON)
    assert (stored.status, stored.json["pages"][0]["revision"]) == (201, 1)
    path = "/v1/labels/folder/page%20%C3%A9"
    page = server.request("GET", path).json
    assert page["revisions"][0]["blocks"] == page["blocks"]
    bare = replace(other, blocks=())
    server.request("POST", "/v1/labels", lines([bare]), LINES)
    found = server.request("GET", "/v1/labels/suggestions?count=5").json["suggestions"]
    assert [item["id"] for item in found] == [other.id]
    assert found[0]["blocks"]
    assert server.request("DELETE", path).status == 204
    assert server.request("GET", path).status == 404
    assert server.request("DELETE", path).status == 404


def test_suggestions_over_http_are_those_of_the_library(
    start: Callable[..., Server], base: Path
) -> None:
    """In their order, with the model's blocks, however many processes rate the pages."""
    bare = [replace(record, blocks=()) for site in (3, 4, 5) for record in records(site, 4)]
    labelled = records(4, 2, first=4)
    found = suggest(sorted(bare, key=lambda record: record.id), Segmenter.load(base), 9, labelled)
    wanted = [
        {
            "id": item.record.id,
            "url": item.record.url,
            "score": round(item.score, 4),
            "uncertainty": round(item.uncertainty, 4),
            "novelty": round(item.novelty, 4),
            "model": asdict(item.segmentation.model),
            "blocks": [
                {
                    name: getattr(block, name)
                    for name in ("start", "end", "label", "probability", "text")
                }
                for block in item.segmentation.blocks
            ],
        }
        for item in found
    ]
    server = start(SEGMENTER_TRAINERS="0", SEGMENTER_WORKERS="3")
    assert server.request("POST", "/v1/labels", lines([*bare, *labelled]), LINES).status == 201
    for _ in range(3):
        assert server.request("GET", "/v1/labels/suggestions?count=9").json["suggestions"] == wanted


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/labels", "[]", 422),
        ("POST", "/v1/labels", "{", 400),
        ("POST", "/v1/labels", '{"id": "suggestions", "text": "a"}', 422),
        ("GET", "/v1/labels?limit=0", None, 422),
        ("GET", "/v1/labels/suggestions?count=x", None, 422),
        ("POST", "/v1/training-runs", '{"promote": "maybe"}', 422),
        ("POST", "/v1/training-runs", '{"seed": 1.5}', 422),
        ("POST", "/v1/training-runs", '{"base_loss": 2}', 422),
        ("POST", "/v1/training-runs", "[]", 422),
        ("GET", "/v1/training-runs/none", None, 404),
        ("POST", "/v1/training-runs/none/cancel", None, 404),
        ("GET", "/v1/models/none", None, 404),
        ("POST", "/v1/models/none/promote", None, 404),
        ("POST", "/v1/models/rollback", None, 409),
        ("POST", "/v1/models/rollback", '{"because": 1}', 422),
        ("POST", "/v1/models/prune", '{"keep": -1}', 422),
        ("PUT", "/v1/models/x", None, 405),
    ],
)
def test_wrong_requests_get_problems(
    client: Any, method: str, path: str, body: str | None, status: int
) -> None:
    headers = {} if body is None else JSON
    answer = client.open(path, method=method, data=body, headers=headers)
    assert answer.status_code == status, answer.data
    assert answer.mimetype == "application/problem+json"
