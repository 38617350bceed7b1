"""The gunicorn worker: what happens to requests before and beside the app."""

from __future__ import annotations

import select
import socket
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

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
from gunicorn.workers.sync import SyncWorker

from api.answers import encode_json
from api.problems import PROBLEM_MEDIA_TYPE, problem_document

__all__ = ["ProblemWorker"]

# A worker serves one connection at a time; one that stays silent must not keep it. Browsers and
# connection pools open such connections ahead of need.
_FIRST_BYTE_SECONDS: Final = 5.0

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


class ProblemWorker(SyncWorker):  # type: ignore[misc]
    """A sync worker whose own error answers are problem documents.

    A connection that sends nothing is closed after five seconds.
    """

    def handle(self, listener: Any, client: socket.socket, addr: Any) -> None:
        """Serve one connection, unless it stays silent."""
        readable, _, _ = select.select([client], [], [], _FIRST_BYTE_SECONDS)
        if readable:
            super().handle(listener, client, addr)
        else:
            client.close()

    def handle_error(
        self, _req: Any, client: socket.socket, _addr: Any, exc: BaseException
    ) -> None:
        """Answer what the app never saw, or did not handle."""
        status = _status(exc)
        if status == 500:
            self.log.error("Error outside the app", exc_info=exc)
            detail = "The service failed on this request."
        else:
            detail = f"The request is not acceptable HTTP: {exc}"
        try:
            client.sendall(_raw_response(status, detail))
        except OSError:
            self.log.debug("The client was gone before its error answer.")


def _status(error: BaseException) -> int:
    if not isinstance(error, ParseException):
        return 500
    return _STATUSES.get(type(error), 400)


def _raw_response(status: int, detail: str) -> bytes:
    body = encode_json(problem_document(status, detail))
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"Content-Type: {PROBLEM_MEDIA_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
