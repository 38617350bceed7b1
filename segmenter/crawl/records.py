"""What every input hands on: records, and where in the input each of them stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from segmenter.errors import InputError
from segmenter.types import Document

__all__ = ["FaultRecord", "Input", "PageRecord", "Place", "Record", "RecordError", "fault"]

Unit = Literal["line", "offset", "row", "file"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands.

    Attributes:
        unit: ``line`` and ``row`` count from 1; ``offset`` is in bytes from 0 and names the start
            of a record, or of the compressed member that holds it; ``file`` is a file of its own.
        number: line, row or offset; 0 for a file of its own.
        file: name of the input, where there are several.
    """

    unit: Unit
    number: int = 0
    file: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As members of an error row."""
        named = {} if self.file is None else {"file": self.file}
        return named if self.unit == "file" else {**named, self.unit: self.number}


@dataclass(frozen=True, slots=True)
class RecordError:
    """A record without a result: what the output says in its place.

    Attributes:
        place: where the record stands.
        type: name of the error class.
        message: what is wrong and what is accepted.
        id: the page's id, where it could be read.
        damaged: the input itself is cut short or broken here, not just this page wrong.
    """

    place: Place
    type: str
    message: str
    id: str | int | None = None
    damaged: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The error row, ready for JSON."""
        error = {"type": self.type, "message": self.message}
        return {"id": self.id, **self.place.to_dict(), "error": error}


class Record(Protocol):
    """One page of an input, as far as it was read."""

    @property
    def place(self) -> Place:
        """Where it stands."""

    @property
    def content(self) -> bytes:
        """What tells this record from another one at the same place."""

    @property
    def date(self) -> str | None:
        """When it was fetched (WARC-Date), where the input says so."""

    def parse(self) -> Document | RecordError:
        """The document in it, or why there is none."""

    def within(self, file: str) -> Record:
        """The same record, its place naming the file."""


@dataclass(frozen=True, slots=True)
class PageRecord:
    """A record whose document is ready."""

    place: Place
    document: Document
    date: str | None = None

    @property
    def content(self) -> bytes:
        """See ``Record``."""
        page = self.document
        content = page.text if page.html is None else page.html
        data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        return f"{page.id}\n{page.url}\n".encode("utf-8", "surrogatepass") + (data or b"")

    def parse(self) -> Document | RecordError:
        """See ``Record``."""
        return self.document

    def within(self, file: str) -> PageRecord:
        """See ``Record``."""
        return replace(self, place=replace(self.place, file=file))


@dataclass(frozen=True, slots=True)
class FaultRecord:
    """A record that could not be read."""

    error: RecordError
    date: str | None = None

    @property
    def place(self) -> Place:
        """See ``Record``."""
        return self.error.place

    @property
    def content(self) -> bytes:
        """See ``Record``."""
        return self.error.message.encode()

    def parse(self) -> Document | RecordError:
        """See ``Record``."""
        return self.error

    def within(self, file: str) -> FaultRecord:
        """See ``Record``."""
        return replace(self, error=replace(self.error, place=replace(self.place, file=file)))


def fault(
    place: Place, error: InputError, *, id: str | None = None, damaged: bool = False
) -> FaultRecord:
    """The record that stands for what could not be read."""
    return FaultRecord(RecordError(place, type(error).__name__, str(error), id, damaged))


class Input(Protocol):
    """One file or stream of pages, read from its beginning each time."""

    @property
    def name(self) -> str:
        """As messages name it."""

    @property
    def size(self) -> int | None:
        """Bytes, where known."""

    @property
    def stamp(self) -> str:
        """Size and time, or what else changes with the content; empty for a stream."""

    @property
    def bytes_read(self) -> int:
        """How far reading is, in bytes of the file."""

    def records(self) -> Iterator[Record | None]:
        """Its records in order; ``None`` for one that is passed over because it is no page."""
