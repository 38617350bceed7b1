"""What the service tells of itself: metrics, log lines, request ids, trace context."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from live_server import Server
from prometheus_client.parser import text_string_to_metric_families

from api import create_app
from api.observe.logs import JsonFormatter
from api.observe.record import parse_traceparent
from api.settings import Settings
from segmenter import LABELS

PAGE = b"Bridge closed for repair\n\nThe bridge over the river will be closed until spring.\n"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Lines(logging.Handler):
    """Log lines as they would be written."""

    def __init__(self, *, traces: bool = False) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter(traces=traces))
        self.text: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.text.append(self.format(record))

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text]


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler = Lines()
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def fresh(tmp_path: Path) -> FlaskClient:
    return create_app(Settings(data=tmp_path)).test_client()


def counted(client: FlaskClient) -> dict[str, float]:
    text = client.get("/metrics", buffered=True).get_data(as_text=True)
    return {
        sample.name + json.dumps(sample.labels, sort_keys=True): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def post(client: FlaskClient, body: bytes, query: str = "", **headers: str) -> Any:
    return client.post(
        f"/v1/segment{query}", data=body, content_type="text/plain", headers=headers, buffered=True
    )


def test_what_is_counted_of_pages(fresh: FlaskClient) -> None:
    answers = [post(fresh, PAGE).get_json() for _ in range(3)]
    counts = counted(fresh)
    version = answers[0]["model"]["version"]
    model = json.dumps({"input": "text", "model": version})
    assert counts[f"segmenter_pages_total{model}"] == 3
    for label in LABELS:
        found = sum(block["label"] == label for answer in answers for block in answer["blocks"])
        assert counts[f"segmenter_blocks_total{json.dumps({'label': label})}"] == found
    assert counts["segmenter_page_confidence_count{}"] == 3
    assert counts["segmenter_page_confidence_sum{}"] == pytest.approx(
        sum(answer["confidence"] for answer in answers)
    )
    for stage in ("read", "segment", "answer"):
        name = json.dumps({"stage": stage})
        assert counts[f"segmenter_stage_seconds_count{name}"] == 3
    assert counts[f"segmenter_model_info{json.dumps(answers[0]['model'], sort_keys=True)}"] == 1


def test_what_is_counted_of_requests(tmp_path: Path) -> None:
    client = create_app(Settings(data=tmp_path, max_body_bytes=100)).test_client()
    post(client, PAGE)
    post(client, b"x" * 101)
    client.get("/v1/labels/some%20page", buffered=True)
    for path in ("/a", "/b", "/v1/nothing"):
        client.open(path, method="BREW", buffered=True)
    counts = counted(client)

    def requests(method: str, route: str, status: int) -> float:
        labels = {"method": method, "route": route, "status": str(status)}
        return counts[f"segmenter_requests_total{json.dumps(labels)}"]

    assert requests("POST", "/v1/segment", 200) == 1
    assert requests("POST", "/v1/segment", 413) == 1
    (one_page,) = {
        rule.rule
        for rule in client.application.url_map.iter_rules()
        if rule.rule.startswith("/v1/labels/<")
    }
    assert requests("GET", one_page, 404) == 1
    assert requests("other", "none", 404) == 3
    limit = json.dumps({"limit": "body_bytes"})
    assert counts[f"segmenter_rejected_total{limit}"] == 1
    assert counts["segmenter_requests_open{}"] == 1  # the one for the metrics


def test_a_log_line_for_each_request(fresh: FlaskClient, lines: Lines) -> None:
    answer = post(fresh, PAGE, "?id=secret-7", Authorization="Bearer hidden")
    (line,) = lines.objects
    assert line["message"] == "request"
    assert (line["method"], line["route"], line["status"]) == ("POST", "/v1/segment", 200)
    assert line["bytes"] == len(answer.data)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["model"] == answer.get_json()["model"]["version"]
    assert line["seconds"] >= 0
    assert line["at"].endswith("+00:00")


def test_health_leaves_no_line_unless_it_fails(tmp_path: Path, lines: Lines) -> None:
    client = create_app(Settings(data=tmp_path), load_model=False).test_client()
    client.get("/livez", buffered=True)
    client.get("/readyz", buffered=True)
    assert [(line["route"], line["status"]) for line in lines.objects] == [("/readyz", 503)]


def break_the_service(app: Flask) -> None:
    def broken() -> str:
        raise RuntimeError("Vertraulich: the text of a page") from OSError(28, "No space", "/a/b")

    app.view_functions["segment.segment"] = broken


def test_a_fault_tells_no_text_no_path_and_no_trace(tmp_path: Path, lines: Lines) -> None:
    app = create_app(Settings(data=tmp_path))
    break_the_service(app)
    answer = post(app.test_client(), b"Vertraulich", "?id=Vertraulich&url=http://a.example/x")
    assert answer.status_code == 500
    assert answer.get_json(force=True)["request_id"] == answer.headers["X-Request-Id"]
    told = answer.get_data(as_text=True) + "\n".join(lines.text)
    assert not any(word in told for word in ("Vertraulich", "a.example", "/a/b", "Traceback"))
    fault, request = lines.objects
    assert fault["error"] == ["RuntimeError", "OSError: No space"]
    assert fault["where"].startswith("test_api_observe:")
    assert fault["request_id"] == request["request_id"]
    assert (request["level"], request["status"]) == ("warning", 500)


def test_traces_on_demand(tmp_path: Path) -> None:
    handler = Lines(traces=True)
    logging.getLogger("api.problems").addHandler(handler)
    try:
        app = create_app(Settings(data=tmp_path))
        break_the_service(app)
        post(app.test_client(), PAGE)
    finally:
        logging.getLogger("api.problems").removeHandler(handler)
    assert "Traceback" in handler.objects[0]["trace"]


@pytest.mark.parametrize("sent", ["a", "0f8fad5b-d9cb-469f-a165-70867728950e", "A.b_c-1" * 18])
def test_a_sane_request_id_is_kept(client: FlaskClient, sent: str) -> None:
    assert client.get("/livez", headers={"X-Request-Id": sent}).headers["X-Request-Id"] == sent


@pytest.mark.parametrize(
    "sent", ["", " ", "a b", "a\tb", '"}', "a" * 129, "é", "<script>", "../../etc"]
)
def test_another_one_is_replaced(client: FlaskClient, sent: str) -> None:
    given_ = client.get("/livez", headers={"X-Request-Id": sent}).headers["X-Request-Id"]
    assert given_ != sent
    assert len(given_) == 32


def test_every_problem_has_the_request_id(client: FlaskClient) -> None:
    for response in (client.get("/nothing"), client.post("/v1/segment")):
        assert response.status_code >= 400
        document = response.get_json(force=True)
        assert document["request_id"] == response.headers["X-Request-Id"]


def test_trace_context_is_passed_on(fresh: FlaskClient, lines: Lines) -> None:
    answer = post(fresh, PAGE, traceparent=PARENT)
    context = parse_traceparent(answer.headers["traceresponse"])
    assert context is not None
    _, trace, parent, flags = PARENT.split("-")
    assert (context.trace, context.flags) == (trace, flags)
    assert context.span != parent
    (line,) = lines.objects
    assert (line["trace_id"], line["span_id"], line["parent_id"]) == (trace, context.span, parent)
    assert "traceresponse" not in post(fresh, PAGE).headers


@pytest.mark.parametrize(
    "value",
    [
        "",
        PARENT.upper(),
        PARENT[:-1],
        f"{PARENT}-more",
        f"ff{PARENT[2:]}",
        "00-" + "0" * 32 + PARENT[35:],
        PARENT[:36] + "0" * 16 + "-01",
        PARENT.replace("-", "_"),
    ],
)
def test_what_is_no_trace_context(value: str) -> None:
    assert parse_traceparent(value) is None


def test_a_later_version_of_trace_context_may_have_more() -> None:
    assert parse_traceparent(f"01{PARENT[2:]}-more") is not None


@given(st.text(max_size=80))
def test_any_other_header_is_as_if_it_were_missing(value: str) -> None:
    context = parse_traceparent(value)
    assert context is None or parse_traceparent(context.header) == context


def test_a_client_that_goes_away_is_told_apart(fresh: FlaskClient, lines: Lines) -> None:
    app = fresh.application
    app.add_url_rule("/livez/parts", view_func=lambda: iter([b"one", b"two"]))
    response = fresh.get("/livez/parts")
    assert next(iter(response.iter_encoded())) == b"one"
    response.close()
    (line,) = lines.objects
    assert line["complete"] is False
    assert counted(fresh)["segmenter_requests_open{}"] == 1


@pytest.mark.slow
def test_any_process_gives_the_counts_of_all(launch: Callable[..., Server]) -> None:
    """Eight segmenting processes make two that answer; one of these is killed in between."""
    server = launch(SEGMENTER_WORKERS="8")

    def pages() -> set[float]:
        found = set()
        for _ in range(12):
            text = server.request("GET", "/metrics").body.decode()
            samples = [s for f in text_string_to_metric_families(text) for s in f.samples]
            found.add(sum(s.value for s in samples if s.name == "segmenter_pages_total"))
        return found

    def segment(count: int) -> None:
        for _ in range(count):
            answer = server.request("POST", "/v1/segment", PAGE, {"Content-Type": "text/plain"})
            assert answer.status == 200

    segment(12)
    assert pages() == {12}
    parent = next(
        p for p in psutil.Process(server.process.pid).children() if "service" in p.cmdline()
    )
    first, second = parent.children()
    first.kill()
    first.wait(10)
    segment(3)
    assert pages() == {15}
    assert second.is_running()
