"""Labelled pages in JSONL files: every fault of a file is found before any of it is used."""

from __future__ import annotations

import gzip
import json
import lzma
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

import zstandard

from segmenter.durable import write_aside
from segmenter.errors import LabelError, LabelFault
from segmenter.labels.pages import check_places
from segmenter.labels.records import LabelRecord, Report, parse_record

__all__ = ["Check", "checked_lines", "checked_records", "read_records", "write_records"]

Check = Callable[[LabelRecord, Report], None]
"""Reports every block of a record that its page does not have, as ``check_places`` does."""

_DAMAGED: Final = (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, zstandard.ZstdError)


def checked_records(
    rows: Iterable[tuple[int, object]], check: Check = check_places
) -> list[LabelRecord]:
    """Records from numbered JSON values, all of them or none.

    Args:
        rows: number and value of each.
        check: compares a record with its page.

    Raises:
        LabelError: with everything that is wrong in any row.
    """
    faults: list[LabelFault] = []
    records: list[LabelRecord] = []
    rows_by_id: dict[str, int] = {}
    for number, value in rows:
        report = partial(_report, faults, number, _readable_id(value))
        record = parse_record(value, report)
        if record is None:
            continue
        check(record, report)
        first = rows_by_id.setdefault(record.id, number)
        if first != number:
            report(None, f"row {first} has the same id; each page stands once")
        records.append(record)
    if faults:
        raise LabelError(faults)
    return records


def checked_lines(lines: Iterable[bytes], check: Check = check_places) -> list[LabelRecord]:
    """Records from JSON lines, all of them or none; blank lines are passed over.

    Args:
        lines: in UTF-8.
        check: compares a record with its page.

    Raises:
        LabelError: with everything that is wrong in any line.
    """
    faults: list[LabelFault] = []
    values: list[tuple[int, object]] = []
    number = 0
    try:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    values.append((number, _value(line)))
                except ValueError as error:
                    faults.append(LabelFault(number, None, None, str(error)))
    except _DAMAGED as error:
        faults.append(LabelFault(number + 1, None, None, f"the file is damaged here: {error}"))
    try:
        records = checked_records(values, check)
    except LabelError as error:
        faults += error.faults
    if faults:
        raise LabelError(sorted(faults, key=lambda fault: fault.row))
    return records


def read_records(path: Path) -> list[LabelRecord]:
    """The records of a JSONL file, plain or compressed (``.gz``, ``.xz``, ``.zst``).

    Raises:
        LabelError: with everything that is wrong in any line.
    """
    with path.open("rb") as file, _plain(file, path.suffix) as lines:
        return checked_lines(lines)


def write_records(path: Path, records: Sequence[LabelRecord]) -> None:
    """Write a JSONL file aside and put it in place whole."""
    write_aside(path, "".join(map(_line, records)).encode("utf-8"))


def _report(
    faults: list[LabelFault], row: int, page: str | None, block: int | None, detail: str
) -> None:
    faults.append(LabelFault(row, page, block, detail))


def _plain(file: BufferedReader, suffix: str) -> AbstractContextManager[Iterable[bytes]]:
    """The plain lines of a file, by the end of its name."""
    match suffix:
        case ".gz":
            return gzip.open(file, "rb")
        case ".xz":
            return lzma.open(file, "rb")
        case ".zst":
            return BufferedReader(zstandard.open(file, "rb"))
    return file


def _line(record: LabelRecord) -> str:
    return json.dumps(record.to_dict(), ensure_ascii=False) + "\n"


def _value(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start + 1:,} of the line") from error
    except RecursionError:
        raise ValueError("its JSON is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"not JSON ({error}); accepted is one labelled page a line") from error


def _readable_id(value: object) -> str | None:
    identity = value.get("id") if isinstance(value, dict) else None
    return identity[:200] if isinstance(identity, str) else None
