"""All inputs of a run, one after the other, in chunks whose bounds depend on the input alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from segmenter.crawl.records import Input, Record

__all__ = ["Chunk", "CrawlReader", "Position"]

# A chunk is what one worker does at a time and what an interrupted run may have to do again.
_CHUNK_RECORDS: Final = 64
_CHUNK_BYTES: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Position:
    """How far the inputs are read.

    Attributes:
        input: index of the input that is being read.
        records: records of that input dealt with, those passed over included.
        digest: BLAKE2b of these records, in hexadecimal; empty where the reader takes none.
    """

    input: int = 0
    records: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records in a run.

    Attributes:
        records: the records, in order.
        passed_over: how many between them were no pages.
        after: where the inputs stand after them.
    """

    records: tuple[Record, ...]
    passed_over: int
    after: Position


class CrawlReader:
    """Reads inputs in order; memory stays within a chunk and one record.

    Args:
        inputs: what to read.
        named: every record's place names its file; by default where there are several.
        digests: positions tell what was read up to them, so that a run can be gone on with.
    """

    def __init__(
        self, inputs: Sequence[Input], *, named: bool | None = None, digests: bool = False
    ) -> None:
        self._inputs = inputs
        self._digests = digests
        self._named = len(inputs) > 1 if named is None else named
        self._index = 0
        self._count = 0
        self._digest = blake2b(digest_size=16)
        self._sizes_before = 0
        self._current: Input | None = None
        self._items = self._read(0)

    @property
    def bytes_read(self) -> int:
        """Bytes read of all inputs together, those skipped included."""
        current = 0 if self._current is None else self._current.bytes_read
        return self._sizes_before + current

    def skip(self, position: Position) -> bool:
        """Go to a position; false if the input has other records before it than it had."""
        if position.input >= max(len(self._inputs), 1):
            return False
        self._items = self._read(position.input)
        while self._count < position.records:
            if next(self._items, self) is self or self._index != position.input:
                return False
        return not position.records or self._digest.hexdigest() == position.digest

    def chunks(self) -> Iterator[Chunk]:
        """The records that are left."""
        records, size, passed_over = list[Record](), 0, 0
        for item in self._items:
            if item is None:
                passed_over += 1
                continue
            records.append(item)
            size += len(item.content)
            if len(records) == _CHUNK_RECORDS or size >= _CHUNK_BYTES:
                yield Chunk(tuple(records), passed_over, self._position())
                records, size, passed_over = [], 0, 0
        if records or passed_over:
            yield Chunk(tuple(records), passed_over, self._position())

    def _position(self) -> Position:
        digest = self._digest.hexdigest() if self._digests else ""
        return Position(self._index, self._count, digest)

    def _read(self, first: int) -> Iterator[Record | None]:
        self._sizes_before = sum(source.size or 0 for source in self._inputs[:first])
        for index in range(first, len(self._inputs)):
            self._current = source = self._inputs[index]
            for item in source.records():
                if index != self._index or not self._count:
                    self._begin(index)
                self._count += 1
                if item is not None and self._digests:
                    self._digest.update(f"{item.place.number}\n".encode())
                    self._digest.update(item.content)
                yield item.within(source.name) if item is not None and self._named else item
            self._current = None
            self._sizes_before += source.size or 0

    def _begin(self, index: int) -> None:
        self._index, self._count = index, 0
        self._digest = blake2b(digest_size=16)
