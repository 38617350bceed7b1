"""Parquet: one page a row, in a column ``html`` or ``text``; ``id`` and ``url`` may be there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from segmenter.crawl.inputs.opened import Location, OpenedInput
from segmenter.crawl.records import PageRecord, Place, Record, fault
from segmenter.errors import InputError
from segmenter.extras import extra
from segmenter.types import Document

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

__all__ = ["Columns", "ParquetInput", "row_document"]

_BATCH_ROWS: Final = 64


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns hold what; a table may lack all but one of ``text`` and ``html``."""

    text: str = "text"
    html: str = "html"
    id: str = "id"
    url: str = "url"

    def present(self, names: list[str]) -> dict[str, str]:
        """The fields of a page that a table has, with their columns.

        Raises:
            InputError: it has neither text nor HTML.
        """
        fields = {"text": self.text, "html": self.html, "id": self.id, "url": self.url}
        found = {field: column for field, column in fields.items() if column in names}
        if not {"text", "html"} & set(found):
            raise InputError(
                f"there is no column {self.html!r} or {self.text!r}; "
                f"there are {', '.join(map(repr, names)) or 'none'}"
            )
        return found


class ParquetInput(OpenedInput):
    """A Parquet file; needs one that is seekable.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """

    def __init__(self, location: Location, columns: Columns) -> None:
        super().__init__(location)
        self._columns = columns

    def records(self) -> Iterator[Record | None]:
        """See ``Input``."""
        with extra("parquet"):
            import pyarrow as pa
            from pyarrow.parquet import ParquetFile
        with self._open() as stream:
            if not stream.seekable():
                yield _broken(1, OSError("its end has to be read first: no pipe"))
                return
            try:
                table = ParquetFile(stream)
                fields = self._columns.present(table.schema_arrow.names)
            except (pa.ArrowException, OSError, InputError) as error:
                yield _broken(1, error)
                return
            first = 1
            for group in range(table.num_row_groups):
                yield from _group(table, group, fields, first, pa.ArrowException)
                first += table.metadata.row_group(group).num_rows


def _group(
    table: ParquetFile,
    group: int,
    fields: Mapping[str, str],
    first: int,
    damage: type[Exception],
) -> Iterator[Record]:
    number = first
    columns = list(fields.values())
    try:
        for batch in table.iter_batches(_BATCH_ROWS, row_groups=[group], columns=columns):
            for row in _rows(batch, fields):
                yield _record(Place("row", number), row)
                number += 1
    except (damage, OSError) as error:
        yield _broken(number, error)


def _rows(batch: pa.RecordBatch, fields: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    columns = {field: batch.column(column) for field, column in fields.items()}
    for index in range(batch.num_rows):
        yield {field: column[index].as_py() for field, column in columns.items()}


def _record(place: Place, row: Mapping[str, Any]) -> Record:
    try:
        return PageRecord(place, row_document(row))
    except InputError as error:
        identity = row.get("id")
        return fault(place, error, id=identity if isinstance(identity, str) else None)


def row_document(row: Mapping[str, Any]) -> Document:
    """The document of a row with ``text`` or ``html``; other types of ``id`` become strings.

    Raises:
        InputError: neither or both of text and HTML are given, or one of a wrong type.
    """
    identity, url = row.get("id"), row.get("url")
    return Document(
        text=row.get("text"),
        html=row.get("html"),
        id=None if identity is None else str(identity),
        url=None if url is None else str(url),
        content_type=row.get("content_type"),
    )


def _broken(row: int, error: Exception) -> Record:
    message = " ".join(str(error).split())
    return fault(Place("row", row), InputError(f"Parquet can't be read: {message}"), damaged=True)
