"""Rows of a JSONL file: bytes to numbered rows, rows to documents, results to output rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from segmenter.errors import InputError, LimitError
from segmenter.types import Document

__all__ = ["MAX_ROW_BYTES", "Chunk", "Row", "RowError", "RowReader", "encode_row", "parse_row"]

# The largest accepted document, 50 MB of UTF-8, takes three times that in JSON escapes (\uXXXX).
MAX_ROW_BYTES: Final = 160_000_000
# A chunk is what one worker does at a time and what an interrupted run may have to do again.
_CHUNK_ROWS: Final = 64
_CHUNK_BYTES: Final = 1_000_000
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class RowError:
    """A row without a result: what the output says in its place.

    Attributes:
        line: number of the row's line in the input, from 1.
        type: name of the error class.
        message: what is wrong and what is accepted.
        id: the row's id, where it could be read.
        damaged: the input itself is cut short or broken here, not just this row wrong.
    """

    line: int
    type: str
    message: str
    id: str | int | None = None
    damaged: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The error row, ready for JSON."""
        error = {"type": self.type, "message": self.message}
        return {"id": self.id, "line": self.line, "error": error}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the input that is not blank.

    Attributes:
        line: its number, from 1.
        data: the line without its end; empty where ``fault`` is given.
        ended: whether a line end followed it; only the last line of a file may lack one.
        fault: why it could not be read.
    """

    line: int
    data: bytes
    ended: bool = True
    fault: RowError | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows in a run, and where the input stands after them.

    Attributes:
        rows: the rows, in order.
        lines: lines read so far, blank ones included.
        digest: BLAKE2b of all bytes read so far, in hexadecimal.
    """

    rows: tuple[Row, ...]
    lines: int
    digest: str


class RowReader:
    """Splits plain bytes into rows and counts and digests what it hands out.

    Memory stays within ``MAX_ROW_BYTES`` and one piece; a longer line is passed over. Where the
    pieces raise ``InputError`` (a compressed stream cut short), the rows before it are handed out
    and the fault becomes the last row.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._lines = _lines(pieces)
        self._digest = blake2b(digest_size=16)
        self._count = 0

    def skip(self, lines: int) -> str | None:
        """Pass over so many lines; the digest of them, or ``None`` if there are fewer."""
        while self._count < lines:
            if self._next() is None:
                return None
        return self._digest.hexdigest()

    def chunks(self) -> Iterator[Chunk]:
        """The rows that are left, in chunks whose bounds depend on the input alone."""
        rows: list[Row] = []
        size = 0
        while (row := self._next()) is not None:
            if row.fault is None and not row.data.strip():
                continue
            rows.append(row)
            size += len(row.data)
            if len(rows) == _CHUNK_ROWS or size >= _CHUNK_BYTES:
                yield self._chunk(rows)
                rows, size = [], 0
        if rows:
            yield self._chunk(rows)

    def _chunk(self, rows: list[Row]) -> Chunk:
        return Chunk(tuple(rows), self._count, self._digest.hexdigest())

    def _next(self) -> Row | None:
        row = next(self._lines, None)
        if row is not None:
            self._count = row.line
            self._digest.update(row.data)
            self._digest.update(b"\n" if row.ended else b"")
        return row


def _lines(pieces: Iterable[bytes]) -> Iterator[Row]:
    number, held, size = 1, list[bytes](), 0
    try:
        for piece in pieces:
            *ended, rest = piece.split(b"\n")
            for part in ended:
                yield _row(number, b"".join([*held, part]), size + len(part), ended=True)
                number, held, size = number + 1, [], 0
            size += len(rest)
            if size > MAX_ROW_BYTES:
                held = []
            elif rest:
                held.append(rest)
        if size:
            yield _row(number, b"".join(held), size, ended=False)
    except InputError as error:
        fault = RowError(number, type(error).__name__, str(error), damaged=True)
        yield Row(number, b"", ended=False, fault=fault)


def _row(number: int, data: bytes, size: int, *, ended: bool) -> Row:
    if size > MAX_ROW_BYTES:
        error = LimitError("row_bytes", MAX_ROW_BYTES, size)
        return Row(number, b"", ended, RowError(number, type(error).__name__, str(error)))
    return Row(number, data, ended)


def parse_row(row: Row) -> Document | RowError:
    """The document of a row ``{"id": …, "url": …, "text" or "html": …}``, other members ignored."""
    if row.fault is not None:
        return row.fault
    try:
        value = _json(row)
    except InputError as error:
        # Only a line that lacks its end can have been cut short.
        return RowError(row.line, "InputError", str(error), damaged=not row.ended)
    try:
        return _document(value)
    except InputError as error:
        return RowError(row.line, type(error).__name__, str(error), id=_readable_id(value))


def encode_row(value: dict[str, Any]) -> bytes:
    """One line of output, UTF-8."""
    try:
        return json.dumps(value, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8; as an escape it comes back as it was given.
        return json.dumps(value).encode() + b"\n"


def _json(row: Row) -> object:
    data = row.data.removeprefix(_BOM) if row.line == 1 else row.data
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
