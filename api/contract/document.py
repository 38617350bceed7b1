"""The OpenAPI 3.1 document, made from the routes, what their views promise, and their models.

flask-openapi3 and APIFlask were both tried on these routes. Both make 3.1 documents of Pydantic
models, but both also read the request, and with that break the contract: JSON nested too deep
became a 500, a wrong content type and a body that is not JSON other errors than 415 and 400, and
faults in a body got a form of their own. ``text/plain`` beside JSON, NDJSON, problem documents and
headers they know only as dictionaries written by hand, and both describe error answers that the
service does not give. What would be left of them is the step from models to a document, which is
Pydantic's JSON Schema and this file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from inspect import getdoc
from typing import Any, Final

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode
from werkzeug.routing import Rule

from api.access.roles import needed_role
from api.contract.headers import EVERYWHERE, answer_headers
from api.contract.models import schema_of
from api.contract.operations import Answer, Content, Operation, operation_of
from api.contract.problem import Problem, problem_examples, problem_headers, problems_of
from api.problems import PROBLEM_MEDIA_TYPE, ProblemType
from segmenter import __version__

__all__ = ["described_routes", "openapi_document", "path_template"]

_VARIABLE: Final = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_IMPLIED: Final = frozenset({"HEAD", "OPTIONS"})
_ABOUT: Final = """\
Takes scraped pages apart: raw page text or HTML in, labelled blocks out.

Errors are problem documents (RFC 9457). JSON is UTF-8. Nothing is ever fetched from a URL.
"""
_SCHEME: Final = "ApiKey"


def described_routes(app: Flask) -> Iterator[tuple[Rule, str, Callable[..., Any], Operation]]:
    """The routes of the contract: rule, method, view, and what it promises."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        operation = operation_of(view)
        if operation is not None:
            for method in sorted((rule.methods or set()) - _IMPLIED):
                yield rule, method, view, operation


def openapi_document(app: Flask, *, keys: bool) -> dict[str, Any]:
    """The document of an app.

    Args:
        keys: whether requests need an API key.
    """
    schemas = _Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, view, operation in described_routes(app):
        role = needed_role(method, rule.rule) if keys else None
        path = path_template(rule.rule)
        made = _operation(rule, view, operation, schemas, role)
        paths.setdefault(path, {})[method.lower()] = made
    components: dict[str, Any] = {"schemas": schemas.found}
    if keys:
        components["securitySchemes"] = {
            _SCHEME: {
                "type": "http",
                "scheme": "bearer",
                "description": "A key made by `segmenter keys new`, of the role that the operation "
                "names; `admin` may do what `label` may, and that what `read` may.",
            }
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "page-segmenter",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": components,
    }


def path_template(route: str) -> str:
    """A route as the document has it: ``/v1/labels/{identity}``."""
    return _VARIABLE.sub(r"{\1}", route)


class _Schemas:
    """The models that were met, by name."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.reference(Problem, "serialization")

    def reference(self, model: type[BaseModel], mode: JsonSchemaMode) -> dict[str, str]:
        schema = schema_of(model, mode)
        self.found.update(schema.pop("$defs", {}))
        self.found[model.__name__] = schema
        return {"$ref": f"#/components/schemas/{model.__name__}"}


def _operation(
    rule: Rule,
    view: Callable[..., Any],
    operation: Operation,
    schemas: _Schemas,
    role: str | None,
) -> dict[str, Any]:
    summary, _, description = (getdoc(view) or "").partition("\n\n")
    made: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "tags": [operation.tag],
        "summary": summary.rstrip("."),
    }
    words = [" ".join(description.split()), f"Needs the role `{role}`." if role else ""]
    if any(words):
        made["description"] = " ".join(filter(None, words))
    if role is not None:
        made["security"] = [{_SCHEME: []}]
    parameters = [*_path_parameters(operation), *_parameters(operation)]
    if parameters:
        made["parameters"] = parameters
    if operation.bodies:
        made["requestBody"] = {
            "description": _body_words(operation),
            "required": operation.body_required,
            "content": _contents(operation.bodies, schemas, "validation"),
        }
    made["responses"] = _responses(operation, schemas, guarded=role is not None)
    return made


def _body_words(operation: Operation) -> str:
    kinds = ", ".join(f"`{content.media_type}`" for content in operation.bodies)
    return f"As {kinds}; plain, or with `Content-Encoding: gzip` or `zstd`."


def _path_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for name, (description, example) in operation.path.items():
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": description,
            "schema": {"type": "string", "minLength": 1},
            "example": example,
        }


def _parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    queries = [] if operation.query is None else [operation.query]
    for place, models in (("query", queries), ("header", operation.headers)):
        for model in models:
            for name, schema in schema_of(model)["properties"].items():
                made = {
                    "name": name,
                    "in": place,
                    "description": schema.pop("description"),
                    "schema": schema,
                    "example": schema.pop("examples")[0],
                }
                if schema.get("type") == "array":
                    made |= {"style": "form", "explode": False}
                yield made


def _responses(operation: Operation, schemas: _Schemas, *, guarded: bool) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for answer in operation.answers:
        made[str(answer.status)] = _answer(answer, schemas)
        if "ETag" in answer.headers:
            made["304"] = {
                "description": "Nothing has changed since the answer with this tag.",
                "headers": answer_headers(("ETag", *EVERYWHERE)),
            }
    grouped: dict[int, list[ProblemType]] = {}
    for problem in problems_of(operation, guarded=guarded):
        grouped.setdefault(problem.status, []).append(problem)
    for status, problems in sorted(grouped.items()):
        made[str(status)] = _problem_response(problems)
    return made


def _answer(answer: Answer, schemas: _Schemas) -> dict[str, Any]:
    made: dict[str, Any] = {
        "description": answer.description,
        "headers": answer_headers((*answer.headers, *EVERYWHERE)),
    }
    if answer.contents:
        made["content"] = _contents(answer.contents, schemas, "serialization")
    return made


def _contents(
    contents: tuple[Content, ...], schemas: _Schemas, mode: JsonSchemaMode
) -> dict[str, Any]:
    return {content.media_type: _content(content, schemas, mode) for content in contents}


def _content(content: Content, schemas: _Schemas, mode: JsonSchemaMode) -> dict[str, Any]:
    made: dict[str, Any]
    if content.model is None or content.lines:
        # A body that is text has no wrong type: its schema does not ask for one.
        is_json, given = content.media_type == "application/json", mode == "validation"
        made = {"schema": {} if given else {"type": "object" if is_json else "string"}}
        if content.lines and content.model is not None:
            reference = schemas.reference(content.model, mode)["$ref"]
            made["schema"]["description"] = f"A line of JSON for each: `{reference}`."
    else:
        one = schemas.reference(content.model, mode)
        made = {"schema": one}
        if content.many:
            made = {"schema": {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}}
    if content.example is not None:
        made["example"] = content.example
    return made


def _problem_response(problems: list[ProblemType]) -> dict[str, Any]:
    return {
        "description": "; ".join(dict.fromkeys(problem.title for problem in problems)) + ".",
        "headers": answer_headers((*problem_headers(problems), *EVERYWHERE)),
        "content": {
            PROBLEM_MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": problem_examples(problems),
            }
        },
    }
