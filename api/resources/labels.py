"""``/v1/labels``: labelled pages in and out, and which to label next."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Request, Response, request

from api.answers import json_response
from api.body import read_body
from api.data import app_data
from api.model import ready_segmenter
from api.problems import INVALID, MEDIA_TYPE, NOT_FOUND, ProblemError
from api.retraining_schemas import ListQuery, PutAnswer, page_answer, suggestion_answer
from api.schemas import parse_json
from segmenter.labels.files import checked_lines, checked_records
from segmenter.labels.records import LabelRecord
from segmenter.labels.suggestions import suggest

__all__ = ["blueprint"]

blueprint: Final = Blueprint("labels", __name__, url_prefix="/v1/labels")

_JSON: Final = ("application/json",)
_LINES: Final = ("application/x-ndjson", "application/jsonl")
_ACCEPTED: Final = (*_JSON, *_LINES)
_RESERVED: Final = "suggestions"
_SUGGESTED: Final = 10


@blueprint.post("")
def put() -> Response:
    """Store labelled pages, all of the body or none; pages without blocks are a pool to label.

    The body is one page or a list of pages (JSON), or one page a line (NDJSON).
    """
    records = _records(request)
    if not records:
        raise ProblemError(INVALID, "The body has no page.")
    if any(record.id == _RESERVED for record in records):
        raise ProblemError(INVALID, f"A page can't have the id {_RESERVED!r}: it names a resource.")
    revisions = app_data().labels.put(records)
    return json_response(PutAnswer(len(records), revisions).to_dict(), 201)


@blueprint.get("")
def list_pages() -> Response:
    """Ids of the stored pages, in order."""
    wanted = ListQuery.from_query(request.query_string)
    found = app_data().labels.page_ids(wanted.limit + 1, wanted.after)
    page = found[: wanted.limit]
    return json_response({"pages": page, "next": page[-1] if len(found) > len(page) else None})


@blueprint.get("/suggestions")
def suggestions() -> Response:
    """Which of the stored pages without labels to label next, with the model's labels."""
    wanted = ListQuery.from_query(request.query_string, "count", _SUGGESTED)
    labels = app_data().labels
    found = suggest(
        labels.records(labelled=False),
        ready_segmenter(),
        wanted.limit,
        labels.records(labelled=True),
    )
    return json_response({"suggestions": [suggestion_answer(item) for item in found]})


@blueprint.get("/<path:identity>")
def get(identity: str) -> Response:
    """A page with its labels and their history."""
    page = app_data().labels.get(identity)
    if page is None:
        raise _no_page(identity)
    return json_response(page_answer(page))


@blueprint.delete("/<path:identity>")
def delete(identity: str) -> Response:
    """Remove a page, its text and all of its labels."""
    if not app_data().labels.delete(identity):
        raise _no_page(identity)
    return Response(status=204)


def _records(incoming: Request) -> list[LabelRecord]:
    kind = incoming.mimetype
    if kind not in _ACCEPTED:
        stated = f"{kind!r} is not accepted" if kind else "The content type is missing"
        raise ProblemError(
            MEDIA_TYPE,
            f"{stated}; accepted are {', '.join(_ACCEPTED)}.",
            members={"accepted": list(_ACCEPTED)},
        )
    body = read_body(incoming)
    if kind in _LINES:
        return checked_lines(body.split(b"\n"))
    value = parse_json(body)
    return checked_records(enumerate(value if isinstance(value, list) else [value], start=1))


def _no_page(identity: str) -> ProblemError:
    return ProblemError(NOT_FOUND, f"There is no page with the id {identity[:200]!r}.")
