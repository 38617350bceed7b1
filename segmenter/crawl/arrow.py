"""Segmentations as Arrow tables: for Parquet files, Ray Data and Spark.

Needs the extra ``parquet``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from segmenter.crawl.inputs.parquet import Columns, row_document
from segmenter.crawl.reader import CrawlReader
from segmenter.crawl.records import (
    FaultRecord,
    Input,
    PageRecord,
    Place,
    Record,
    RecordError,
    fault,
)
from segmenter.crawl.segmenting import loaded, results_of
from segmenter.errors import InputError
from segmenter.extras import extra
from segmenter.types import DEFAULT_KEEP, LABELS, Document, Segmentation

with extra("parquet"):
    import pyarrow as pa

__all__ = [
    "arrow_schema",
    "json_row",
    "page_schema",
    "page_tables",
    "segment_batches",
    "segment_table",
    "to_table",
]

_COLUMNS: Final = Columns()
_UTF8: Final = {"html": "text/html; charset=utf-8", "text": "text/plain; charset=utf-8"}


@cache
def arrow_schema(*, probabilities: bool = False) -> pa.Schema:
    """The members of ``Segmentation.to_dict`` as columns, and ``error`` for pages without result.

    ``blocks`` is a list of structs. Where there is an error, all but ``id``, ``url`` and
    ``error`` are null.
    """
    string, integer = pa.string(), pa.int64()
    block = [
        pa.field("start", integer),
        pa.field("end", integer),
        pa.field("label", string),
        pa.field("probability", pa.float64()),
        pa.field("text", string),
        pa.field("path", string),
    ]
    if probabilities:
        of_labels = pa.struct([pa.field(label, pa.float64()) for label in LABELS])
        block.append(pa.field("probabilities", of_labels))
    return pa.schema(
        [
            pa.field("id", string),
            pa.field("url", string),
            pa.field("input", string),
            pa.field("language", string),
            pa.field("model", pa.struct([pa.field("name", string), pa.field("version", string)])),
            pa.field("headline", string),
            pa.field("byline", pa.list_(string)),
            pa.field("text", string),
            pa.field("confidence", pa.float64()),
            pa.field("blocks", pa.list_(pa.struct(block))),
            pa.field("error", _error_type()),
        ]
    )


@cache
def page_schema() -> pa.Schema:
    """Pages as they are read: ``html`` or ``text`` in bytes, or ``error`` where both are null."""
    return pa.schema(
        [
            pa.field("id", pa.string()),
            pa.field("url", pa.string()),
            pa.field("content_type", pa.string()),
            pa.field("html", pa.large_binary()),
            pa.field("text", pa.large_binary()),
            pa.field("error", _error_type()),
        ]
    )


def page_tables(inputs: Sequence[Input]) -> Iterator[pa.Table]:
    """The pages of crawl files as tables of ``page_schema``; errors name the file."""
    for chunk in CrawlReader(inputs, named=True).chunks():
        rows = [_page_row(record.parse()) for record in chunk.records]
        yield pa.Table.from_pylist(rows, page_schema())


def _error_type() -> pa.DataType:
    place = [pa.field("file", pa.string())]
    place += [pa.field(unit, pa.int64()) for unit in ("line", "offset", "row")]
    return pa.struct([pa.field("type", pa.string()), pa.field("message", pa.string()), *place])


def _page_row(page: Document | RecordError) -> dict[str, Any]:
    if isinstance(page, RecordError):
        return _error_row(page)
    content = page.text if page.html is None else page.html
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    # What was a string is UTF-8 now, whatever the page says of itself.
    kind = _UTF8[page.input] if isinstance(content, str) else page.content_type
    return {"id": page.id, "url": page.url, "content_type": kind, page.input: data}


def to_table(
    results: Iterable[Segmentation | RecordError], *, probabilities: bool = False
) -> pa.Table:
    """Results as a table of ``arrow_schema``; a lone surrogate becomes a question mark."""
    rows = [_row(result, probabilities) for result in results]
    schema = arrow_schema(probabilities=probabilities)
    try:
        return pa.Table.from_pylist(rows, schema)
    except UnicodeEncodeError:
        # One code point for one code point: the offsets of the blocks stay right.
        return pa.Table.from_pylist([_encodable(row) for row in rows], schema)


def json_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON form of a row of ``arrow_schema``, as the command line gives it."""
    error = row["error"]
    if error is not None:
        place = {k: v for k, v in error.items() if k not in ("type", "message") and v is not None}
        named = {"type": error["type"], "message": error["message"]}
        return {"id": row["id"], **place, "error": named}
    value = {name: item for name, item in row.items() if name != "error"}
    value["blocks"] = [
        {name: item for name, item in block.items() if name != "path" or item is not None}
        for block in row["blocks"]
    ]
    return value


