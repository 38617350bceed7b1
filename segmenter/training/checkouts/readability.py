"""Mozilla's Readability: ``test/test-pages/NAME`` with a page and what was extracted from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from segmenter.errors import DecodingError
from segmenter.training.checkouts.records import (
    Missing,
    PageText,
    Record,
    declared_language,
    read_html,
    read_json,
    text_lines,
)

__all__ = ["read_readability"]


def read_readability(checkout: Path) -> Iterator[Record | Missing]:
    """Every test page; its gold text is that of the expected extraction, one block a line."""
    for source in sorted((checkout / "test" / "test-pages").glob("*/source.html")):
        identity = f"readability-{source.parent.name}"
        try:
            metadata = read_json(source.parent / "expected-metadata.json")
            html, expected = read_html(source), read_html(source.parent / "expected.html")
            yield _record(identity, html, expected, metadata)
        except (OSError, DecodingError, ValueError, KeyError, TypeError) as error:
            yield Missing(identity, f"can't be read: {error!r}")


def _record(identity: str, html: str, expected: str, metadata: dict[str, Any]) -> Record:
    lines = text_lines(expected)
    return {
        "id": identity,
        "lang": declared_language(html),
        "html": html,
        "text": "\n".join(lines),
        "text_html": expected,
        "title": metadata["title"],
        "byline": metadata["byline"],
        "excerpt": metadata["excerpt"],
        "site_name": metadata["siteName"],
        "date": metadata.get("publishedTime"),
        "readerable": metadata["readerable"],
        "found": PageText(html).shares(lines)[0],
    }
