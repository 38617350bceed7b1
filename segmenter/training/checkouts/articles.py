"""AndyTheFactory's article dataset: ``articles.json`` and ``html/KEY.html``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from segmenter.errors import DecodingError
from segmenter.training.checkouts.records import (
    Missing,
    PageText,
    Record,
    declared_language,
    full_lines,
    read_html,
    read_json,
)

__all__ = ["read_articles"]

_KEY_CHARACTERS: Final = 12
_LANGUAGE: Final = "en"
"""Of the dataset; a page that names no language is taken to be in it."""


def read_articles(checkout: Path) -> Iterator[Record | Missing]:
    """Every article whose page is there and whose text is not empty."""
    for key, row in read_json(checkout / "articles.json").items():
        identity = f"atf-{key[:_KEY_CHARACTERS]}"
        path = checkout / "html" / f"{key}.html"
        try:
            if not path.is_file():
                yield Missing(identity, "its page is not in html/")
            elif not full_lines(row["articleBody"]):
                yield Missing(identity, "left out: it has no text")
            else:
                yield _record(identity, read_html(path), row)
        except (OSError, DecodingError, KeyError, TypeError) as error:
            yield Missing(identity, f"can't be read: {error!r}")


def _record(identity: str, html: str, row: dict[str, Any]) -> Record:
    page = PageText(html)
    lines = full_lines(row["articleBody"])
    blocks = [{"label": "headline", "text": row["title"]}] if row["title"] else []
    return {
        "id": identity,
        "url": row["url"],
        "lang": declared_language(html) or _LANGUAGE,
        "html": html,
        "title": row["title"],
        "authors": row["authors"],
        "date": row["date"],
        "text": "\n".join(lines),
        "blocks": [*blocks, *({"label": "body", "text": line} for line in lines)],
        "title_on_page": page.shows(row["title"]),
        "found_chars": page.shares(lines)[1],
    }
