"""Reading request bodies within their limits, and what every response needs for it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from flask import Flask, Request, Response, current_app, request
from gunicorn.http.errors import ParseException

from api.problems import (
    BAD_BODY,
    LENGTH_REQUIRED,
    MEDIA_TYPE,
    OVER_LIMIT,
    TOO_SLOW,
    ProblemError,
    limit_members,
)
from segmenter import InputError
from segmenter.crawl.compression import PACKED_PIECE_BYTES, Compression, unpacked

__all__ = [
    "accepted_type",
    "body_pieces",
    "drain",
    "read_body",
    "read_optional_body",
    "register",
]

_UNPACKED_LIMIT: Final = "MAX_UNPACKED_LENGTH"
_PIECE_BYTES: Final = 1 << 20
_CODINGS: Final[Mapping[str, Compression]] = {
    "": "none",
    "identity": "none",
    "gzip": "gzip",
    "x-gzip": "gzip",
    "zstd": "zstd",
}
_ACCEPTED_CODINGS: Final = "gzip, zstd"
# An unread rest of a body is thrown away up to this much, so that the client gets to read the
# answer: closing a connection with unread bytes resets it. Over the bound it is reset.
_DRAIN_BYTES: Final = 256_000_000
_DRAIN_SECONDS: Final = 10.0
_DRAIN_STEP: Final = 65_536


def register(app: Flask, max_unpacked_bytes: int) -> None:
    """Finish every response: drain the rest of its request, forbid content sniffing.

    Args:
        app: its ``MAX_CONTENT_LENGTH`` bounds bodies as they are sent.
        max_unpacked_bytes: bounds compressed bodies once they are unpacked.
    """
    app.config[_UNPACKED_LIMIT] = max_unpacked_bytes
    app.after_request(_finish)


def read_body(incoming: Request) -> bytes:
    """The whole body, with ``Content-Length`` or chunked, unpacked.

    Raises:
        ProblemError: 400 the body is cut off, damaged, or its chunks are malformed; 408 it comes
            too slowly; 411 its length is not told; 413 it is over a limit; 415 its compression
            is none of those accepted.
    """
    allowed = incoming.max_content_length
    length = incoming.content_length
    if allowed is not None and length is not None and length > allowed:
        raise _over_body_bytes(allowed, length)
    coding = _coding(incoming)
    pieces = _bounded(_pieces(incoming), allowed)
    if coding == "none":
        return b"".join(pieces)
    return b"".join(_unpacked(pieces, coding, _unpacked_limit()))


def read_optional_body(incoming: Request) -> bytes:
    """As ``read_body``, empty where none was sent."""
    told = incoming.content_length is not None or "Transfer-Encoding" in incoming.headers
    return read_body(incoming) if told else b""


def accepted_type(incoming: Request, accepted: Sequence[str]) -> str:
    """The media type of the body.

    Args:
        accepted: media types.

    Raises:
        ProblemError: 415, it is another one or missing.
    """
    kind = incoming.mimetype
    if kind not in accepted:
        stated = f"{kind!r} is not accepted" if kind else "The content type is missing"
        raise ProblemError(
            MEDIA_TYPE,
            f"{stated}; accepted are {', '.join(accepted)}.",
            members={"accepted": list(accepted)},
            headers={"Accept": ", ".join(accepted)},
        )
    return kind


def body_pieces(incoming: Request) -> Iterator[bytes]:
    """The body as it arrives, unpacked, of any length; see ``read_body`` for the errors raised."""
    coding = _coding(incoming)
    pieces = _pieces(incoming)
    return pieces if coding == "none" else _unpacked(pieces, coding, None)


def _coding(incoming: Request) -> Compression:
    name = incoming.headers.get("Content-Encoding", "").strip().lower()
    coding = _CODINGS.get(name)
    if coding is None:
        raise ProblemError(
            MEDIA_TYPE,
            f"A body with Content-Encoding {name[:80]!r} is not accepted; accepted are "
            f"{_ACCEPTED_CODINGS}, or none.",
            headers={"Accept-Encoding": _ACCEPTED_CODINGS},
        )
    return coding


def _unpacked_limit() -> int:
    limit: int = current_app.config[_UNPACKED_LIMIT]
    return limit


def _pieces(incoming: Request) -> Iterator[bytes]:
    """The body as it was sent, as it arrives."""
    length = incoming.content_length
    if length is None and not _chunked(incoming):
        raise ProblemError(
            LENGTH_REQUIRED,
            "Send the body with a Content-Length header or with Transfer-Encoding: chunked.",
        )
    return _arriving(incoming, length)


def _arriving(incoming: Request, length: int | None) -> Iterator[bytes]:
    read = incoming.environ["wsgi.input"].read1
    left = math.inf if length is None else length
    while left > 0:
        try:
            piece = read(int(min(left, _PIECE_BYTES)))
        except TimeoutError:
            raise ProblemError(TOO_SLOW, "The body came in too slowly.") from None
        except (OSError, ParseException):
            raise ProblemError(
                BAD_BODY, "The body ended early or its chunks are malformed."
            ) from None
        if not piece:
            break
        left -= len(piece)
        yield piece
    if length is not None and left > 0:
        raise ProblemError(BAD_BODY, f"The body ended after {length - left:,} of {length:,} bytes.")


def _bounded(pieces: Iterator[bytes], allowed: int | None) -> Iterator[bytes]:
    came = 0
    for piece in pieces:
        came += len(piece)
        if allowed is not None and came > allowed:
            raise _over_body_bytes(allowed, None)
        yield piece


def _unpacked(pieces: Iterator[bytes], coding: Compression, allowed: int | None) -> Iterator[bytes]:
    came = 0
    try:
        for piece in unpacked(_small(pieces, PACKED_PIECE_BYTES[coding]), coding):
            came += len(piece)
            if allowed is not None and came > allowed:
                raise ProblemError(
                    OVER_LIMIT,
                    f"The body is over the limit of {allowed:,} bytes once unpacked.",
                    members=limit_members("unpacked_bytes", allowed),
                )
            yield piece
    except InputError as error:
        raise ProblemError(BAD_BODY, f"The body can't be unpacked: {error}.") from None


def _small(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), size):
            yield piece[start : start + size]


def _chunked(incoming: Request) -> bool:
    # Only a server that ends the stream itself makes a chunked body safe to read.
    transfer = incoming.headers.get("Transfer-Encoding", "").lower()
    return "chunked" in transfer and bool(incoming.environ.get("wsgi.input_terminated"))


def _over_body_bytes(allowed: int, length: int | None) -> ProblemError:
    size = "" if length is None else f" of {length:,} bytes"
    return ProblemError(
        OVER_LIMIT,
        f"The body{size} is over the limit of {allowed:,} bytes.",
        members=limit_members("body_bytes", allowed, length),
    )


def _finish(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    # A streamed answer reads its request while it is sent.
    if request.environ.get("wsgi.input_terminated") and not response.is_streamed:
        drain(request)
    return response


def drain(incoming: Request) -> None:
    """Throw the unread rest of a body away, within bounds."""
    stream = incoming.environ["wsgi.input"]
    deadline = time.monotonic() + _DRAIN_SECONDS
    drained = 0
    try:
        while drained < _DRAIN_BYTES and time.monotonic() < deadline:
            data = stream.read1(_DRAIN_STEP)
            if not data:
                return
            drained += len(data)
    except (OSError, ParseException):
        # The client is gone or sends no proper chunks; the answer stands all the same.
        return
