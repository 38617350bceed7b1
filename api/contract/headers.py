"""Headers of answers, described once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

__all__ = ["EVERYWHERE", "answer_headers"]

EVERYWHERE: Final = ("X-Request-Id",)
"""Those that every answer has."""

_HEADERS: Final[Mapping[str, tuple[str, str]]] = {
    "X-Request-Id": (
        "Names the request in the service's log; the one that was sent, or a new one.",
        "4bf92f3577b34da6a3ce929d0e0e4736",
    ),
    "ETag": (
        "Names the answer; sent back as `If-None-Match`, it saves sending the same again.",
        '"2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"',
    ),
    "Location": (
        "Where what was created is.",
        "/v1/training-runs/5b2c6a0e-1f6d-4a57-9a51-0b6d1d1f6c11",
    ),
    "Idempotency-Replayed": (
        "`true` where this is the answer to an earlier request with the same key.",
        "true",
    ),
    "Vary": ("The request headers that the answer depends on.", "Accept"),
    "Retry-After": ("Seconds to wait before the next attempt.", "1"),
    "WWW-Authenticate": ("How to authenticate.", 'Bearer realm="segmenter"'),
    "Accept": ("The content types that are accepted, where it is that.", "text/plain, text/html"),
    "Accept-Encoding": ("The content codings that are accepted, where it is that.", "gzip, zstd"),
}


def answer_headers(names: Iterable[str]) -> dict[str, Any]:
    """The header objects of an answer."""
    return {
        name: {"description": description, "schema": {"type": "string"}, "example": example}
        for name in names
        for description, example in (_HEADERS[name],)
    }
