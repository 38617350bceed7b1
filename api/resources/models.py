"""``/v1/models``: the versions, how they compare, and which one answers."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from api.answers import json_response
from api.body import read_optional_body
from api.data import app_data
from api.problems import CONFLICT, NOT_FOUND, ProblemError
from api.retraining_schemas import (
    PruneRequest,
    SwitchRequest,
    active_answer,
    version_answer,
)
from segmenter import ModelError
from segmenter.registry.versions import Version

__all__ = ["blueprint"]

blueprint: Final = Blueprint("models", __name__, url_prefix="/v1/models")


@blueprint.get("")
def list_models() -> Response:
    """The base and all versions, oldest first, and the active one."""
    registry = app_data().registry
    return json_response(
        {
            "active": active_answer(registry.active()),
            "models": [version_answer(version) for version in registry.versions()],
        }
    )


@blueprint.get("/<name>")
def show(name: str) -> Response:
    """A version with its figures; of one that was retrained, how it compared."""
    return json_response(version_answer(_found(name), metrics=True))


@blueprint.post("/<name>/promote")
def promote(name: str) -> Response:
    """Make a version the active one; every process takes it within two seconds."""
    wanted = SwitchRequest.from_json(read_optional_body(request))
    _found(name)
    try:
        return json_response(active_answer(app_data().registry.promote(name, wanted.reason)))
    except ModelError as error:
        raise ProblemError(CONFLICT, str(error)) from error


@blueprint.post("/rollback")
def rollback() -> Response:
    """Go back to the version that was active before."""
    wanted = SwitchRequest.from_json(read_optional_body(request))
    try:
        return json_response(active_answer(app_data().registry.rollback(wanted.reason)))
    except ModelError as error:
        raise ProblemError(CONFLICT, str(error)) from error


@blueprint.post("/prune")
def prune() -> Response:
    """Remove old candidates; the active version, the one before it and the base stay."""
    wanted = PruneRequest.from_json(read_optional_body(request))
    return json_response({"removed": app_data().registry.prune(wanted.keep)})


def _found(name: str) -> Version:
    for version in app_data().registry.versions():
        if version.name == name:
            return version
    raise ProblemError(NOT_FOUND, f"There is no model version {name[:80]!r}.")
