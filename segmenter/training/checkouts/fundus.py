"""Fundus: ``tests/resources/parser/test_data/COUNTRY/PUBLISHER_DATE.html.gz`` beside the output of
each version of the publisher's parser, ``PUBLISHER.json``, and the country's ``meta.info``."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from segmenter.errors import DecodingError
from segmenter.training.checkouts.records import (
    Missing,
    PageText,
    Record,
    declared_language,
    read_html,
    read_json,
)

__all__ = ["read_fundus"]

_CANONICAL: Final = re.compile(r"<link\b[^>]*\brel=[\"']?canonical\b[^>]*>", re.IGNORECASE)
_HREF: Final = re.compile(r"\bhref=[\"']?([^\"'\s>]+)", re.IGNORECASE)
_NOT_SHOWN: Final = "no parser version's whole text is found on the page"


def read_fundus(checkout: Path) -> Iterator[Record | Missing]:
    """Every page on which the whole text of a parser version is found; the best version's."""
    data = checkout / "tests" / "resources" / "parser" / "test_data"
    for path in sorted(data.glob("*/*_*.html.gz")):
        country, name = path.parent.name, path.name.removesuffix(".html.gz")
        identity = f"fundus-{country}-{name}"
        try:
            info = path.parent / "meta.info"
            meta = read_json(info).get(path.name, {}) if info.is_file() else {}
            publisher = name.split("_")[0]
            versions = read_json(path.parent / f"{publisher}.json")
            html = read_html(path, gzip.decompress(path.read_bytes()))
            record = _best(html, versions)
            if record is None:
                yield Missing(identity, _NOT_SHOWN)
                continue
            yield {
                "id": identity, "publisher": publisher, "country": country,
                "version": record.pop("version"), "crawl_date": meta.get("crawl_date"),
                "lang": declared_language(html), "url": meta.get("url") or _canonical(html),
                "html": html,
            } | record  # fmt: skip
        except (OSError, EOFError, DecodingError, ValueError, KeyError, TypeError) as error:
            yield Missing(identity, f"can't be read: {error!r}")


def _best(html: str, versions: Mapping[str, Mapping[str, Any]]) -> Record | None:
    """What the newest version tells of which the whole text is on the page."""
    page = PageText(html)
    for version, row in reversed(list(versions.items())):
        gold = _gold(row.get("body") or {})
        found, found_characters = page.shares([piece["text"] for piece in gold])
        if found_characters < 1:
            continue
        title, authors = row.get("title"), row.get("authors")
        images = row.get("images") or []
        captions = [image["caption"] for image in images if image.get("caption")]
        return {
            "version": version,
            "title": title,
            "authors": authors,
            "date": row.get("publishing_date"),
            "topics": row.get("topics"),
            "captions": list(dict.fromkeys(captions)),
            "credits": sorted({name for image in images for name in image.get("authors") or ()}),
            "gold": gold,
            "text": "\n\n".join(piece["text"] for piece in gold),
            "found": found,
            "found_chars": found_characters,
            "title_on_page": page.shows(title or ""),
            "authors_on_page": [author for author in authors or () if page.shows(author)],
        }
    return None


def _gold(body: Mapping[str, Any]) -> list[dict[str, str]]:
    pieces = [("summary", text) for text in body.get("summary") or ()]
    for section in body.get("sections") or ():
        pieces += [("section_headline", text) for text in section.get("headline") or ()]
        pieces += [("paragraph", text) for text in section.get("paragraphs") or ()]
    return [{"kind": kind, "text": text} for kind, text in pieces if text]


def _canonical(html: str) -> str | None:
    link = _CANONICAL.search(html)
    address = _HREF.search(link.group()) if link else None
    return address.group(1) if address else None
