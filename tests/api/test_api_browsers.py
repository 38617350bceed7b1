"""What browsers are told, and what pages of other sites can't do."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from api import create_app
from api.settings import Settings

APP = "https://app.example"


@pytest.mark.parametrize("path", ["/livez", "/v1/models", "/nothing", "/metrics"])
def test_every_answer_has_the_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["Cache-Control"]
    assert not any(name.startswith("Access-Control") for name, _ in headers)


def test_a_page_may_load_its_own_parts_and_nothing_else(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path), load_model=False)
    page = Response("<!doctype html>", mimetype="text/html")
    app.add_url_rule("/static/page", view_func=lambda: page)
    policy = app.test_client().get("/static/page").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("path", ["/v1/models/rollback", "/v1/training-runs", "/v1/labels"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8001"])
def test_a_foreign_page_changes_nothing_without_keys(
    client: FlaskClient, path: str, origin: str
) -> None:
    """A browser sends such requests without asking first (cross-site request forgery)."""
    answer = client.post(path, headers={"Origin": origin})
    assert answer.status_code == 403
    assert answer.get_json(force=True)["type"].endswith(":forbidden")


def test_our_own_page_may(client: FlaskClient) -> None:
    answer = client.post("/v1/models/rollback", headers={"Origin": "http://localhost"})
    assert answer.status_code == 409


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "localhost.evil.example", "a_b.example", "[", "::::"],
)
def test_a_foreign_name_for_this_machine_is_refused(client: FlaskClient, host: str) -> None:
    """DNS rebinding: a foreign page's name is made to resolve to loopback."""
    answer = client.get("/v1/labels", headers={"Host": host})
    assert answer.status_code == 403
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_the_names_of_loopback_are_not(client: FlaskClient, host: str) -> None:
    assert client.get("/livez", headers={"Host": host}).status_code == 200


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    data = tmp_path_factory.mktemp("data")
    return create_app(Settings(data=data, cors_origins=(APP,), allow_anyone=True))


def test_listed_origins_may_call(shared: Flask) -> None:
    client = shared.test_client()
    asked = {"Origin": APP, "Access-Control-Request-Method": "POST"}
    preflight = client.options("/v1/segment", headers=asked).headers
    assert preflight["Access-Control-Allow-Origin"] == APP
    assert "POST" in preflight["Access-Control-Allow-Methods"]
    assert "Authorization" in preflight["Access-Control-Allow-Headers"]
    answer = client.post(
        "/v1/segment", data="A page.", content_type="text/plain", headers={"Origin": APP}
    )
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("origin", ["https://evil.example", "https://app.example.evil", "null"])
def test_others_may_not(shared: Flask, origin: str) -> None:
    headers = shared.test_client().get("/v1/models", headers={"Origin": origin}).headers
    assert "Access-Control-Allow-Origin" not in headers
    assert "Origin" in headers["Vary"]
