"""Labels that stand off from their text: a page's id and, for each block, a hash and a label.

The gold pages' texts belong to their publishers and stay where they are published. What is ours,
the labels, can be published with a short hash of each block's text, and is put back onto the
page's own text by whoever has the page.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from segmenter.errors import CorpusError
from segmenter.html import split_html
from segmenter.training.files import json_rows, opened_for_writing
from segmenter.training.provenance import source_of
from segmenter.types import LABEL_INDEX

__all__ = [
    "Annotation",
    "annotations_of",
    "block_hash",
    "found_blocks",
    "joined_labels",
    "read_annotations",
    "write_annotations",
]

_ENOUGH_BLOCKS: Final = 0.9
"""Share of a page's annotated blocks that must be found on it: else it is another version."""
_DIGEST_BYTES: Final = 4
_HASH: Final = re.compile(rf"[0-9a-f]{{{2 * _DIGEST_BYTES}}}")
_CODE: Final = frozenset(("script", "style", "svg"))
_LONGEST_RUN: Final = 60
"""Text nodes that one block is put together from, at most, where the page's own blocks differ."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """The labels of one page.

    Attributes:
        id: of the page, as in the corpus it comes from.
        source: name of that corpus.
        url: where the page was published, where that is known.
        language: ISO 639 code as the annotators gave it, if they did.
        page_type: article, forum, product, …
        blocks: hash and label of each block, in reading order.
    """

    id: str
    source: str
    url: str | None
    language: str | None
    page_type: str
    blocks: tuple[tuple[str, str], ...]


def block_hash(text: str) -> str:
    """Eight hexadecimal digits of the text's BLAKE2b: NFKC, lower case, white space collapsed."""
    normal = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    return hashlib.blake2b(normal.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def write_annotations(path: Path, annotations: Iterable[Annotation]) -> int:
    """Write JSON lines (``.xz`` or plain), aside and renamed; returns how many pages."""
    count = 0
    with opened_for_writing(path) as stream:
        for annotation in annotations:
            row = {
                "id": annotation.id,
                "source": annotation.source,
                "url": annotation.url,
                "lang": annotation.language,
                "page_type": annotation.page_type,
                "blocks": annotation.blocks,
            }
            count += 1
            stream.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
    return count


def annotations_of(gold: Path) -> Iterator[Annotation]:
    """The labels of a file of gold pages, without their texts.

    Raises:
        CorpusError: a line is not a labelled page, or its id names no public source.
    """
    for number, row in json_rows(gold):
        try:
            source = source_of(row["id"])
            blocks = tuple((block_hash(block["text"]), block["label"]) for block in row["blocks"])
            if source is None:
                raise ValueError(f"the id {row['id']!r} names no public source")
            yield Annotation(
                id=row["id"],
                source=source.name,
                url=row.get("url"),
                language=row.get("lang"),
                page_type=row.get("page_type") or "article",
                blocks=blocks,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CorpusError(f"{gold}, line {number}: not a gold page ({error!r})") from error


def read_annotations(path: Path) -> Iterator[Annotation]:
    """The pages of a stand-off file.

    Raises:
        CorpusError: a line is not an annotation.
    """
    for number, row in json_rows(path):
        try:
            yield _annotation(row)
        except (KeyError, TypeError, ValueError) as error:
            raise CorpusError(
                f"{path}, line {number}: not an annotation ({error!r}); accepted are objects "
                "with id, source, url, lang, page_type and blocks [[hash, label]]"
            ) from error


def found_blocks(html: str, hashes: Sequence[str]) -> list[str | None]:
    """The text of each annotated block on a page, its white space collapsed; ``None`` for one that
    is not there.

    The page's own blocks are looked at first, in order. What is none of them is looked for among
    all runs of the page's text nodes, hidden ones too: the annotated blocks may have been cut by
    another version of the splitter.

    Raises:
        LimitError: the page is over the splitter's limits.
    """
    found = _in_order(split_html(html).block_texts(), hashes)
    missing = {hashes[index] for index, text in enumerate(found) if text is None}
    if missing:
        runs = _runs(html, missing)
        found = [
            runs.get(hash_) if text is None else text
            for text, hash_ in zip(found, hashes, strict=True)
        ]
    return found


def joined_labels(html: str, annotation: Annotation) -> tuple[tuple[str, str], ...]:
    """Text and label of the annotated blocks that are on a page.

    Raises:
        CorpusError: it is another version of the page: too few of them are on it.
        LimitError: the page is over the splitter's limits.
    """
    texts = found_blocks(html, [hash_ for hash_, _ in annotation.blocks])
    joined = tuple(
        (text, label)
        for text, (_, label) in zip(texts, annotation.blocks, strict=True)
        if text is not None
    )
    if len(joined) < _ENOUGH_BLOCKS * len(texts):
        raise CorpusError(
            f"another version: {len(joined)} of {len(texts)} annotated blocks are on it"
        )
    return joined


def _annotation(row: dict[str, Any]) -> Annotation:
    blocks = tuple((hash_, label) for hash_, label in row["blocks"])
    for hash_, label in blocks:
        if label not in LABEL_INDEX or not _HASH.fullmatch(hash_):
            raise ValueError(f"block {hash_!r}, {label!r}")
    return Annotation(
        id=str(row["id"]),
        source=str(row["source"]),
        url=row["url"],
        language=row["lang"],
        page_type=str(row["page_type"]),
        blocks=blocks,
    )


def _in_order(texts: Sequence[str], hashes: Sequence[str]) -> list[str | None]:
    """Of blocks with equal hashes each is taken once, the next one behind the last one first."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        places[block_hash(text)].append(place)
    found: list[str | None] = []
    last = -1
    for hash_ in hashes:
        free = places.get(hash_)
        if not free:
            found.append(None)
            continue
        last = free.pop(next((i for i, place in enumerate(free) if place > last), 0))
        found.append(_collapsed(texts[last]))
    return found


def _runs(html: str, wanted: set[str]) -> dict[str, str]:
    """Texts with the wanted hashes among runs of neighbouring text nodes: of all nodes, without
    code, without titles; joined as they are written or by spaces."""
    root = LexborHTMLParser(html.replace("\0", "\ufffd")).root
    nodes = [] if root is None else [n for n in root.traverse(include_text=True) if _is_text(n)]
    result: dict[str, str] = {}
    for left_out in (frozenset[str](), _CODE, _CODE | {"title"}):
        texts = [node.text_content or "" for node in nodes if not _inside(node, left_out)]
        for separator in ("", " "):
            if len(result) < len(wanted):
                for text in _joined_runs(texts, separator):
                    hash_ = block_hash(text)
                    if hash_ in wanted:
                        result.setdefault(hash_, text)
    return result


def _joined_runs(texts: Sequence[str], separator: str) -> Iterator[str]:
    for first, start in enumerate(texts):
        if not start.strip():
            continue
        for behind in range(first + 1, min(first + _LONGEST_RUN, len(texts)) + 1):
            if texts[behind - 1].strip():
                yield _collapsed(separator.join(texts[first:behind]))


def _collapsed(text: str) -> str:
    return " ".join(text.split())


def _is_text(node: LexborNode) -> bool:
    return node.tag == "-text"


def _inside(node: LexborNode, tags: frozenset[str]) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.tag in tags:
            return True
        parent = parent.parent
    return False
