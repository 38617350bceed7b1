"""Answers from outside of the app, most of them to requests that are no acceptable HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from gunicorn.http.errors import (
    ConfigurationProblem,
    ExpectationFailed,
    ForbiddenProxyRequest,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.util import http_date

from api.access.browsers import ANSWER_HEADERS
from api.answers import encode_json
from api.observe.record import RequestRecord
from api.problems import PROBLEM_MEDIA_TYPE, problem_document

__all__ = ["problem_answer", "status_of"]

_STATUSES: Final[Mapping[type[BaseException], int]] = {
    ForbiddenProxyRequest: 403,
    LimitRequestLine: 414,
    ExpectationFailed: 417,
    LimitRequestHeaders: 431,
    UnsupportedTransferCoding: 501,
    ConfigurationProblem: 500,
    InvalidResponseHeader: 500,
    InvalidResponseHeaderName: 500,
}
_SHOWN: Final = 200


def status_of(error: BaseException) -> int:
    """The status that an error is answered with."""
    if not isinstance(error, ParseException):
        return 500
    return _STATUSES.get(type(error), 400)


def problem_answer(error: BaseException, record: RequestRecord) -> tuple[bytes, bytes]:
    """Head and body of the answer to a request.

    Args:
        error: what gunicorn raised, or the app and its error handlers.
        record: of the request, with the answer's status.
    """
    status = record.status
    detail = "The service failed on this request."
    if status != 500:
        detail = f"The request is not acceptable HTTP: {str(error)[:_SHOWN]}"
    body = encode_json({**problem_document(status, detail), "request_id": record.id})
    headers = {
        "Date": http_date(),
        "Content-Type": PROBLEM_MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "X-Request-Id": record.id,
        **ANSWER_HEADERS,
        "Connection": "close",
    }
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii"), body
