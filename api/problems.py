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
from segmenter import DecodingError, InputError, LimitError
from segmenter.errors import LabelError

__all__ = [
    "BAD_BODY",
    "BAD_QUERY",
    "CONFLICT",
    "INVALID",
    "LENGTH_REQUIRED",
    "MEDIA_TYPE",
    "NOT_FOUND",
    "NOT_JSON",
    "NOT_READY",
    "OVER_LIMIT",
    "PROBLEM_MEDIA_TYPE",
    "UNDECODABLE",
    "ProblemError",
    "ProblemType",
    "problem_document",
    "register",
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
NOT_FOUND: Final = ProblemType("not-found", 404, "There is no such thing")
CONFLICT: Final = ProblemType("conflict", 409, "The state does not allow it")
INVALID: Final = ProblemType("invalid-request", 422, "The request is well-formed but wrong")
NOT_READY: Final = ProblemType("not-ready", 503, "The service is not ready")


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
    app.register_error_handler(ProblemError, _from_problem)
    app.register_error_handler(InputError, _from_input_error)
    app.register_error_handler(HTTPException, _from_http_exception)
    app.register_error_handler(Exception, _from_unexpected)


def _response(document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    response = Response(
        encode_json(document), status=int(document["status"]), mimetype=PROBLEM_MEDIA_TYPE
    )
    response.headers.update(headers or {})
    return response


def _from_problem(problem: ProblemError) -> Response:
    document = problem_document(problem.kind.status, problem.detail, problem.kind)
    return _response({**document, **problem.members}, problem.headers)


def _from_input_error(error: InputError) -> Response:
    if isinstance(error, LimitError):
        members = {"limit": error.limit, "allowed": error.allowed, "actual": error.actual}
        return _from_problem(ProblemError(OVER_LIMIT, str(error), members=members))
    if isinstance(error, LabelError):
        faults = [asdict(fault) for fault in error.faults[:_MOST_FAULTS]]
        return _from_problem(
            ProblemError(
                INVALID, str(error), members={"errors": faults, "faults": len(error.faults)}
            )
        )
    kind = UNDECODABLE if isinstance(error, DecodingError) else INVALID
    return _from_problem(ProblemError(kind, str(error)))


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


def _from_unexpected(error: Exception) -> Response:
    """A fault of ours: the log gets everything, the client nothing of the inside."""
    _log.error("unexpected error on %s %r", request.method, request.path, exc_info=error)
    return _response(problem_document(500, "The service failed on this request."))
