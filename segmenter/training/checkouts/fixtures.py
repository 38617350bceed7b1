"""Test pages of other extractors, without their gold: it is partial, or made by rules.

They serve as pages of which nothing is known, and some of them are labelled by us.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from segmenter.errors import DecodingError
from segmenter.training.checkouts.records import (
    Missing,
    Record,
    declared_language,
    read_html,
    read_json,
)

__all__ = ["read_goose", "read_newspaper", "read_postlight"]


def read_postlight(checkout: Path) -> Iterator[Record | Missing]:
    """``fixtures/SITE.html`` and ``fixtures/SITE--WHAT.html``."""
    for path in sorted((checkout / "fixtures").glob("*.html")):
        yield _page(f"postlight-{path.stem}", path, {"site": path.stem.partition("--")[0]})


def read_goose(checkout: Path) -> Iterator[Record | Missing]:
    """``tests/data/content/NAME.html``, the address in ``NAME.json``."""
    for path in sorted((checkout / "tests" / "data" / "content").glob("*.html")):
        yield _page(f"goose3-{path.stem}", path, {}, path.with_suffix(".json"))


def read_newspaper(checkout: Path) -> Iterator[Record | Missing]:
    """``tests/data/html/NAME.html`` where there is ``tests/data/metadata/NAME.json`` too."""
    data = checkout / "tests" / "data"
    for metadata in sorted((data / "metadata").glob("*.json")):
        path = data / "html" / f"{metadata.stem}.html"
        yield _page(f"np4k-{path.stem}", path, {}, metadata)


def _page(
    identity: str, path: Path, more: dict[str, Any], metadata: Path | None = None
) -> Record | Missing:
    try:
        html = read_html(path)
        if metadata is not None:
            more = {"url": _address(read_json(metadata)) if metadata.is_file() else None}
        return {"id": identity, **more, "lang": declared_language(html), "html": html}
    except (OSError, DecodingError, ValueError) as error:
        return Missing(identity, f"can't be read: {error!r}")


def _address(metadata: Any) -> str | None:
    """The first ``url`` in a test's metadata, however deep."""
    if isinstance(metadata, dict) and isinstance(metadata.get("url"), str):
        return str(metadata["url"])
    inner: Iterable[Any] = metadata.values() if isinstance(metadata, dict) else ()
    return next((found for value in inner if (found := _address(value))), None)
