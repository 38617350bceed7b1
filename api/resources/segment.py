"""``/v1/segment``: one page in, its labelled blocks out."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Request, Response, request

from api.answers import json_response
from api.body import read_body
from api.model import ready_segmenter
from api.problems import INVALID, MEDIA_TYPE, ProblemError
from api.schemas import SegmentRequest
from segmenter import Document
from segmenter.decoding import decode_html
from segmenter.metadata import page_metadata

__all__ = ["blueprint"]

blueprint: Final = Blueprint("segment", __name__, url_prefix="/v1")

_TEXT: Final = ("text/plain",)
_HTML: Final = ("text/html", "application/xhtml+xml")
_JSON: Final = ("application/json",)
_ACCEPTED: Final = (*_TEXT, *_HTML, *_JSON)


@blueprint.post("/segment")
def segment() -> Response:
    """Segment the page in the body; see ``SegmentRequest`` for the options."""
    segmenter = ready_segmenter()
    wanted = _read(request)
    document = wanted.document
    result = segmenter.segment_document(document, keep=wanted.keep)
    answer = result.to_dict(probabilities=wanted.probabilities, page_text=wanted.page_text)
    if wanted.metadata:
        answer["metadata"] = _metadata(document)
    return json_response(answer)


def _read(incoming: Request) -> SegmentRequest:
    kind = incoming.mimetype
    if kind not in _ACCEPTED:
        stated = f"{kind!r} is not accepted" if kind else "The content type is missing"
        raise ProblemError(
            MEDIA_TYPE,
            f"{stated}; accepted are {', '.join(_ACCEPTED)}.",
            members={"accepted": list(_ACCEPTED)},
            headers={"Accept": ", ".join(_ACCEPTED)},
        )
    body = read_body(incoming)
    if kind in _JSON:
        if incoming.query_string:
            raise ProblemError(
                INVALID, "With a JSON body the options are members of it, not query parameters."
            )
        return SegmentRequest.from_json(body)
    return SegmentRequest.from_query(
        incoming.query_string,
        text=body if kind in _TEXT else None,
        html=body if kind in _HTML else None,
        content_type=incoming.headers["Content-Type"],
    )


def _metadata(document: Document) -> dict[str, Any]:
    html = document.html
    assert html is not None
    page = decode_html(html, document.content_type) if isinstance(html, bytes) else html
    return dict(page_metadata(page, document.url))
