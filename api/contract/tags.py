"""Entity tags: a client that has an answer already is told so instead of being sent it again."""

from __future__ import annotations

from flask import Response, request
from pydantic import Field

from api.answers import json_response
from api.contract.models import AnswerModel, ParameterModel

__all__ = ["TagHeaders", "model_response", "tagged_response", "with_tag"]


class TagHeaders(ParameterModel):
    """The header that names an answer which the client has."""

    tag: str | None = Field(
        default=None, alias="If-None-Match", examples=['"2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"']
    )
    """``ETag`` of an answer before: where nothing has changed, the answer is 304 without a body."""


def model_response(answer: AnswerModel, status: int = 200) -> Response:
    """The JSON of an answer."""
    return json_response(answer.to_dict(), status)


def tagged_response(answer: AnswerModel) -> Response:
    """The JSON of an answer to GET, or 304 where ``If-None-Match`` has its tag (RFC 9110, 13.1.2).

    The tag is strong: it is made of the answer's bytes.
    """
    response = model_response(answer)
    return with_tag(response)


def with_tag(response: Response) -> Response:
    """The answer to GET with its tag, or 304."""
    response.add_etag()
    # It gives back the response that it changes.
    response.make_conditional(request)
    return response
