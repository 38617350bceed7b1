"""JSON lines and other text files, read and written whole."""

from __future__ import annotations

import io
import json
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, cast

from segmenter.durable import write_aside
from segmenter.errors import CorpusError

__all__ = ["json_rows", "opened_for_writing"]


def json_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON lines file (``.xz`` or plain), with their lines' numbers from 1.

    Raises:
        CorpusError: a line is not a JSON object, or the file is not what its name says.
    """
    opener = lzma.open if path.suffix == ".xz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                yield number, _object(path, number, line)
    except (lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} can't be read: {error}") from error


@contextmanager
def opened_for_writing(path: Path) -> Iterator[TextIO]:
    """A UTF-8 stream, compressed where the name ends in ``.xz``; its content takes the place of
    the file when all is written. What is compressed is held in memory until then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    if path.suffix == ".xz":
        with lzma.open(buffer, "wt", encoding="utf-8", newline="\n") as compressed:
            yield cast(TextIO, compressed)
    else:
        lines = io.TextIOWrapper(buffer, "utf-8", newline="\n")
        yield lines
        lines.flush()
    write_aside(path, buffer.getvalue())


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise CorpusError(f"{path}, line {number}: not JSON ({error})") from error
    if not isinstance(row, dict):
        raise CorpusError(f"{path}, line {number}: not an object")
    return row
