"""Every error as an RFC 9457 problem document."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from api.answers import encode_json
from api.observe.record import current_record
from segmenter import DecodingError, InputError, LimitError
from segmenter.errors import LabelError

__all__ = [
    "BAD_BODY",
    "BAD_QUERY",
    "BUSY",
    "CONFLICT",
    "FAULT",
    "FORBIDDEN",
    "INVALID",
    "KEY_REUSED",
    "LENGTH_REQUIRED",
    "MEDIA_TYPE",
    "NOT_ACCEPTABLE",
    "NOT_FOUND",
    "NOT_JSON",
    "NOT_READY",
    "NO_FAULT_OF_THE_PAGE",
    "OVER_LIMIT",
    "OVER_TIME",
    "PROBLEM_MEDIA_TYPE",
    "PROCESS_ENDED",
    "STORE_AWAY",
    "TOO_MANY",
    "TOO_SLOW",
    "UNAUTHENTICATED",
    "UNDECODABLE",
    "ProblemError",
    "ProblemType",
    "as_problem",
    "limit_members",
    "problem_document",
    "problem_response",
    "register",
    "unexpected_response",
]

_log = logging.getLogger(__name__)

_MOST_FAULTS: Final = 1_000
PROBLEM_MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of error: the end of its type URI, its HTTP status and its title."""

    name: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """The member ``type`` of its documents."""
        return f"urn:problem-type:segmenter:{self.name}"


NOT_JSON: Final = ProblemType("not-json", 400, "The body is not JSON")
UNDECODABLE: Final = ProblemType(
    "undecodable", 400, "The bytes are not text in the stated character set"
)
BAD_QUERY: Final = ProblemType("query-syntax", 400, "The query string is malformed")
BAD_BODY: Final = ProblemType("broken-body", 400, "The body is incomplete or badly framed")
LENGTH_REQUIRED: Final = ProblemType("length-required", 411, "The length of the body is missing")
OVER_LIMIT: Final = ProblemType("over-limit", 413, "The request is over a limit")
MEDIA_TYPE: Final = ProblemType("media-type", 415, "The content type is not accepted")
NOT_ACCEPTABLE: Final = ProblemType("not-acceptable", 406, "No form of the answer is accepted")
NOT_FOUND: Final = ProblemType("not-found", 404, "There is no such thing")
CONFLICT: Final = ProblemType("conflict", 409, "The state does not allow it")
INVALID: Final = ProblemType("invalid-request", 422, "The request is well-formed but wrong")
KEY_REUSED: Final = ProblemType(
    "idempotency-key-reused", 422, "The key was sent with another request"
)
NOT_READY: Final = ProblemType("not-ready", 503, "The service is not ready")
STORE_AWAY: Final = ProblemType("store-away", 503, "The store can't be used now")
UNAUTHENTICATED: Final = ProblemType("unauthenticated", 401, "A known API key is missing")
FORBIDDEN: Final = ProblemType("forbidden", 403, "This is not allowed to whoever asks")
TOO_MANY: Final = ProblemType("too-many-requests", 429, "The key made too many requests")
TOO_SLOW: Final = ProblemType("too-slow", 408, "The request came in too slowly")
OVER_TIME: Final = ProblemType("over-time", 422, "The page takes too long")
PROCESS_ENDED: Final = ProblemType("process-ended", 500, "The process of the page ended")
FAULT: Final = ProblemType("fault", 500, "The service failed")
BUSY: Final = ProblemType("busy", 503, "The service has as much to do as it takes on")
NO_FAULT_OF_THE_PAGE: Final = (BUSY, NOT_READY)
"""A page that is refused for one of these may be asked for again."""


def limit_members(limit: str, value: int, actual: int | None = None) -> dict[str, object]:
    """The members of a problem about a limit.

    Args:
        limit: the limit's name.
        value: the limit's value; also as ``allowed``, the member's earlier name.
        actual: what the request has, as far as it was counted.
    """
    members: dict[str, object] = {"limit": limit, "value": value, "allowed": value}
    return members if actual is None else {**members, "actual": actual}


class ProblemError(Exception):
    """An error that is answered with a problem document.

    Args:
        kind: the type of the problem.
        detail: what is wrong with this request and what is accepted.
        members: further members of the document.
        headers: further response headers.
    """

    def __init__(
        self,
        kind: ProblemType,
        detail: str,
        *,
        members: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = dict(members or {})


def problem_document(status: int, detail: str, kind: ProblemType | None = None) -> dict[str, Any]:
    """The members every problem has; without a kind the status says it all (RFC 9457, 4.2.1)."""
    return {
        "type": "about:blank" if kind is None else kind.uri,
        "title": HTTPStatus(status).phrase if kind is None else kind.title,
        "status": status,
        "detail": detail,
    }


def register(app: Flask) -> None:
    """Answer every error of the app with a problem document."""
    app.register_error_handler(ProblemError, problem_response)
    app.register_error_handler(InputError, _from_input_error)
    app.register_error_handler(HTTPException, _from_http_exception)
    app.register_error_handler(Exception, unexpected_response)


def _response(document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    record = current_record()
    if record is not None:
        limit = document.get("limit")
        record.limit = limit if isinstance(limit, str) else None
        document = {**document, "request_id": record.id}
    response = Response(
        encode_json(document), status=int(document["status"]), mimetype=PROBLEM_MEDIA_TYPE
    )
    response.headers.update(headers or {})
    return response


def problem_response(problem: ProblemError) -> Response:
    """A problem as an answer."""
    document = problem_document(problem.kind.status, problem.detail, problem.kind)
    return _response({**document, **problem.members}, problem.headers)


def _from_input_error(error: InputError) -> Response:
    return problem_response(as_problem(error))


def as_problem(error: InputError) -> ProblemError:
    """What the library refused, as a problem."""
    if isinstance(error, LimitError):
        members = limit_members(error.limit, error.allowed, error.actual)
        return ProblemError(OVER_LIMIT, str(error), members=members)
    if isinstance(error, LabelError):
        faults = [asdict(fault) for fault in error.faults[:_MOST_FAULTS]]
        members = {"errors": faults, "faults": len(error.faults)}
        return ProblemError(INVALID, str(error), members=members)
    kind = UNDECODABLE if isinstance(error, DecodingError) else INVALID
    return ProblemError(kind, str(error))


def _from_http_exception(error: HTTPException) -> Response:
    """What Flask and Werkzeug raise: 404, 405 and the like."""
    status = error.code or 500
    if status == 404:
        detail = f"There is nothing at {request.path!r}."
        return _response(problem_document(status, detail))
    if status == 405:
        allowed = sorted(getattr(error, "valid_methods", None) or [])
        document = problem_document(status, f"{request.method} is not accepted here.")
        return _response({**document, "allowed": allowed}, {"Allow": ", ".join(allowed)})
    return _response(problem_document(status, error.description or ""))


def unexpected_response(error: Exception) -> Response:
    """A fault of ours: the log says what and where, the client nothing of the inside."""
    _log.error("unexpected error", exc_info=error)
    return _response(problem_document(500, "The service failed on this request."))
