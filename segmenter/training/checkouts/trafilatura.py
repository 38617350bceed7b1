"""Trafilatura's evaluation data: ``tests/evaldata.json`` and pages in two folders beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from segmenter.errors import DecodingError
from segmenter.training.checkouts.records import (
    Missing,
    Record,
    declared_language,
    read_html,
    read_json,
)

__all__ = ["read_trafilatura"]

_FOLDERS: Final = ("cache", "eval")


def read_trafilatura(checkout: Path) -> Iterator[Record | Missing]:
    """Every page, numbered by its place in the file; ``with`` is ``with_`` in the records."""
    rows = read_json(checkout / "tests" / "evaldata.json")
    for number, (url, row) in enumerate(rows.items()):
        identity = f"trafeval-{number:04d}"
        try:
            name = row["file"]
            paths = [checkout / "tests" / folder / name for folder in _FOLDERS]
            path = next((path for path in paths if path.is_file()), None)
            if path is None:
                yield Missing(identity, "its file is in none of tests/cache and tests/eval")
                continue
            html = read_html(path)
            record: Record = {
                "id": identity, "url": url, "lang": declared_language(html), "html": html,
                "with_": row["with"], "without": row["without"], "file": name,
            }  # fmt: skip
            yield record | {k: v for k, v in row.items() if k not in ("file", "with", "without")}
        except (OSError, DecodingError, KeyError, TypeError) as error:
            yield Missing(identity, f"can't be read: {error!r}")
