"""The members of a compressed file one by one, finding the next where one is damaged.

A WARC file is a series of compressed members, one a record. ``plain_pieces`` gives up at the
first damaged member; here reading goes on with the next one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from segmenter.crawl.compression import (
    DAMAGE,
    MAGIC,
    PACKED_PIECE_BYTES,
    Compression,
    decompressor,
    recognised,
)
from segmenter.errors import InputError

__all__ = ["Member", "members"]

_PLAIN_PIECE_BYTES: Final = 1 << 16
# A member cut short runs into the next one before its decompressor notices; this far the way
# back is kept. Deflate notices within a few hundred bytes.
_WAY_BACK_BYTES: Final = 1 << 16
# Enough for a decompressor to show the first bytes of a member.
_TRIAL_BYTES: Final = 1 << 10
_RECORD_START: Final = b"WARC/"


@dataclass(frozen=True, slots=True)
class Member:
    """A member, or the whole of a file that is not compressed.

    Attributes:
        offset: where it begins in the file, in bytes.
        compressed: whether offsets in it mean nothing outside.
        pieces: its plain bytes, to be read to the end before the next member; raises
            ``InputError`` where it is damaged or cut short.
    """

    offset: int
    compressed: bool
    pieces: Iterator[bytes]


def members(source: BinaryIO) -> Iterator[Member]:
    """The members of a stream, which need not be seekable, in order.

    Memory stays within 1 MiB; a piece is 32 MiB at most, whatever the stream unpacks to.
    """
    window = _Window(source)
    kind = recognised(window.peek(max(map(len, MAGIC.values()))))
    if kind == "none":
        yield Member(0, False, iter(lambda: window.read(_PLAIN_PIECE_BYTES), b""))
        return
    # Zero bytes between members are padding.
    while window.skip_zeros():
        offset = window.offset
        pieces = _Pieces(window, kind)
        yield Member(offset, True, pieces)
        if not pieces.complete and not window.find(kind, offset + 1):
            return


class _Pieces:
    """Iterator over one member's plain bytes; ``complete`` once all of them were sound."""

    def __init__(self, window: _Window, kind: Compression) -> None:
        self.complete = False
        self._window = window
        self._kind = kind
        self._unpack = decompressor(kind)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while not self.complete:
            packed = self._window.read(PACKED_PIECE_BYTES[self._kind])
            if not packed:
                raise InputError(f"the {self._kind} stream ends early: the file is cut short")
            try:
                plain = self._unpack.decompress(packed)
            except DAMAGE as error:
                raise InputError(f"the {self._kind} stream is damaged: {error}") from error
            if self._unpack.eof:
                self.complete = True
                self._window.back(len(self._unpack.unused_data))
            if plain:
                return plain
        raise StopIteration


class _Window:
    """A stream with a bounded way back."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._held = bytearray()
        self._start = 0
        self._at = 0

    @property
    def offset(self) -> int:
        return self._start + self._at

    def read(self, size: int) -> bytes:
        if self._at == len(self._held) and not self._more():
            return b""
        data = bytes(self._held[self._at : self._at + size])
        self._at += len(data)
        return data

    def peek(self, size: int) -> bytes:
        while len(self._held) - self._at < size and self._more():
            pass
        return bytes(self._held[self._at : self._at + size])

    def back(self, size: int) -> None:
        self._at -= size

    def skip_zeros(self) -> bool:
        """Go to the next byte that is not zero; false if there is none."""
        while (head := self.peek(1)) == b"\0":
            self._at += 1
        return bool(head)

    def find(self, kind: Compression, offset: int) -> bool:
        """Go to the first member that begins at ``offset`` or behind it; false at the end."""
        magic = MAGIC[kind]
        self._at = max(offset - self._start, 0)
        while True:
            found = self._held.find(magic, self._at)
            if found < 0:
                self._at = max(len(self._held) - len(magic) + 1, self._at)
                if not self._more():
                    return False
                continue
            self._at = found
            if _is_record(kind, self.peek(_TRIAL_BYTES)):
                return True
            self._at += 1

    def _more(self) -> bool:
        if self._at > 2 * _WAY_BACK_BYTES:
            gone = self._at - _WAY_BACK_BYTES
            del self._held[:gone]
            self._start += gone
            self._at -= gone
        data = self._source.read(_PLAIN_PIECE_BYTES)
        self._held += data
        return bool(data)


def _is_record(kind: Compression, packed: bytes) -> bool:
    """Whether a member begins here: gzip's three bytes of magic turn up by chance."""
    if kind != "gzip":
        return True
    try:
        plain = zlib.decompressobj(wbits=31).decompress(packed, len(_RECORD_START))
    except zlib.error:
        return False
    return plain == _RECORD_START
