"""What an input is whose name does not say it, by its first bytes."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, Literal, cast

from segmenter.crawl.compression import DAMAGE, MAGIC, decompressor, recognised
from segmenter.crawl.inputs.opened import Location, OpenedInput
from segmenter.crawl.records import Record

__all__ = ["SniffedFormat", "SniffedInput"]

SniffedFormat = Literal["jsonl", "warc", "parquet"]
_WARC: Final = b"WARC/"
_PARQUET: Final = b"PAR1"
# A zstd block, before whose end nothing comes out, is 128 KiB at most.
_MOST_BYTES: Final = 1 << 18


class SniffedInput(OpenedInput):
    """WARC and Parquet are known by their first bytes; anything else is JSONL.

    Args:
        location: what to read.
        make: the input of a format.
    """

    def __init__(
        self, location: Location, make: Callable[[Location, SniffedFormat], OpenedInput]
    ) -> None:
        super().__init__(location)
        self._make = make

    def records(self) -> Iterator[Record | None]:
        """See ``Input``."""
        with self._open() as stream:
            prefixed = _Prefixed(stream)
            kind = _kind(prefixed)
            if kind == "parquet" and stream.seekable():
                stream.seek(0)
                again = stream
            else:
                again = cast(BinaryIO, prefixed)
            location = Location(self.name, lambda: contextlib.nullcontext(again))
            yield from self._make(location, kind).records()


def _kind(stream: _Prefixed) -> SniffedFormat:
    head = stream.peek(max(map(len, MAGIC.values())))
    compression = recognised(head)
    if compression == "none":
        if head.startswith(_PARQUET):
            return "parquet"
        return "warc" if head.startswith(_WARC) else "jsonl"
    for size in (1 << 10, _MOST_BYTES):
        try:
            plain = decompressor(compression).decompress(stream.peek(size))
        except DAMAGE:
            return "jsonl"
        if plain:
            return "warc" if plain.startswith(_WARC) else "jsonl"
    return "jsonl"


class _Prefixed(io.RawIOBase):
    """A stream whose first bytes were looked at."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._head = b""

    def peek(self, size: int) -> bytes:
        while len(self._head) < size and (more := self._read_some(size - len(self._head))):
            self._head += more
        return self._head[:size]

    def read(self, size: int = -1) -> bytes:
        """So many bytes, fewer at the end only."""
        if size < 0:
            return self._taken(len(self._head)) + self._stream.read()
        head = self._taken(size)
        return head + (self._stream.read(size - len(head)) if len(head) < size else b"")

    def read1(self, size: int = -1) -> bytes:
        """What there is without waiting for more."""
        return self._taken(size) if self._head else self._read_some(size)

    def _taken(self, size: int) -> bytes:
        head, self._head = self._head[:size], self._head[size:]
        return head

    def _read_some(self, size: int) -> bytes:
        read = getattr(self._stream, "read1", self._stream.read)
        return cast(bytes, read(size))
