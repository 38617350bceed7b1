"""``/livez`` and ``/readyz``: is the process up, and can it answer."""

from __future__ import annotations

import logging
from typing import Final

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from api.contract.answers import LiveAnswer, ModelAnswer, ReadyAnswer
from api.contract.operations import Answer, Content, Operation, describe
from api.contract.tags import model_response
from api.data import app_data
from api.pages.executor import app_pages
from api.problems import NOT_READY, ProblemError

__all__ = ["blueprint"]

_log = logging.getLogger(__name__)

blueprint: Final = Blueprint("health", __name__)

_TAG: Final = "Health"
_JSON: Final = "application/json"


@blueprint.get("/livez")
@describe(Operation(tag=_TAG, answers=(Answer(200, "It is up.", (Content(_JSON, LiveAnswer),)),)))
def livez() -> Response:
    """Tell whether the process answers."""
    return model_response(LiveAnswer(status="up"))


@blueprint.get("/readyz")
@describe(
    Operation(
        tag=_TAG,
        answers=(Answer(200, "It is ready.", (Content(_JSON, ReadyAnswer),)),),
        problems=(NOT_READY,),
    )
)
def readyz() -> Response:
    """Tell whether the service can do its work.

    It can once the model is loaded and while the store answers.
    """
    model = app_pages().model()
    if model is None:
        raise ProblemError(NOT_READY, "No model is loaded yet.")
    try:
        app_data().database.check()
    except (SQLAlchemyError, OSError) as error:
        _log.warning("the store does not answer: %s", type(error).__name__)
        raise ProblemError(NOT_READY, "The store does not answer.") from error
    return model_response(
        ReadyAnswer(status="ready", model=ModelAnswer(name=model.name, version=model.version))
    )
