"""What the routes that segment pages promise."""

from __future__ import annotations

from typing import Final

from api.contract.answers import BlockAnswer, SegmentationAnswer
from api.contract.forms import FORMS
from api.contract.operations import Answer, Content, Operation
from api.contract.problem import ErrorRow
from api.problems import (
    BUSY,
    INVALID,
    NOT_ACCEPTABLE,
    NOT_JSON,
    NOT_READY,
    OVER_TIME,
    PROCESS_ENDED,
    UNDECODABLE,
)
from api.schemas import SegmentBody, SegmentQuery

__all__ = ["BATCH", "SEGMENT"]

_TAG: Final = "Pages"
_TEXT: Final = "Bridge reopens\n\nBy Anna Lind\n\nThe bridge was closed in spring."
_HTML: Final = "<h1>Bridge reopens</h1><p>The bridge was closed in spring.</p>"
_ROW: Final = '{"id": "page-1", "text": "Bridge reopens\\n\\nIt was closed in spring."}\n'
_BLOCK: Final = (
    '{"start": 0, "end": 14, "label": "headline", "probability": 0.9787, '
    '"text": "Bridge reopens"}\n'
)
_ANSWERED: Final = (
    '{"id": "page-1", "url": null, "input": "text", "language": null, "model": {"name": "default", '
    '"version": "0.1.0"}, "headline": "Bridge reopens", "byline": [], '
    '"text": "It was closed in spring.", "confidence": 0.93, "blocks": []}\n'
)
_PROBLEMS: Final = (NOT_ACCEPTABLE, NOT_READY, BUSY)

SEGMENT: Final = Operation(
    tag=_TAG,
    query=SegmentQuery,
    bodies=(
        Content("text/plain", example=_TEXT),
        Content("text/html", example=_HTML),
        Content("application/xhtml+xml", example=_HTML),
        Content("application/json", SegmentBody, example={"text": _TEXT, "keep": ["body"]}),
    ),
    answers=(
        Answer(
            200,
            "The page taken apart: as `Accept` asks for it, whole, its blocks one a line, or the "
            "kept text alone.",
            (
                Content(FORMS[0], SegmentationAnswer),
                Content(FORMS[1], BlockAnswer, lines=True, example=_BLOCK),
                Content(FORMS[2], example="The bridge was closed in spring."),
            ),
            ("Vary",),
        ),
    ),
    problems=(NOT_JSON, UNDECODABLE, INVALID, OVER_TIME, PROCESS_ENDED, *_PROBLEMS),
)
BATCH: Final = Operation(
    tag=_TAG,
    bodies=tuple(
        Content(kind, SegmentBody, lines=True, example=_ROW)
        for kind in ("application/x-ndjson", "application/jsonl")
    ),
    answers=(
        Answer(
            200,
            "A row for each, in their order: the page taken apart, as "
            "`/v1/segment` answers it, or what is wrong with it.",
            (Content("application/x-ndjson", ErrorRow, lines=True, example=_ANSWERED),),
        ),
    ),
    problems=_PROBLEMS,
)
