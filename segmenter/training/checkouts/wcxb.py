"""The development split of WCXB: ``dev/html/NNNN.html.gz`` and ``dev/ground-truth/NNNN.json``."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from segmenter.errors import DecodingError
from segmenter.training.checkouts.records import Missing, Record, read_html, read_json

__all__ = ["read_wcxb"]

_NEWLINES: Final = re.compile(r"\r\n?")


def read_wcxb(checkout: Path) -> Iterator[Record | Missing]:
    """The pages of the development split whose address is not in the test split too.

    Of the test split nothing but the addresses is read.
    """
    tested = {read_json(path)["url"] for path in (checkout / "test").glob("ground-truth/*.json")}
    for path in sorted((checkout / "dev" / "ground-truth").glob("*.json")):
        try:
            row = read_json(path)
            if row["url"] in tested:
                yield Missing(f"wcxb-{path.stem}", "left out: its address is in the test split")
                continue
            yield _record(checkout, path.stem, row)
        except (OSError, EOFError, DecodingError, ValueError, KeyError, TypeError) as error:
            yield Missing(f"wcxb-{path.stem}", f"can't be read: {error!r}")


def _record(checkout: Path, number: str, row: dict[str, Any]) -> Record:
    file = checkout / "dev" / "html" / f"{number}.html.gz"
    truth = row["ground_truth"]
    return {
        "id": f"wcxb-{number}",
        "url": row["url"],
        "page_type": row["_internal"]["page_type"]["primary"],
        "html": _NEWLINES.sub("\n", read_html(file, gzip.decompress(file.read_bytes()))),
        "text": truth["main_content"],
        "title": truth["title"],
        "author": truth["author"],
        "date": truth["publish_date"],
        "without": truth["without"],
        "must_have": truth["with"],
        "must_not_have": truth["without"],
    }
