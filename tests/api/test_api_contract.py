"""The OpenAPI document, and what it promises: forms, tags, repeated requests, lists."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from contract import CheckedClient, whole_document
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from api import create_app
from api.contract.document import path_template
from api.problems import ProblemType
from api.settings import Settings
from api.store import repeats
from segmenter import __version__

PAGE = "Bridge reopens\n\nBy Anna Lind\n\nThe bridge was closed in spring because it had rusted."
LABELLED = {"id": "p1", "text": PAGE, "blocks": [{"label": "headline", "text": "Bridge reopens"}]}
# Pages and files for browsers, and what browsers ask for.
NOT_FOR_PROGRAMS = ("/", "/docs", "/workbench", "/static")


@pytest.fixture
def own(tmp_path: Path) -> FlaskClient:
    """An app with a store of its own."""
    app = create_app(Settings(data=tmp_path))
    app.test_client_class = CheckedClient
    return app.test_client()


def test_it_is_a_valid_openapi_3_1_document_of_the_products_version(client: FlaskClient) -> None:
    served = client.get("/openapi.json").get_json()
    assert served["openapi"] == "3.1.0"
    assert served["info"]["version"] == __version__
    for found in (served, whole_document()):
        assert list(OpenAPIV31SpecValidator(found).iter_errors()) == []


def test_every_route_is_described_and_nothing_else(app: Flask) -> None:
    routes = {
        (path_template(rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not any(
            rule.rule == page or rule.rule.startswith(f"{page}/") for page in NOT_FOR_PROGRAMS[1:]
        )
        and rule.rule != "/"
    }
    described = {
        (path, method.upper())
        for path, operations in whole_document()["paths"].items()
        for method in operations
    }
    assert described == routes


def test_everything_has_words_and_an_example() -> None:
    found = whole_document()
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            place = f"{method} {path}"
            assert operation["summary"], place
            for parameter in operation.get("parameters", []):
                assert parameter["description"], place
                assert "example" in parameter, place
            for status, response in operation["responses"].items():
                assert response["description"], (place, status)
                for header in response["headers"].values():
                    assert header["description"]
                    assert header["example"]
                for kind, content in response.get("content", {}).items():
                    if kind == "application/problem+json":
                        assert content["examples"], (place, status)
    for name, schema in found["components"]["schemas"].items():
        assert schema["description"], name


def test_every_problem_has_a_whole_example_and_role_and_status() -> None:
    shown: dict[str, set[str]] = {}
    for operations in whole_document()["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {}).get("application/problem+json", {})
                for example in content.get("examples", {}).values():
                    assert str(example["value"]["status"]) == status
                    shown.setdefault(example["value"]["type"], set()).add(status)
    from api import problems

    kinds = [kind for kind in vars(problems).values() if isinstance(kind, ProblemType)]
    assert set(shown) == {kind.uri for kind in kinds}


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/plain", "text/plain"),
        ("text/*", "text/plain"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("text/plain;q=0.5, application/x-ndjson", "application/x-ndjson"),
        ("text/plain, application/json", "application/json"),
        ("application/json;q=0, */*", "application/x-ndjson"),
        ("text/html, text/plain;q=0.1", "text/plain"),
    ],
)
def test_accept_chooses_the_form(client: FlaskClient, accept: str | None, form: str) -> None:
    headers = {} if accept is None else {"Accept": accept}
    whole = client.post("/v1/segment", json={"text": PAGE}).get_json()
    answer = client.post("/v1/segment", json={"text": PAGE}, headers=headers)
    assert answer.status_code == 200
    assert answer.mimetype == form
    assert "Accept" in answer.headers["Vary"]
    if form == "text/plain":
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.get_data(as_text=True) == whole["text"]
    elif form == "application/x-ndjson":
        assert [json.loads(line) for line in answer.data.splitlines()] == whole["blocks"]
    else:
        assert answer.get_json() == whole


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "text/html", "nonsense"])
def test_a_form_that_there_is_not(client: FlaskClient, accept: str) -> None:
    answer = client.post("/v1/segment", json={"text": PAGE}, headers={"Accept": accept})
    assert answer.status_code == 406
    assert answer.get_json(force=True)["accepted"] == [
        "application/json",
        "application/x-ndjson",
        "text/plain",
    ]


@pytest.mark.parametrize("accept", ["text/plain", "application/x-ndjson"])
def test_lone_surrogates_in_every_form(client: FlaskClient, accept: str) -> None:
    body = b'{"text": "one \\ud800 two", "keep": ["body", "headline", "boilerplate", "teaser"]}'
    answer = client.post(
        "/v1/segment", data=body, content_type="application/json", headers={"Accept": accept}
    )
    assert answer.status_code == 200
    answer.data.decode("utf-8")


@pytest.mark.parametrize(
    "path", ["/openapi.json", "/v1/models", "/v1/labels", "/v1/labels/p1", "/v1/training-runs"]
)
def test_a_client_that_has_the_answer_is_told_so(own: FlaskClient, path: str) -> None:
    own.post("/v1/labels", json=LABELLED)
    first = own.get(path)
    tag = first.headers["ETag"]
    for sent in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = own.get(path, headers={"If-None-Match": sent})
        assert (again.status_code, again.data) == (304, b""), sent
        assert again.headers["ETag"] == tag
    assert own.get(path, headers={"If-None-Match": '"other"'}).data == first.data


def test_a_change_changes_the_tag(own: FlaskClient) -> None:
    before = own.get("/v1/labels").headers["ETag"]
    own.post("/v1/labels", json=LABELLED)
    assert own.get("/v1/labels", headers={"If-None-Match": before}).status_code == 200


def test_a_repeated_request_gets_the_first_answer_and_creates_nothing(own: FlaskClient) -> None:
    key = {"Idempotency-Key": "one"}
    first, again = (own.post("/v1/training-runs", json={"seed": 3}, headers=key) for _ in range(2))
    assert first.status_code == again.status_code == 202
    assert again.data == first.data
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert len(own.get("/v1/training-runs").get_json()["training_runs"]) == 1


def test_a_key_is_of_one_request(own: FlaskClient) -> None:
    key = {"Idempotency-Key": "one"}
    assert own.post("/v1/labels", json=LABELLED, headers=key).status_code == 201
    for path, body in (("/v1/labels", {**LABELLED, "id": "p2"}), ("/v1/training-runs", {})):
        answer = own.post(path, json=body, headers=key)
        assert answer.status_code == 422
        assert answer.get_json(force=True)["type"].endswith("idempotency-key-reused")
    assert own.get("/v1/labels").get_json()["pages"] == ["p1"]
    assert own.get("/v1/training-runs").get_json()["training_runs"] == []


def test_a_refused_request_is_not_kept(own: FlaskClient) -> None:
    key = {"Idempotency-Key": "one"}
    assert own.post("/v1/labels", json={"id": "p1"}, headers=key).status_code == 422
    assert own.post("/v1/labels", json=LABELLED, headers=key).status_code == 201


def test_a_key_is_forgotten_after_a_day(own: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"Idempotency-Key": "one"}
    own.post("/v1/training-runs", headers=key)
    monkeypatch.setattr(repeats, "KEPT_FOR", timedelta(0))
    assert "Idempotency-Replayed" not in own.post("/v1/training-runs", headers=key).headers
    assert len(own.get("/v1/training-runs").get_json()["training_runs"]) == 2


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256])
def test_a_key_that_is_none(own: FlaskClient, key: str) -> None:
    answer = own.post("/v1/training-runs", headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    (error,) = answer.get_json(force=True)["errors"]
    assert (error["in"], error["name"]) == ("header", "Idempotency-Key")
    assert "ASCII" in error["detail"]


def test_repeats_at_the_same_moment_create_one(own: FlaskClient) -> None:
    answers: list[Any] = []

    def send() -> None:
        headers = {"Idempotency-Key": "one"}
        client = own.application.test_client()
        answers.append(client.post("/v1/training-runs", headers=headers).get_json())

    own.get("/v1/labels")
    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer["id"] for answer in answers}) == 1
    assert len(answers) == 6


@pytest.mark.parametrize(
    ("path", "member", "name"),
    [
        ("/v1/labels", "pages", lambda page: page),
        ("/v1/training-runs", "training_runs", lambda run: run["id"]),
    ],
)
def test_lists_are_read_in_parts(own: FlaskClient, path: str, member: str, name: Any) -> None:
    for number in range(5):
        own.post("/v1/labels", json={**LABELLED, "id": f"p{number}"})
        own.post("/v1/training-runs")
    whole = [name(item) for item in own.get(path).get_json()[member]]
    assert len(whole) == 5
    parts, after = [], ""
    for _ in range(3):
        part = own.get(f"{path}?limit=2{after}").get_json()
        parts += [name(item) for item in part[member]]
        after = f"&after={part['next']}"
    assert part["next"] is None
    assert parts == whole
    assert own.get(f"{path}?limit=5").get_json()["next"] is None


@pytest.mark.parametrize(
    "path",
    [
        "/v1/labels?limit=1001",
        "/v1/labels?limit=1&limit=2",
        "/v1/labels?count=1",
        "/v1/labels/suggestions?after=p1",
        "/v1/training-runs?after=none",
        "/v1/models?after=none",
        "/v1/models?limit=-1",
    ],
)
def test_a_part_that_there_is_not(own: FlaskClient, path: str) -> None:
    answer = own.get(path)
    assert answer.status_code == 422
    assert answer.get_json(force=True)["errors"][0]["in"] == "query"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/models/prune", {"OPTIONS", "POST"}),
        ("/v1/models/rollback", {"OPTIONS", "POST"}),
        ("/v1/labels/suggestions", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_word_is_not_taken_for_a_name(own: FlaskClient, path: str, allowed: set[str]) -> None:
    answer = own.options(path)
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("name", ["suggestions2", "a/suggestions", "/a", "a//b", "a b", "é", "."])
def test_a_page_is_found_by_any_id(own: FlaskClient, name: str) -> None:
    assert own.post("/v1/labels", json={**LABELLED, "id": name}).status_code == 201
    path = "/v1/labels/" + quote(name, safe="")
    assert own.get(path).get_json()["id"] == name
    assert own.delete(path).status_code == 204
