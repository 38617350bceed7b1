"""Every answer that a test gets, checked against the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import jsonschema_rs
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from api import create_app
from api.contract.document import openapi_document, path_template
from api.contract.operations import operation_of
from api.settings import Settings

__all__ = ["CheckedClient", "check_answer", "whole_document"]

_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
_BLOCK: Final = {"$ref": "#/components/schemas/BlockAnswer"}
_ROW: Final = {
    "anyOf": [
        {"$ref": "#/components/schemas/SegmentationAnswer"},
        {"$ref": "#/components/schemas/ErrorRow"},
    ]
}
_LINES: Final[Mapping[str, Any]] = {"/v1/segment": _BLOCK, "/v1/segment/batch": _ROW}


class CheckedClient(FlaskClient):
    """A test client that gives out no answer which breaks the contract."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        answer = super().open(*args, **kwargs)
        request = answer.request
        check_answer(
            request.method,
            request.path,
            answer.status_code,
            answer.mimetype or "",
            answer.get_data(),
        )
        return answer


def check_answer(method: str, path: str, status: int, media_type: str, body: bytes) -> None:
    """Raise where an answer is none of those that the document promises."""
    responses = _responses(method, path.partition("?")[0])
    if responses is None:
        if status >= 400 and method != "HEAD":
            assert media_type == "application/problem+json"
            _validate(_PROBLEM, json.loads(body))
        return
    assert str(status) in responses, f"{method} {path} is not described to answer {status}"
    contents = responses[str(status)].get("content")
    if not contents or method == "HEAD":
        assert not body
        return
    assert media_type in contents, f"{method} {path} is not described to answer {media_type}"
    if media_type == "application/x-ndjson":
        for line in body.splitlines():
            _validate(_LINES[path.partition("?")[0]], json.loads(line))
    elif media_type.endswith("json") and "schema" in contents[media_type]:
        _validate(contents[media_type]["schema"], json.loads(body))


@cache
def _app() -> Flask:
    return create_app(Settings(), load_model=False)


@cache
def whole_document() -> dict[str, Any]:
    """With keys: it has every problem."""
    return openapi_document(_app(), keys=True)


def _responses(method: str, path: str) -> dict[str, Any] | None:
    """What is promised for a path; ``None`` for what is not in the contract."""
    asked = "GET" if method == "HEAD" else method
    try:
        rule, _ = _app().url_map.bind("localhost").match(path, asked, return_rule=True)
    except HTTPException:
        return None
    if method == "OPTIONS" or operation_of(_app().view_functions[rule.endpoint]) is None:
        return None
    template = path_template(rule.rule)
    found: dict[str, Any] = whole_document()["paths"][template][asked.lower()]["responses"]
    return found


def _validate(schema: Mapping[str, Any], value: object) -> None:
    _validator(json.dumps(schema)).validate(value)


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    whole = {**json.loads(schema), "components": whole_document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole)
