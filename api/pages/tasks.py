"""What a segmenting process can do."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from api.answers import encode_json
from api.contract.forms import encode_segmentation
from api.contract.parsing import json_object
from api.observe.metrics import PageSummary, Stage
from api.pages.checking import check_page
from api.pages.rating import rate_page
from api.pages.wire import Job, Outcome
from api.problems import INVALID, ProblemError, as_problem, problem_document
from api.schemas import SegmentRequest
from api.workbench.explaining import explain_block
from segmenter import Document, InputError, Segmenter
from segmenter.decoding import decode_html
from segmenter.metadata import page_metadata

__all__ = ["HTML_TYPES", "JSON_TYPES", "TEXT_TYPES", "error_row", "perform"]

TEXT_TYPES: Final = ("text/plain",)
HTML_TYPES: Final = ("text/html", "application/xhtml+xml")
JSON_TYPES: Final = ("application/json",)


def perform(job: Job, segmenter: Segmenter) -> Outcome:
    """Do a job.

    Raises:
        ProblemError: the page, or what is asked about it, is refused.
    """
    try:
        return _TASKS[job.task](job, segmenter)
    except InputError as error:
        raise as_problem(error) from error


def error_row(line: int, problem: ProblemError, identity: str | None = None) -> Outcome:
    """The row of a batch's answer for a row that is refused.

    Args:
        line: number of the line in the batch, from 1.
        problem: why.
        identity: the page's id, where it could be read.
    """
    document = problem_document(problem.kind.status, problem.detail, problem.kind)
    row = {"id": identity, "line": line, "error": {**document, **problem.members}}
    limit = problem.members.get("limit")
    named = limit if isinstance(limit, str) else None
    return Outcome(encode_json(row) + b"\n", problem=problem.kind.name, limit=named)


def _segment(job: Job, segmenter: Segmenter) -> Outcome:
    """The page of a request.

    Options: ``media_type``, ``content_type`` (the whole header) and ``query`` of the request, and
    ``form`` of the answer.
    """
    return _segmented(_wanted(job), segmenter, job.options["form"])


def _row(job: Job, segmenter: Segmenter) -> Outcome:
    """A row of a batch; one that is refused becomes an error row.

    Option: ``line``, its number.
    """
    try:
        wanted = SegmentRequest.from_json(job.body)
    except ProblemError as problem:
        return error_row(job.options["line"], problem, _identity(job.body))
    try:
        answer = _segmented(wanted, segmenter, "application/json")
    except InputError as error:
        return error_row(job.options["line"], as_problem(error), wanted.document.id)
    return Outcome(answer.body + b"\n", answer.summary)


_TASKS: Final[Mapping[str, Callable[[Job, Segmenter], Outcome]]] = {
    "segment": _segment,
    "row": _row,
    "explain": explain_block,
    "rate": rate_page,
    "check": check_page,
}


def _segmented(wanted: SegmentRequest, segmenter: Segmenter, form: Any) -> Outcome:
    began = time.perf_counter()
    result = segmenter.segment_document(wanted.document, keep=wanted.keep)
    segmented = time.perf_counter()
    answer = result.to_dict(probabilities=wanted.probabilities, page_text=wanted.page_text)
    if wanted.metadata:
        answer["metadata"] = _metadata(wanted.document)
    body = encode_segmentation(answer, form)
    seconds: dict[Stage, float] = {
        "segment": segmented - began,
        "answer": time.perf_counter() - segmented,
    }
    return Outcome(body, PageSummary.of(result, seconds))


def _wanted(job: Job) -> SegmentRequest:
    kind, query = job.options["media_type"], job.options["query"].encode("latin-1")
    if kind in JSON_TYPES:
        if query:
            raise ProblemError(
                INVALID, "With a JSON body the options are members of it, not query parameters."
            )
        return SegmentRequest.from_json(job.body)
    return SegmentRequest.from_query(
        query,
        text=job.body if kind in TEXT_TYPES else None,
        html=job.body if kind in HTML_TYPES else None,
        content_type=job.options["content_type"],
    )


def _metadata(document: Document) -> dict[str, Any]:
    html = document.html
    assert html is not None
    page = decode_html(html, document.content_type) if isinstance(html, bytes) else html
    return dict(page_metadata(page, document.url))


def _identity(body: bytes) -> str | None:
    """The id of a row that is refused."""
    try:
        identity = json_object(body).get("id")
    except ProblemError:
        return None
    return identity if isinstance(identity, str) else None
