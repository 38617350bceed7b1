"""Problem documents as the OpenAPI document has them: their members, and which a route can have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import ConfigDict, Field

from api.contract.models import AnswerModel
from api.contract.operations import Operation
from api.problems import (
    BAD_BODY,
    BAD_QUERY,
    BUSY,
    CONFLICT,
    FAULT,
    FORBIDDEN,
    INVALID,
    KEY_REUSED,
    LENGTH_REQUIRED,
    MEDIA_TYPE,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    NOT_JSON,
    NOT_READY,
    OVER_LIMIT,
    OVER_TIME,
    PROCESS_ENDED,
    STORE_AWAY,
    TOO_MANY,
    TOO_SLOW,
    UNAUTHENTICATED,
    UNDECODABLE,
    ProblemType,
    problem_document,
)

__all__ = ["ErrorRow", "Problem", "problem_examples", "problem_headers", "problems_of"]

_REQUEST_ID: Final = "4bf92f3577b34da6a3ce929d0e0e4736"


class Problem(AnswerModel):
    """A problem document (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:problem-type:segmenter:over-limit"])
    """URI of the kind of problem; `about:blank` where the status says all."""
    title: str = Field(examples=["The request is over a limit"])
    """The kind of problem, in words."""
    status: int = Field(ge=400, le=599, examples=[413])
    """The answer's status."""
    detail: str = Field(examples=["The body is over the limit of 10,000,000 bytes."])
    """What is wrong with this request, and what is accepted."""
    request_id: str = Field(default="", examples=[_REQUEST_ID])
    """As the header `X-Request-Id` has it."""
    limit: str = Field(default="", examples=["body_bytes"])
    """Name of the limit that the request is over."""
    value: Any = Field(default=None, examples=[10_000_000])
    """The limit's value."""
    actual: int = Field(default=0, examples=[12_000_000])
    """What the request has, as far as it was counted."""
    accepted: list[str] = Field(default=[], examples=[["text/plain", "application/json"]])
    """What would be accepted."""
    errors: list[dict[str, Any]] = Field(
        default=[], examples=[[{"in": "body", "name": "id", "detail": "a string, not a number"}]]
    )
    """Everything that is wrong with the request, each with its place."""


class ErrorRow(AnswerModel):
    """What a batch answers for a row that is refused."""

    id: str | None = Field(examples=["page-1"])
    """Of the row, where it could be read."""
    line: int = Field(ge=1, examples=[3])
    """Number of the row's line."""
    error: Problem


_OF_BODIES: Final = (BAD_BODY, TOO_SLOW, LENGTH_REQUIRED, OVER_LIMIT, MEDIA_TYPE)
_OF_QUERIES: Final = (BAD_QUERY, INVALID)
_GUARDED: Final = (UNAUTHENTICATED, TOO_MANY)
_EVERYWHERE: Final = (BAD_BODY, FORBIDDEN, FAULT, STORE_AWAY)

_HEADERS: Final[Mapping[ProblemType, tuple[str, ...]]] = {
    UNAUTHENTICATED: ("WWW-Authenticate",),
    FORBIDDEN: ("WWW-Authenticate",),
    TOO_MANY: ("Retry-After",),
    BUSY: ("Retry-After",),
    STORE_AWAY: ("Retry-After",),
    MEDIA_TYPE: ("Accept", "Accept-Encoding"),
}
_LIMIT: Final = {"limit": "body_bytes", "value": 10_000_000}
_EXAMPLES: Final[Mapping[ProblemType, tuple[str, Mapping[str, Any]]]] = {
    NOT_JSON: ("The body is not JSON: Expecting value: line 1 column 1 (char 0).", {}),
    UNDECODABLE: ("JSON is UTF-8, but byte 17 of the body is not.", {}),
    BAD_QUERY: ("The query string is name=value pairs joined by '&'.", {}),
    BAD_BODY: ("The body ended after 4 of 1,000 bytes.", {}),
    LENGTH_REQUIRED: ("Send the body with a Content-Length header.", {}),
    OVER_LIMIT: ("The body is over the limit of 10,000,000 bytes.", _LIMIT),
    MEDIA_TYPE: (
        "'image/png' is not accepted; accepted is application/json.",
        {"accepted": ["application/json"]},
    ),
    NOT_ACCEPTABLE: (
        "None of the accepted media types is answered here; there are application/json, "
        "application/x-ndjson, text/plain.",
        {"accepted": ["application/json", "application/x-ndjson", "text/plain"]},
    ),
    NOT_FOUND: ("There is none of the name 'page-1'.", {}),
    CONFLICT: ("Model version 0.1.0 is active already.", {}),
    INVALID: (
        "'id': a string, not a number",
        {"errors": [{"in": "body", "name": "id", "detail": "a string, not a number"}]},
    ),
    KEY_REUSED: ("This Idempotency-Key was sent with another request.", {}),
    NOT_READY: ("No model is loaded yet.", {}),
    STORE_AWAY: ("The store can't be used now; try again.", {}),
    UNAUTHENTICATED: ("Send an API key as 'Authorization: Bearer KEY'.", {}),
    FORBIDDEN: (
        "This needs a key of the role 'admin'; the one sent is of the role 'read'.",
        {"needed": "admin", "role": "read"},
    ),
    TOO_MANY: (
        "The key has made more than 6000/minute requests; try again in 12 seconds.",
        {"limit": "requests_per_key", "value": "6000/minute"},
    ),
    TOO_SLOW: ("The body came in too slowly.", {}),
    OVER_TIME: (
        "The page took longer than 30 seconds.",
        {"limit": "page_seconds", "value": 30},
    ),
    PROCESS_ENDED: ("The process that segmented the page ended; others are not touched.", {}),
    FAULT: ("The service failed on this request.", {}),
    BUSY: ("64 pages are waiting already.", {"limit": "queue_length", "value": 64}),
}


def problems_of(operation: Operation, *, guarded: bool) -> list[ProblemType]:
    """Every problem that a route can answer with.

    Args:
        guarded: whether it needs a key.
    """
    found = [*operation.problems, *_EVERYWHERE]
    if operation.bodies:
        found += _OF_BODIES
    if operation.query is not None:
        found += _OF_QUERIES
    if operation.headers:
        found.append(INVALID)
    if guarded:
        found += _GUARDED
    return list(dict.fromkeys(found))


def problem_headers(problems: Iterable[ProblemType]) -> list[str]:
    """Names of the headers that answers with these problems can have."""
    return sorted({name for problem in problems for name in _HEADERS.get(problem, ())})


def problem_examples(problems: Iterable[ProblemType]) -> dict[str, Any]:
    """A whole document of each kind."""
    return {
        problem.name: {
            "summary": problem.title,
            "value": {
                **problem_document(problem.status, _EXAMPLES[problem][0], problem),
                **_EXAMPLES[problem][1],
                "request_id": _REQUEST_ID,
            },
        }
        for problem in problems
    }
