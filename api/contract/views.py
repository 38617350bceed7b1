"""``/openapi.json`` and ``/docs``: the contract for programs, and to read.

The page is Swagger UI from the wheel of flask-openapi3-swagger, whose files are served from here:
it loads nothing from elsewhere and needs neither inline scripts nor inline styles.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from flask import Blueprint, Flask, Response, current_app, send_from_directory

from api.answers import encode_json
from api.contract.document import openapi_document
from api.contract.operations import Answer, Content, Operation, describe
from api.contract.tags import TagHeaders, with_tag
from api.problems import NOT_FOUND, ProblemError

__all__ = ["blueprint", "register"]

blueprint: Final = Blueprint("contract", __name__)

_EXTENSION: Final = "segmenter-contract"
_WHEEL: Final = "flask_openapi3_swagger"
_FILES: Final = {"swagger-ui.css": "css", "swagger-ui-bundle.js": "js"}
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>page-segmenter: HTTP API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START: Final = """\
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
"""


class _Held:
    """The document of an app, made when it is first asked for: then all routes are there."""

    def __init__(self, app: Flask, keys: bool) -> None:
        self._app = app
        self._keys = keys
        self._made: bytes | None = None

    def document(self) -> bytes:
        if self._made is None:
            self._made = encode_json(openapi_document(self._app, keys=self._keys))
        return self._made


def register(app: Flask, *, keys: bool) -> None:
    """Give the app both; ``keys`` says whether requests need an API key."""
    app.extensions[_EXTENSION] = _Held(app, keys)
    app.register_blueprint(blueprint)


@blueprint.get("/openapi.json")
@describe(
    Operation(
        tag="Contract",
        headers=(TagHeaders,),
        answers=(Answer(200, "The document.", (Content("application/json"),), ("ETag",)),),
    )
)
def document() -> Response:
    """Show this document: OpenAPI 3.1, in JSON."""
    held = current_app.extensions[_EXTENSION]
    return with_tag(Response(held.document(), mimetype="application/json"))


@blueprint.get("/docs")
def page() -> Response:
    """The document, to read and to try out."""
    return Response(_PAGE, mimetype="text/html")


@blueprint.get("/docs/start.js")
def start() -> Response:
    """What starts the page."""
    return Response(_START, mimetype="text/javascript")


@blueprint.get("/docs/<name>")
def file(name: str) -> Response:
    """A file of Swagger UI."""
    if name not in _FILES:
        raise ProblemError(NOT_FOUND, f"There is no file {name[:80]!r}.")
    return send_from_directory(_swagger() / _FILES[name], name, max_age=86_400)


def _swagger() -> Path:
    # Found without importing it: its code is a plugin of a framework that isn't used here.
    spec = find_spec(_WHEEL)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "templates" / "swagger"
