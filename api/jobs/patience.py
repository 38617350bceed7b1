"""Waiting for a store that is away for a moment: a run of half an hour is not lost for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy.exc import DBAPIError

__all__ = ["patiently"]

_log: Final = logging.getLogger(__name__)
_SECONDS: Final = 120.0
_PAUSE_SECONDS: Final = 0.5
Result = TypeVar("Result")


def patiently(call: Callable[[], Result], *, seconds: float = _SECONDS) -> Result:
    """What a call to the store gives, tried again while the store does not answer.

    Only for calls that may be done twice.

    Raises:
        DBAPIError: it did not answer for that many seconds.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call()
        except DBAPIError as error:
            if time.monotonic() > deadline:
                raise
            _log.warning("the store does not answer; trying again", exc_info=error)
            time.sleep(_PAUSE_SECONDS)