def segment_table(
    table: pa.Table | pa.RecordBatch,
    *,
    columns: Columns = _COLUMNS,
    model: str | None = None,
    keep: Sequence[str] = DEFAULT_KEEP,
    probabilities: bool = False,
    profiles: str | None = None,
) -> pa.Table:
    """Segment the pages of a table: one row out for every row in, in the same order.

    Args:
        table: has a column ``html`` or ``text`` (strings or bytes), may have ``id``, ``url`` and
            ``content_type``; or a column ``error`` like that of ``arrow_schema`` for pages that
            could not be read, which is passed on.
        columns: what these columns are called.
        model: model directory; ``None`` for the shipped model. Loaded once in each process.
        keep: labels whose blocks make up ``text``.
        probabilities: give every block the probabilities of all labels.
        profiles: file of site profiles, used for pages with a ``url``.

    Raises:
        InputError: the table has no pages, or ``keep`` an unknown label.
        ModelError: the model can't be loaded.
        ProfileError: the profiles can't be read.
    """
    fields = columns.present(table.schema.names)
    for optional in ("content_type", "error"):
        if optional in table.schema.names:
            fields[optional] = optional
    values = {field: table.column(column).to_pylist() for field, column in fields.items()}
    rows = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    records = [_record(number, row) for number, row in enumerate(rows, 1)]
    results = results_of(loaded(model, profiles), records, tuple(keep))
    return to_table(results, probabilities=probabilities)


def segment_batches(batches: Iterable[pa.RecordBatch], **options: Any) -> Iterator[pa.RecordBatch]:
    """``segment_table`` over a stream of record batches: the function of Spark's ``mapInArrow``.

    Options that differ from the defaults are bound with ``functools.partial``.
    """
    for batch in batches:
        yield from segment_table(batch, **options).to_batches()


def _record(number: int, row: Mapping[str, Any]) -> Record:
    place = Place("row", number)
    identity = row.get("id")
    if row.get("error") is not None:
        error = dict(row["error"])
        return _passed_on(error, None if identity is None else str(identity))
    try:
        return PageRecord(place, row_document(row))
    except InputError as error:
        return fault(place, error, id=None if identity is None else str(identity))


def _passed_on(error: dict[str, Any], identity: str | None) -> Record:
    unit: Any = next((u for u in ("line", "offset", "row") if error.get(u) is not None), "file")
    place = Place(unit, error.get(unit) or 0, error.get("file"))
    return FaultRecord(RecordError(place, error["type"], error["message"], identity))


def _row(result: Segmentation | RecordError, probabilities: bool) -> dict[str, Any]:
    if isinstance(result, RecordError):
        return _error_row(result)
    return result.to_dict(probabilities=probabilities)


def _error_row(error: RecordError) -> dict[str, Any]:
    said = {"type": error.type, "message": error.message, **error.place.to_dict()}
    return {"id": None if error.id is None else str(error.id), "error": said}


def _encodable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {name: _encodable(item) for name, item in value.items()}
        case list():
            return [_encodable(item) for item in value]
        case _:
            return value
