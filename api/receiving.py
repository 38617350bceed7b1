"""Taking in requests from clients that may be slow, silent or gone."""

from __future__ import annotations

import errno
import io
import re
import socket
import time
from typing import Any, Final

from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.unreader import SocketUnreader

__all__ = ["ArrivingBody", "PacedUnreader", "is_worth_a_thread"]

_EARLY_BYTES: Final = 65_536
"""So much of a request is taken in before a thread waits for the rest."""
_SLOWEST: Final = 20_000
"""Bytes a second that a body has to come in with, once its first seconds are over."""
_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_WAITS: Final = re.compile(rb"\r\nexpect:", re.IGNORECASE)


def is_worth_a_thread(received: bytes | bytearray) -> bool:
    """Whether of a request so much is here that a thread may wait for the rest: its head, and a
    body that is small in whole. A client that sends a byte now and then costs no thread so."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return len(received) >= _EARLY_BYTES
    head = bytes(received[: end + 2])
    length = _LENGTH.search(head)
    if length is None or _WAITS.search(head):
        return True
    return len(received) >= min(end + 4 + int(length[1]), _EARLY_BYTES)


class PacedUnreader(SocketUnreader):  # type: ignore[misc]
    """Reads from a socket, and gives up on a client that is too slow.

    Only time spent waiting for the client counts: the service may take its time with a stream.
    """

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        """Nothing is read yet.

        Args:
            connection: read with a time limit that is taken back after each read.
            seconds: that may be waited in all beyond what the slowest pace takes; of a stream,
                that may be waited at a time.
        """
        super().__init__(connection)
        self._seconds = seconds
        self._waited = 0.0
        self._received = 0
        self._is_stream = False

    def begin(self, *, is_stream: bool) -> None:
        """A request's body begins."""
        self._waited = 0.0
        self._received = 0
        self._is_stream = is_stream

    def chunk(self, size_hint: int | None = None) -> bytes:
        """See ``Unreader``.

        Raises:
            TimeoutError: the client is too slow.
        """
        left = self._seconds
        if not self._is_stream:
            left += self._received / _SLOWEST - self._waited
        if left <= 0:
            raise _too_slow()
        began = time.monotonic()
        before = self.sock.gettimeout()
        self.sock.settimeout(left)
        try:
            data: bytes = super().chunk(size_hint)
        except TimeoutError:
            raise _too_slow() from None
        finally:
            self._waited += time.monotonic() - began
            self.sock.settimeout(before)
        self._received += len(data)
        return data


def _too_slow() -> TimeoutError:
    # gunicorn takes this number for a client that is gone, which is no fault to log.
    return TimeoutError(errno.ECONNRESET, "the client sends too slowly")


class ArrivingBody(Body):  # type: ignore[misc]
    """A body that can also be read as it arrives."""

    buf: io.BytesIO

    def read1(self, size: int) -> bytes:
        """What is here, or once there is something; empty at the end of the body."""
        # What an earlier read, of gunicorn's or ours, has left over.
        data = self.buf.getvalue() or self._arrived()
        self.buf = io.BytesIO()
        self.buf.write(data[size:])
        return data[:size]

    def _arrived(self) -> bytes:
        reader: Any = self.reader
        try:
            if isinstance(reader, ChunkedReader):
                return _next_chunk(reader)
            if isinstance(reader, LengthReader):
                return _next_piece(reader)
            return b""  # a request without a body
        except Exception:
            self.failed = True
            raise


def _next_chunk(reader: Any) -> bytes:
    """Of a body in chunks."""
    data: bytes = reader.buf.getvalue()
    if data:
        reader.buf = io.BytesIO()
        return data
    while reader.parser is not None:
        try:
            data = next(reader.parser)
        except StopIteration:
            reader.parser = None
        if data:
            return data
    return b""


def _next_piece(reader: Any) -> bytes:
    """Of a body of known length."""
    if not reader.length:
        return b""
    data: bytes = reader.unreader.read(None, read_ahead=reader.length)
    if len(data) > reader.length:
        # What follows belongs to the next request.
        reader.unreader.unread(data[reader.length :])
        data = data[: reader.length]
    reader.length -= len(data)
    return data
