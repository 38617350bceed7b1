"""``/v1/models``: the versions, how they compare, and which one answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flask import Blueprint, Response, request

from api.body import read_optional_body
from api.contract.faults import Faults
from api.contract.operations import Answer, Content, Operation, describe
from api.contract.parsing import json_object
from api.contract.retraining import ActiveAnswer, PrunedAnswer, VersionAnswer, VersionsAnswer
from api.contract.tags import TagHeaders, model_response, tagged_response
from api.data import app_data
from api.problems import CONFLICT, INVALID, NOT_FOUND, NOT_JSON, ProblemError
from api.retraining_schemas import ListQuery, PruneRequest, SwitchRequest
from segmenter import ModelError
from segmenter.registry.versions import Version

__all__ = ["blueprint"]

blueprint: Final = Blueprint("models", __name__, url_prefix="/v1/models")

_TAG: Final = "Models"
_JSON: Final = "application/json"
_NAME: Final = {"name": ("Of the version.", "0.1.0-r1")}
_SWITCH: Final = (Content(_JSON, SwitchRequest, example={"reason": "better on forums"}),)
_SWITCHED: Final = (
    Answer(200, "The version that is active now.", (Content(_JSON, ActiveAnswer),)),
)


@blueprint.get("")
@describe(
    Operation(
        tag=_TAG,
        query=ListQuery,
        headers=(TagHeaders,),
        answers=(Answer(200, "Versions.", (Content(_JSON, VersionsAnswer),), ("ETag",)),),
        problems=(INVALID,),
    )
)
def list_models() -> Response:
    """List the model versions.

    The base comes first, then the others by age.
    """
    wanted = ListQuery.from_query(request.query_string)
    registry = app_data().registry
    found = _behind(registry.versions(), wanted.after)
    page = found[: wanted.limit]
    return tagged_response(
        VersionsAnswer(
            active=ActiveAnswer.of(registry.active()),
            models=[VersionAnswer.of(_told(version)) for version in page],
            next=page[-1].name if len(found) > len(page) else None,
        )
    )


@blueprint.get("/<name('prune', 'rollback'):name>")
@describe(
    Operation(
        tag=_TAG,
        path=_NAME,
        headers=(TagHeaders,),
        answers=(Answer(200, "The version.", (Content(_JSON, VersionAnswer),), ("ETag",)),),
        problems=(NOT_FOUND,),
    )
)
def show(name: str) -> Response:
    """Show a model version.

    With its figures; of one that was retrained, how it compared.
    """
    return tagged_response(VersionAnswer.with_metrics(_told(_found(name))))


@blueprint.post("/<name>/promote")
@describe(
    Operation(
        tag=_TAG,
        path=_NAME,
        bodies=_SWITCH,
        body_required=False,
        answers=_SWITCHED,
        problems=(NOT_JSON, INVALID, NOT_FOUND, CONFLICT),
    )
)
def promote(name: str) -> Response:
    """Make a model version the active one.

    Every process takes it within two seconds.
    """
    wanted = SwitchRequest.checked(_members())
    _found(name)
    try:
        return model_response(ActiveAnswer.of(app_data().registry.promote(name, wanted.reason)))
    except ModelError as error:
        raise ProblemError(CONFLICT, app_data().told(str(error))) from error


@blueprint.post("/rollback")
@describe(
    Operation(
        tag=_TAG,
        bodies=_SWITCH,
        body_required=False,
        answers=_SWITCHED,
        problems=(NOT_JSON, INVALID, CONFLICT),
    )
)
def rollback() -> Response:
    """Go back to the model version that was active before."""
    wanted = SwitchRequest.checked(_members())
    try:
        return model_response(ActiveAnswer.of(app_data().registry.rollback(wanted.reason)))
    except ModelError as error:
        raise ProblemError(CONFLICT, app_data().told(str(error))) from error


@blueprint.post("/prune")
@describe(
    Operation(
        tag=_TAG,
        bodies=(Content(_JSON, PruneRequest, example={"keep": 5}),),
        body_required=False,
        answers=(Answer(200, "What was removed.", (Content(_JSON, PrunedAnswer),)),),
        problems=(NOT_JSON, INVALID),
    )
)
def prune() -> Response:
    """Remove old candidates.

    The active version, the one before it and the base stay.
    """
    wanted = PruneRequest.checked(_members())
    return model_response(PrunedAnswer(removed=app_data().registry.prune(wanted.keep)))


def _members() -> dict[str, object]:
    body = read_optional_body(request)
    return json_object(body) if body.strip() else {}


def _found(name: str) -> Version:
    for version in app_data().registry.versions():
        if version.name == name:
            return version
    raise ProblemError(NOT_FOUND, f"There is no model version {name[:80]!r}.")


def _told(version: Version) -> Version:
    fault = None if version.fault is None else app_data().told(version.fault)
    return replace(version, fault=fault)


def _behind(versions: list[Version], after: str | None) -> list[Version]:
    if after is None:
        return versions
    names = [version.name for version in versions]
    if after not in names:
        faults = Faults("query")
        faults.add("after", "no version has this name; accepted is 'next' of an answer before")
        raise faults.problem()
    return versions[names.index(after) + 1 :]
