"""Every error is a problem document that says what is wrong and what is accepted."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import create_app
from api.settings import Settings
from segmenter import LABELS

LIMIT = 2_000_000
MEDIA_TYPES = ["text/plain", "text/html", "application/xhtml+xml", "application/json"]


def problem(response: TestResponse, status: int, kind: str | None = None) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    document: dict[str, Any] = response.get_json(force=True)
    assert document["status"] == status
    expected = "about:blank" if kind is None else f"urn:problem-type:segmenter:{kind}"
    assert document["type"] == expected
    assert document["title"]
    assert document["detail"]
    return document


def post(client: FlaskClient, body: bytes, media_type: str, query: str = "") -> TestResponse:
    return client.post(f"/v1/segment{query}", data=body, content_type=media_type)


def post_json(client: FlaskClient, body: str | bytes) -> TestResponse:
    data = body.encode() if isinstance(body, str) else body
    return post(client, data, "application/json")


def test_nothing_there(client: FlaskClient) -> None:
    assert problem(client.get("/v2/segment"), 404)["title"] == "Not Found"


@pytest.mark.parametrize("path", ["/v1//segment", "/v1/segment/", "/livez/"])
def test_a_path_is_never_redirected(client: FlaskClient, path: str) -> None:
    problem(client.post(path), 404)


def test_wrong_method(client: FlaskClient) -> None:
    response = client.get("/v1/segment")
    document = problem(response, 405)
    assert document["allowed"] == ["OPTIONS", "POST"]
    assert response.headers["Allow"] == "OPTIONS, POST"


@pytest.mark.parametrize(
    "media_type", ["", "image/png", "application/x-www-form-urlencoded", "text", "text/plain2"]
)
def test_a_content_type_that_is_not_accepted(client: FlaskClient, media_type: str) -> None:
    document = problem(post(client, b"page", media_type), 415, "media-type")
    assert document["accepted"] == MEDIA_TYPES


def test_a_compression_that_is_not_accepted(client: FlaskClient) -> None:
    response = client.post(
        "/v1/segment",
        data=b"\x1f\x8b",
        content_type="text/plain",
        headers={"Content-Encoding": "compress"},
    )
    assert "compress" in problem(response, 415, "media-type")["detail"]
    assert response.headers["Accept-Encoding"] == "gzip, zstd"


def test_a_body_of_exactly_the_limit(client: FlaskClient) -> None:
    line = b"x" * 999 + b"\n"
    assert post(client, line * (LIMIT // 1000), "text/plain").status_code == 200


def test_a_body_one_byte_over_the_limit(client: FlaskClient) -> None:
    document = problem(post(client, b" " * (LIMIT + 1), "text/plain"), 413, "over-limit")
    assert document["limit"] == "body_bytes"
    assert document["allowed"] == LIMIT
    assert "2,000,001" in document["detail"]


def test_a_document_over_a_limit_of_the_library(client: FlaskClient) -> None:
    document = problem(post(client, b"x\n\n" * 600_000, "text/plain"), 413, "over-limit")
    assert document["limit"] == "memory"
    assert document["actual"] > document["allowed"]


def test_no_body_at_all(client: FlaskClient) -> None:
    problem(client.post("/v1/segment", content_type="text/plain"), 411, "length-required")


def test_a_chunked_body_that_the_server_does_not_end(client: FlaskClient) -> None:
    response = client.post(
        "/v1/segment",
        input_stream=io.BytesIO(b"page"),
        content_type="text/plain",
        headers={"Transfer-Encoding": "chunked"},
    )
    problem(response, 411, "length-required")


def test_a_body_cut_off(client: FlaskClient) -> None:
    response = client.post(
        "/v1/segment",
        data=b"page",
        content_type="text/plain",
        environ_overrides={"CONTENT_LENGTH": "1000"},
    )
    problem(response, 400, "broken-body")


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"caf\xe9", "text/plain; charset=utf-8"),
        (b"page", "text/plain; charset=no-such-set"),
        (b'{"text": "caf\xe9"}', "application/json"),
        (b'{"text": "\xed\xa0\x80"}', "application/json"),
    ],
)
def test_bytes_that_are_not_text(client: FlaskClient, body: bytes, media_type: str) -> None:
    problem(post(client, body, media_type), 400, "undecodable")


@pytest.mark.parametrize(
    "body",
    [
        " ",
        "page",
        '{"text": "page"',
        '{"text": "page"} more',
        "{'text': 'page'}",
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"text":' * 100_000 + '"page"' + "}" * 100_000,
        '{"id": ' + "9" * 10_000 + "}",
    ],
    ids=["white", "word", "cut", "rest", "quotes", "deep-open", "deep", "deep-object", "digits"],
)
def test_a_body_that_is_not_json(client: FlaskClient, body: str) -> None:
    problem(post_json(client, body), 400, "not-json")


@pytest.mark.parametrize(
    ("body", "name", "words"),
    [
        ("{}", "text", "exactly one"),
        ('{"text": "a", "html": "b"}', "text", "exactly one"),
        ('{"text": null}', "text", "exactly one"),
        ('{"text": 1}', "text", "a string, not a number"),
        ('{"text": ["a"]}', "text", "a string, not a list"),
        ('{"html": {"a": 1}}', "html", "a string, not an object"),
        ('{"text": "a", "id": 7}', "id", "a string, not a number"),
        ('{"text": "a", "id": NaN}', "id", "a string, not a number"),
        ('{"text": "a", "url": true}', "url", "a string, not a boolean"),
        ('{"text": "a", "keep": "body"}', "keep", "a list of labels"),
        ('{"text": "a", "keep": [{}]}', "keep", "a list of labels"),
        ('{"text": "a", "keep": ["body", "footer"]}', "keep", "unknown label 'footer'"),
        ('{"text": "a", "probabilities": 1}', "probabilities", "true or false"),
        ('{"text": "a", "page_text": "true"}', "page_text", "true or false"),
        ('{"text": "a", "metadata": true}', "metadata", "HTML only"),
        ('{"text": "a", "texts": "b"}', "texts", "unknown"),
    ],
)
def test_json_that_is_wrong(client: FlaskClient, body: str, name: str, words: str) -> None:
    document = problem(post_json(client, body), 422, "invalid-request")
    (error,) = document["errors"]
    assert error["in"] == "body"
    assert error["name"] == name
    assert words in error["detail"]
    assert name in document["detail"]


@pytest.mark.parametrize("body", ["[]", '"page"', "7", "null", "NaN", "true"])
def test_json_that_is_no_object(client: FlaskClient, body: str) -> None:
    assert "object" in problem(post_json(client, body), 422, "invalid-request")["detail"]


def test_all_errors_are_told_at_once(client: FlaskClient) -> None:
    body = '{"text": 1, "id": 2, "keep": ["x"], "foo": 0, "metadata": "no"}'
    document = problem(post_json(client, body), 422, "invalid-request")
    assert {error["name"] for error in document["errors"]} == {
        "text",
        "id",
        "keep",
        "foo",
        "metadata",
    }
    assert document["accepted"] == [
        "text",
        "html",
        "url",
        "id",
        "keep",
        "probabilities",
        "page_text",
        "metadata",
    ]


def test_an_unknown_label_names_the_accepted_ones(client: FlaskClient) -> None:
    document = problem(
        post(client, b"page", "text/plain", "?keep=body,foot"), 422, "invalid-request"
    )
    assert all(label in document["detail"] for label in LABELS)


def test_an_error_stays_small_whatever_was_sent(client: FlaskClient) -> None:
    names = ", ".join(f'"{"n" * 1000}{number}": 0' for number in range(1000))
    response = post_json(client, f'{{"text": "page", {names}}}')
    problem(response, 422, "invalid-request")
    assert len(response.data) < 10_000


@pytest.mark.parametrize(
    ("query", "name", "words"),
    [
        ("?foo=1", "foo", "unknown"),
        ("?text=page", "text", "unknown"),
        ("?probabilities=yes", "probabilities", "true or false"),
        ("?page_text=", "page_text", "true or false"),
        ("?keep=", "keep", "unknown label ''"),
        ("?keep=body&keep=deck", "keep", "more than once"),
        ("?metadata=true", "metadata", "HTML only"),
    ],
)
def test_a_wrong_query(client: FlaskClient, query: str, name: str, words: str) -> None:
    document = problem(post(client, b"page", "text/plain", query), 422, "invalid-request")
    (error,) = document["errors"]
    assert (error["in"], error["name"]) == ("query", name)
    assert words in error["detail"]


def test_an_unknown_parameter_names_the_accepted_ones(client: FlaskClient) -> None:
    document = problem(post(client, b"page", "text/plain", "?foo=1"), 422, "invalid-request")
    assert document["accepted"] == [
        "url",
        "id",
        "keep",
        "probabilities",
        "page_text",
        "metadata",
    ]


@pytest.mark.parametrize("query", ["?id", "?id=a&&url=b", "?id=%ff", "?id=%ed%a0%80"])
def test_a_malformed_query(client: FlaskClient, query: str) -> None:
    problem(post(client, b"page", "text/plain", query), 400, "query-syntax")


def test_options_in_the_query_beside_json(client: FlaskClient) -> None:
    response = post(client, b'{"text": "page"}', "application/json", "?keep=body")
    assert "members" in problem(response, 422, "invalid-request")["detail"]


def test_a_fault_of_ours_tells_nothing_of_the_inside() -> None:
    app: Flask = create_app(Settings(), load_model=False)

    @app.get("/fault")
    def fault() -> str:
        raise RuntimeError("secret of the inside")

    response = app.test_client().get("/fault")
    problem(response, 500)
    assert b"secret" not in response.data
