"""``/v1/explanations``: what spoke for and against one block's label."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from api.body import read_body
from api.contract.answers import ExplanationAnswer
from api.contract.operations import Answer, Content, Operation, describe
from api.pages.executor import app_pages
from api.pages.wire import Job
from api.problems import (
    BUSY,
    INVALID,
    MEDIA_TYPE,
    NOT_JSON,
    NOT_READY,
    OVER_TIME,
    PROCESS_ENDED,
    UNDECODABLE,
    ProblemError,
)
from api.workbench.explaining import ExplanationBody

__all__ = ["blueprint"]

blueprint: Final = Blueprint("explanations", __name__, url_prefix="/v1")

_JSON: Final = "application/json"
_EXAMPLE: Final = {"text": "Bridge reopens\n\nThe bridge was closed in spring.", "block": 0}


@blueprint.post("/explanations")
@describe(
    Operation(
        tag="Pages",
        bodies=(Content(_JSON, ExplanationBody, example=_EXAMPLE),),
        answers=(Answer(200, "The explanation.", (Content(_JSON, ExplanationAnswer),)),),
        problems=(
            NOT_JSON,
            UNDECODABLE,
            INVALID,
            OVER_TIME,
            PROCESS_ENDED,
            NOT_READY,
            BUSY,
        ),
    )
)
def explain() -> Response:
    """Explain a block's label.

    Each group of the block's features is left out in turn, to see what that changes.
    """
    if request.mimetype != _JSON:
        raise ProblemError(MEDIA_TYPE, f"Accepted is {_JSON}.", members={"accepted": [_JSON]})
    pages = app_pages()
    pages.check_room()
    outcome = pages.run(Job("explain", read_body(request)))
    return Response(outcome.body, mimetype=_JSON)
