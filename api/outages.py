"""Answers while the store is away or the disk is full."""

from __future__ import annotations

import errno
import logging
from typing import Final

from flask import Flask, Response
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError

from api.problems import STORE_AWAY, ProblemError, problem_response, unexpected_response

__all__ = ["register"]

_log: Final = logging.getLogger(__name__)
_AWAY: Final = (OperationalError, InterfaceError, InternalError)
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_RETRY_AFTER: Final = {"Retry-After": "2"}


def register(app: Flask) -> None:
    """Answer 503 to what can't be read or written now; the rest of the service goes on."""
    app.register_error_handler(DBAPIError, _from_database)
    app.register_error_handler(OSError, _from_system)


def _from_database(error: DBAPIError) -> Response:
    return _away(error) if isinstance(error, _AWAY) else unexpected_response(error)


def _from_system(error: OSError) -> Response:
    return _away(error) if error.errno in _NO_ROOM else unexpected_response(error)


def _away(error: Exception) -> Response:
    _log.error("the store can't be used", exc_info=error)
    return problem_response(
        ProblemError(
            STORE_AWAY,
            "The store does not answer, or has no room. Where a change was asked for, it was made "
            "whole or not at all: look, or send it again.",
            headers=_RETRY_AFTER,
        )
    )
