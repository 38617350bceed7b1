"""The handcrafted Chinese dataset: ``Original/NAME.html`` and, where they are known, text, authors
and date as ``cleaned``, ``author`` and ``date`` ``/NAME.txt``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from segmenter.errors import DecodingError
from segmenter.training.checkouts.records import (
    Missing,
    PageText,
    Record,
    full_lines,
    read_html,
)

__all__ = ["read_chinese"]

_UNKNOWN: Final = "UNKNOWN"


def read_chinese(checkout: Path) -> Iterator[Record | Missing]:
    """Every page that has a text."""
    for path in sorted((checkout / "Original").glob("*.html")):
        identity = f"zhwce-{path.stem}"
        try:
            lines = full_lines(_told(checkout / "cleaned", path.stem))
            if not lines:
                yield Missing(identity, "left out: it has no text")
                continue
            html = read_html(path)
            page = PageText(html)
            authors = _told(checkout / "author", path.stem).split()
            yield {
                "id": identity, "lang": "zh", "html": html, "authors": authors,
                "date": _told(checkout / "date", path.stem) or None, "text": "\n".join(lines),
                "blocks": [{"label": "body", "text": line} for line in lines],
                "authors_on_page": [author for author in authors if page.shows(author)],
                "found_chars": page.shares(lines)[1],
            }  # fmt: skip
        except (OSError, DecodingError, UnicodeDecodeError) as error:
            yield Missing(identity, f"can't be read: {error!r}")


def _told(folder: Path, name: str) -> str:
    path = folder / f"{name}.txt"
    text = path.read_text("utf-8-sig").strip() if path.is_file() else ""
    return "" if text == _UNKNOWN else text
