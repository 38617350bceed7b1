"""``/v1/labels``: labelled pages in and out, and which to label next."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from api.body import accepted_type, read_body
from api.contract.operations import Answer, Content, Operation, describe
from api.contract.parsing import parse_json
from api.contract.repeats import RepeatHeaders, once
from api.contract.retraining import (
    LabelsAnswer,
    PageAnswer,
    StoredAnswer,
    StoredPageAnswer,
    SuggestionsAnswer,
)
from api.contract.tags import TagHeaders, model_response, tagged_response
from api.data import app_data
from api.pages.executor import app_pages
from api.pages.labelling import PlacesCheck
from api.pages.suggesting import suggested
from api.problems import (
    BUSY,
    INVALID,
    KEY_REUSED,
    MEDIA_TYPE,
    NOT_FOUND,
    NOT_JSON,
    NOT_READY,
    UNDECODABLE,
    ProblemError,
)
from api.retraining_schemas import ListQuery, PageToStore, SuggestionsQuery
from segmenter.labels.files import checked_lines, checked_records
from segmenter.labels.records import LabelRecord

__all__ = ["blueprint"]

blueprint: Final = Blueprint("labels", __name__, url_prefix="/v1/labels")

_JSON: Final = ("application/json",)
_LINES: Final = ("application/x-ndjson", "application/jsonl")
_ACCEPTED: Final = (*_JSON, *_LINES)
_RESERVED: Final = "suggestions"
_PAGE: Final = f"/<identity({_RESERVED!r}):identity>"
_TAG: Final = "Labels"
_IDENTITY: Final = {"identity": ("Of the page; a slash in it may stand as it is.", "page-1")}
_EXAMPLE: Final = {
    "id": "page-1",
    "text": "Bridge reopens\n\nThe bridge was closed in spring.",
    "blocks": [
        {"label": "headline", "text": "Bridge reopens"},
        {"label": "body", "text": "The bridge was closed in spring."},
    ],
}


@blueprint.post("")
@describe(
    Operation(
        tag=_TAG,
        bodies=(
            Content(_JSON[0], PageToStore, example=_EXAMPLE, many=True),
            *(Content(kind, PageToStore, example=_EXAMPLE, lines=True) for kind in _LINES),
        ),
        headers=(RepeatHeaders,),
        answers=(
            Answer(
                201,
                "All pages are stored.",
                (Content(_JSON[0], StoredAnswer),),
                ("Idempotency-Replayed",),
            ),
        ),
        problems=(NOT_JSON, UNDECODABLE, INVALID, KEY_REUSED, MEDIA_TYPE, NOT_READY, BUSY),
    )
)
def put() -> Response:
    """Store labelled pages.

    All of the body or none; pages without blocks are a pool to label. The body is one page or a
    list of pages (JSON), or one page a line (NDJSON).
    """
    kind = accepted_type(request, _ACCEPTED)
    app_pages().check_room()
    body = read_body(request)
    records = _records(body, kind)
    if not records:
        raise ProblemError(INVALID, "The body has no page.")
    if any(record.id == _RESERVED for record in records):
        raise ProblemError(INVALID, f"A page can't have the id {_RESERVED!r}: it names a resource.")

    def stored() -> Response:
        revisions = app_data().labels.put(records)
        pages = [StoredPageAnswer(id=name, revision=n) for name, n in revisions.items()]
        return model_response(StoredAnswer(stored=len(records), pages=pages), 201)

    return once(request, body, stored)


@blueprint.get("")
@describe(
    Operation(
        tag=_TAG,
        query=ListQuery,
        headers=(TagHeaders,),
        answers=(Answer(200, "Ids.", (Content(_JSON[0], LabelsAnswer),), ("ETag",)),),
        problems=(INVALID,),
    )
)
def list_pages() -> Response:
    """List the ids of the stored pages, in order."""
    wanted = ListQuery.from_query(request.query_string)
    found = app_data().labels.page_ids(wanted.limit + 1, wanted.after or "")
    page = found[: wanted.limit]
    more = page[-1] if len(found) > len(page) else None
    return tagged_response(LabelsAnswer(pages=page, next=more))


@blueprint.get("/suggestions")
@describe(
    Operation(
        tag=_TAG,
        query=SuggestionsQuery,
        answers=(Answer(200, "Pages to label.", (Content(_JSON[0], SuggestionsAnswer),)),),
        problems=(INVALID, NOT_READY, BUSY),
    )
)
def suggestions() -> Response:
    """Suggest which of the stored pages without labels to label next.

    With the model's labels, to correct.
    """
    wanted = SuggestionsQuery.from_query(request.query_string)
    data = app_data()
    found = suggested(
        app_pages(),
        data.labels.records(labelled=False),
        data.labels.records(labelled=True),
        count=wanted.count,
        in_flight=data.settings.worker_count,
    )
    return model_response(SuggestionsAnswer(suggestions=found))


@blueprint.get(_PAGE)
@describe(
    Operation(
        tag=_TAG,
        path=_IDENTITY,
        headers=(TagHeaders,),
        answers=(Answer(200, "The page.", (Content(_JSON[0], PageAnswer),), ("ETag",)),),
        problems=(NOT_FOUND,),
    )
)
def get(identity: str) -> Response:
    """Show a stored page with its labels and their history."""
    page = app_data().labels.get(identity)
    if page is None:
        raise _no_page(identity)
    return tagged_response(PageAnswer.of(page))


@blueprint.delete(_PAGE)
@describe(
    Operation(
        tag=_TAG,
        path=_IDENTITY,
        answers=(Answer(204, "It is gone."),),
        problems=(NOT_FOUND,),
    )
)
def delete(identity: str) -> Response:
    """Remove a stored page, its text and all of its labels."""
    if not app_data().labels.delete(identity):
        raise _no_page(identity)
    return Response(status=204)


def _records(body: bytes, kind: str) -> list[LabelRecord]:
    check = PlacesCheck(app_pages())
    if kind in _LINES:
        return checked_lines(body.split(b"\n"), check)
    value = parse_json(body)
    rows = enumerate(value if isinstance(value, list) else [value], start=1)
    return checked_records(rows, check)


def _no_page(identity: str) -> ProblemError:
    return ProblemError(NOT_FOUND, f"There is no page with the id {identity[:200]!r}.")
