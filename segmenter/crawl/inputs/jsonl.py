"""JSONL: one page a line, ``{"id": …, "url": …, "text" or "html": …}``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from segmenter.crawl.compression import plain_pieces
from segmenter.crawl.inputs.opened import OpenedInput
from segmenter.crawl.records import Place, Record, RecordError, fault
from segmenter.errors import InputError, LimitError
from segmenter.types import Document

__all__ = ["MAX_ROW_BYTES", "JsonRow", "JsonlInput", "json_rows"]

# The largest accepted document, 50 MB of UTF-8, takes three times that in JSON escapes (\uXXXX).
MAX_ROW_BYTES: Final = 160_000_000
_BOM: Final = b"\xef\xbb\xbf"


class JsonlInput(OpenedInput):
    """A JSONL file or stream, plain or compressed; blank lines are passed over."""

    def records(self) -> Iterator[Record | None]:
        """See ``Input``."""
        with self._open() as stream:
            yield from json_rows(plain_pieces(stream, self.name))


@dataclass(frozen=True, slots=True)
class JsonRow:
    """One line that is not blank; parsed by the worker that segments it.

    Attributes:
        place: its number, from 1.
        data: the line without its end.
        ended: whether a line end followed it; only the last line of a file may lack one.
    """

    place: Place
    data: bytes
    ended: bool = True

    @property
    def content(self) -> bytes:
        """See ``Record``."""
        return self.data

    @property
    def date(self) -> str | None:
        """See ``Record``."""
        return None

    def within(self, file: str) -> JsonRow:
        """See ``Record``."""
        return replace(self, place=replace(self.place, file=file))

    def parse(self) -> Document | RecordError:
        """The document; other members of the row are ignored."""
        try:
            value = _json(self)
        except InputError as error:
            # Only a line that lacks its end can have been cut short.
            return fault(self.place, error, damaged=not self.ended).error
        try:
            return _document(value)
        except InputError as error:
            kind = type(error).__name__
            return RecordError(self.place, kind, str(error), id=_readable_id(value))


def json_rows(pieces: Iterable[bytes]) -> Iterator[Record]:
    """The rows in plain bytes, however these are cut into pieces.

    Memory stays within ``MAX_ROW_BYTES`` and one piece; a longer line becomes a fault. Where the
    pieces raise ``InputError`` (a compressed stream cut short), the rows before it are handed out
    and the fault comes last.
    """
    number, held, size = 1, list[bytes](), 0
    try:
        for piece in pieces:
            *ended, rest = piece.split(b"\n")
            for part in ended:
                if size or part.strip():
                    yield from _row(number, b"".join([*held, part]), size + len(part), ended=True)
                number, held, size = number + 1, [], 0
            size += len(rest)
            if size > MAX_ROW_BYTES:
                held = []
            elif rest:
                held.append(rest)
        if size:
            yield from _row(number, b"".join(held), size, ended=False)
    except InputError as error:
        yield fault(Place("line", number), error, damaged=True)


def _row(number: int, data: bytes, size: int, *, ended: bool) -> Iterator[Record]:
    place = Place("line", number)
    if size > MAX_ROW_BYTES:
        yield fault(place, LimitError("row_bytes", MAX_ROW_BYTES, size))
    elif data.strip():
        yield JsonRow(place, data, ended)


def _json(row: JsonRow) -> object:
    data = row.data.removeprefix(_BOM) if row.place.number == 1 else row.data
    hint = "" if row.ended else "; the input is cut short here"
    try:
        value: object = json.loads(data.decode())
    except UnicodeDecodeError as error:
        message = f"the row is not UTF-8: {error.reason} at byte {error.start + 1:,}{hint}"
        raise InputError(message) from error
    except json.JSONDecodeError as error:
        message = f"the row is not JSON: {error.msg} at character {error.pos + 1:,}{hint}"
        raise InputError(message) from error
    except RecursionError as error:
        raise InputError("the row is not accepted: its JSON is nested too deeply") from error
    except ValueError as error:
        raise InputError(f"the row is not accepted: {error}") from error
    return value


def _document(value: object) -> Document:
    if not isinstance(value, dict):
        raise InputError(f"the row is a JSON {_json_type(value)}, not an object")
    return Document(
        text=value.get("text"),
        html=value.get("html"),
        url=_optional_string(value, "url"),
        id=_optional_string(value, "id"),
    )


def _readable_id(value: object) -> str | int | None:
    identity = value.get("id") if isinstance(value, dict) else None
    readable = isinstance(identity, str | int) and not isinstance(identity, bool)
    return identity if readable else None


def _optional_string(row: dict[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is None or isinstance(value, str):
        return value
    raise InputError(f"'{name}' is a string, not a JSON {_json_type(value)}")


def _json_type(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
