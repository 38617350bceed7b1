"""Reading request bodies within the limit, and what every response needs for it."""

from __future__ import annotations

import time
from typing import Final

from flask import Flask, Request, Response, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from api.problems import BAD_BODY, LENGTH_REQUIRED, MEDIA_TYPE, OVER_LIMIT, ProblemError

__all__ = ["read_body", "read_optional_body", "register"]

# An unread rest of a body is thrown away up to this much, so that the client gets to read the
# answer: closing a connection with unread bytes resets it. Over the bound it is reset.
_DRAIN_BYTES: Final = 256_000_000
_DRAIN_SECONDS: Final = 10.0
_DRAIN_STEP: Final = 65_536


def register(app: Flask) -> None:
    """Finish every response: drain the rest of its request, forbid content sniffing."""
    app.after_request(_finish)


def read_body(incoming: Request) -> bytes:
    """The whole body, with ``Content-Length`` or chunked.

    Raises:
        ProblemError: 400 the body is cut off or its chunks are malformed; 411 its length is not
            told; 413 it is over the limit; 415 it is compressed.
    """
    length = incoming.content_length
    if length is None and not _chunked(incoming):
        raise ProblemError(
            LENGTH_REQUIRED,
            "Send the body with a Content-Length header or with Transfer-Encoding: chunked.",
        )
    coding = incoming.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise ProblemError(
            MEDIA_TYPE,
            f"A body with Content-Encoding {coding!r} is not accepted; send it uncompressed.",
            headers={"Accept-Encoding": "identity"},
        )
    try:
        data = incoming.get_data(cache=False)
        # At the limit Werkzeug ends a chunked body without a word, whatever still follows.
        cut = length is None and bool(incoming.environ["wsgi.input"].read(1))
    except RequestEntityTooLarge:
        raise _over_limit(incoming, length) from None
    except (ClientDisconnected, ParseException):
        raise ProblemError(BAD_BODY, "The body ended early or its chunks are malformed.") from None
    if cut:
        raise _over_limit(incoming, length)
    if length is not None and len(data) < length:
        raise ProblemError(BAD_BODY, f"The body ended after {len(data):,} of {length:,} bytes.")
    return data


def read_optional_body(incoming: Request) -> bytes:
    """As ``read_body``, empty where none was sent."""
    told = incoming.content_length is not None or "Transfer-Encoding" in incoming.headers
    return read_body(incoming) if told else b""


def _chunked(incoming: Request) -> bool:
    # Only a server that ends the stream itself makes a chunked body safe to read.
    transfer = incoming.headers.get("Transfer-Encoding", "").lower()
    return "chunked" in transfer and bool(incoming.environ.get("wsgi.input_terminated"))


def _over_limit(incoming: Request, length: int | None) -> ProblemError:
    allowed = incoming.max_content_length
    size = "" if length is None else f" of {length:,} bytes"
    return ProblemError(
        OVER_LIMIT,
        f"The body{size} is over the limit of {allowed:,} bytes.",
        members={"limit": "body_bytes", "allowed": allowed},
    )


def _finish(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.environ.get("wsgi.input_terminated"):
        _drain(request)
    return response


def _drain(incoming: Request) -> None:
    stream = incoming.environ["wsgi.input"]
    deadline = time.monotonic() + _DRAIN_SECONDS
    drained = 0
    try:
        while drained < _DRAIN_BYTES and time.monotonic() < deadline:
            data = stream.read(_DRAIN_STEP)
            if not data:
                return
            drained += len(data)
    except (OSError, ParseException):
        # The client is gone or sends no proper chunks; the answer stands all the same.
        return
