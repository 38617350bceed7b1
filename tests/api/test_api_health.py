"""Liveness and readiness, and the service before its model is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from api import create_app
from api.model import model_slot
from api.settings import Settings
from segmenter import ModelError


def test_livez(client: FlaskClient) -> None:
    response = client.get("/livez")
    assert response.status_code == 200
    assert response.get_json() == {"status": "up"}


def test_readyz_names_the_model(client: FlaskClient) -> None:
    answer = client.get("/readyz").get_json()
    assert answer["status"] == "ready"
    assert answer["model"]["name"]
    assert answer["model"]["version"]


def test_not_ready_until_the_model_is_loaded(tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path), load_model=False)
    client = app.test_client()
    assert client.get("/livez").status_code == 200
    for response in (
        client.get("/readyz"),
        client.post("/v1/segment", data=b"page", content_type="text/plain"),
    ):
        assert response.status_code == 503
        assert response.mimetype == "application/problem+json"
    model_slot(app).load()
    assert client.get("/readyz").status_code == 200


def test_a_model_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        create_app(Settings(model=tmp_path / "none"))


def test_not_ready_while_the_store_does_not_answer(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"this is no database, as a full disk may leave one" * 99)
    client = create_app(Settings(data=tmp_path)).test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    assert str(tmp_path) not in answer.get_data(as_text=True)
    assert client.get("/livez").status_code == 200
