"""The forms that a page's answer can have, and which one a client accepts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from flask import Request, Response

from api.answers import encode_json
from api.problems import NOT_ACCEPTABLE, ProblemError

__all__ = ["FORMS", "Form", "accepted_form", "encode_segmentation", "segmentation_response"]

Form = Literal["application/json", "application/x-ndjson", "text/plain"]
FORMS: Final[tuple[Form, ...]] = ("application/json", "application/x-ndjson", "text/plain")
"""The whole answer; one block a line; the kept text alone. The first where a client says
nothing."""
_CONTENT_TYPES: Final[Mapping[Form, str]] = {"text/plain": "text/plain; charset=utf-8"}


def accepted_form(incoming: Request) -> Form:
    """What the request's ``Accept`` asks for (RFC 9110, 12.5.1).

    Raises:
        ProblemError: 406 it accepts none of the forms.
    """
    if not incoming.headers.get("Accept", "").strip():
        return FORMS[0]
    # At the same weight the order here decides, not the one in the header.
    best = max(FORMS, key=incoming.accept_mimetypes.quality)
    if incoming.accept_mimetypes.quality(best) <= 0:
        raise ProblemError(
            NOT_ACCEPTABLE,
            f"None of the accepted media types is answered here; there are {', '.join(FORMS)}.",
            members={"accepted": list(FORMS)},
        )
    return best


def encode_segmentation(answer: Mapping[str, Any], form: Form) -> bytes:
    """``Segmentation.to_dict()`` as the bytes of a form."""
    match form:
        case "application/json":
            return encode_json(answer)
        case "application/x-ndjson":
            return b"".join(encode_json(block) + b"\n" for block in answer["blocks"])
        case "text/plain":
            return _unicode(answer["text"]).encode("utf-8")


def segmentation_response(body: bytes, form: Form) -> Response:
    """The response with a body made by ``encode_segmentation``."""
    response = Response(body, content_type=_CONTENT_TYPES.get(form, form))
    response.vary.add("Accept")
    return response


def _unicode(text: str) -> str:
    """A lone surrogate has no UTF-8 form: U+FFFD in its place."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
