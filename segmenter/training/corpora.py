"""Labelled pages from corpus files, gold files and the seeds."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from segmenter.errors import CorpusError
from segmenter.html import split_html
from segmenter.training.alignment import UNKNOWN, aligned_labels, in_main_text
from segmenter.training.files import json_rows
from segmenter.training.standoff import Annotation, joined_labels
from segmenter.types import LABEL_INDEX, LABELS, FloatArray, IntArray, Page

__all__ = [
    "ALL_LABELS",
    "CHOSEN",
    "OWNERS_PAGE",
    "LabelledPage",
    "corpus_files",
    "file_sha256",
    "load_corpora",
    "load_gold",
    "load_seeds",
    "load_unlabelled",
    "site_of",
]

ALL_LABELS: Final = (1 << len(LABELS)) - 1
_BODY: Final = 1 << LABEL_INDEX["body"]
_NOT_MAIN: Final = ALL_LABELS & ~_BODY
# How far the main-text gold of a corpus is to be trusted outside the main text: of the words that
# it leaves out, so many are body by the annotation guide (measured on the pages that have both).
_MAIN_TEXT_CORPORA: Final[Mapping[str, float]] = {
    "wcxb-dev": 0.6,
    "andythefactory": 0.8,
    "fundus": 0.8,
    "readability": 0.6,
    "zh-handcrafted": 0.6,
}
_UNLABELLED_CORPORA: Final = ("trafeval", "postlight", "goose-newspaper")
_UNLABELLED_TRUST: Final = 0.4
"""How far what a teacher takes their blocks for is trusted."""
CHOSEN: Final = "chosen"
"""The source of pages of the corpora whose blocks have labels that stand off."""
OWNERS_PAGE: Final = "000_5c0e006fbbd7d074"
_HOST: Final = re.compile(r"^[a-z][a-z0-9+.-]*://(?:[^/@]*@)?([^/:?#]+)", re.IGNORECASE)
# Second-level registries under country codes, enough to keep sites apart.
_SECOND_LEVEL: Final = frozenset("co com org net gov ac edu or ne go gob nom in".split())


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPage:
    """A page of n blocks with what is known of their labels.

    Attributes:
        site: pages of one site never stand on both sides of a split.
        source: the corpus that the labels come from.
        page: the split page.
        allowed: shape (n,), bit mask over ``LABELS`` of the labels each block may have;
            ``ALL_LABELS`` where nothing is known.
        weight: shape (n,), how far the labels are trusted, 0 to 1.
        gold: text and label of the gold blocks, where the gold is block by block.
        main_text: the gold main text, where the corpus has it.
        teacher: shape (n, 9), what another model takes the blocks for (see ``targets``).
        url: the page's address, where the corpus has it.
    """

    id: str
    site: str
    source: str
    language: str | None
    page_type: str | None
    page: Page
    allowed: IntArray
    weight: FloatArray
    gold: tuple[tuple[str, str], ...] | None = None
    main_text: str | None = None
    teacher: FloatArray | None = None
    url: str | None = None

    @property
    def scored(self) -> bool:
        """Whether figures are taken of its blocks: they have labels, and not for training alone."""
        return self.gold is not None and self.source != CHOSEN


def load_gold(path: Path) -> Iterator[LabelledPage]:
    """Pages labelled block by block, of a JSON lines file (``.xz`` or plain).

    Raises:
        CorpusError: a line is not a labelled page.
    """
    for number, row in json_rows(path):
        try:
            gold = tuple((block["text"], block["label"]) for block in row["blocks"])
            labels = [(text, LABEL_INDEX[label]) for text, label in gold]
            page = split_html(row["html"])
            site = site_of(row["id"], row.get("url"))
        except (KeyError, TypeError) as error:
            raise CorpusError(
                f"{path}, line {number}: not a gold page ({error!r}); accepted are objects with "
                "id, html and blocks [{text, label}]"
            ) from error
        yield LabelledPage(
            id=row["id"],
            site=site,
            source="gold",
            language=row.get("lang"),
            page_type=row.get("page_type"),
            page=page,
            **_exact(aligned_labels(page, labels)),
            gold=gold,
            url=row.get("url"),
        )


def load_corpora(
    folder: Path, labels: Mapping[str, Annotation] = MappingProxyType({})
) -> Iterator[LabelledPage]:
    """Pages with a gold main text, of the corpora in a folder.

    Args:
        folder: of corpus files.
        labels: by page id; these pages are labelled block by block, for training.

    Raises:
        CorpusError: the folder has none of the known corpora, or a line is not a page.
    """
    found = False
    for name, trust in _MAIN_TEXT_CORPORA.items():
        path = folder / f"{name}.jsonl.xz"
        if not path.exists():
            continue
        found = True
        for number, row in json_rows(path):
            if not row.get("text"):
                continue
            try:
                page = split_html(row["html"])
                identity = row["id"]
            except (KeyError, TypeError) as error:
                raise CorpusError(f"{path}, line {number}: not a page ({error!r})") from error
            inside = in_main_text(page, row["text"])
            main_text = LabelledPage(
                id=identity,
                site=site_of(identity, row.get("url") or row.get("site")),
                source=name,
                language=row.get("lang") or "en",
                page_type=row.get("page_type") or "article",
                page=page,
                allowed=np.where(inside, _BODY, _NOT_MAIN),
                weight=np.where(inside, 1.0, trust).astype(np.float32),
                main_text=row["text"],
                url=row.get("url"),
            )
            yield _labelled(main_text, row["html"], labels.get(identity))
    if not found:
        names = ", ".join(f"{name}.jsonl.xz" for name in _MAIN_TEXT_CORPORA)
        raise CorpusError(f"{folder}: none of the known corpora is here ({names})")


def load_unlabelled(
    folder: Path, labels: Mapping[str, Annotation] = MappingProxyType({})
) -> Iterator[LabelledPage]:
    """HTML pages of the corpora in a folder that come without gold.

    Args:
        folder: of corpus files.
        labels: by page id; these pages are labelled block by block, for training; of the blocks of
            all others nothing is known.

    Raises:
        CorpusError: a line is not a page.
    """
    for name in _UNLABELLED_CORPORA:
        path = folder / f"{name}.jsonl.xz"
        for number, row in json_rows(path) if path.exists() else ():
            try:
                page = split_html(row["html"])
                identity = row["id"]
            except (KeyError, TypeError) as error:
                raise CorpusError(f"{path}, line {number}: not a page ({error!r})") from error
            unlabelled = LabelledPage(
                id=identity,
                site=site_of(identity, row.get("url") or row.get("site")),
                source=name,
                language=row.get("lang"),
                page_type=None,
                page=page,
                allowed=np.full(len(page), ALL_LABELS),
                weight=np.full(len(page), _UNLABELLED_TRUST, dtype=np.float32),
                url=row.get("url"),
            )
            yield _labelled(unlabelled, row["html"], labels.get(identity))


def corpus_files(folder: Path) -> list[Path]:
    """Where the known corpora are looked for in a folder."""
    names = (*_MAIN_TEXT_CORPORA, *_UNLABELLED_CORPORA)
    return [folder / f"{name}.jsonl.xz" for name in names]


def load_seeds(folder: Path) -> Iterator[LabelledPage]:
    """The example pages of a ``seeds`` folder, the owner's page left out.

    Raises:
        CorpusError: the folder or a page's labels are missing or malformed.
    """
    paths = sorted((folder / "pages").glob("*.labels.json"))
    if not paths:
        raise CorpusError(f"{folder}: no pages/*.labels.json here")
    for path in paths:
        row = json.loads(path.read_text("utf-8"))
        if row["id"] == OWNERS_PAGE:
            continue
        gold = tuple((block["text"], block["label"]) for block in row["blocks"])
        if "html_file" in row:
            html = (path.parent / row["html_file"]).read_text("utf-8")
            page = split_html(html)
            labels = aligned_labels(page, [(text, LABEL_INDEX[label]) for text, label in gold])
        else:
            text = (path.parent / row["text_file"]).read_bytes().decode("utf-8")
            starts = [block["start"] for block in row["blocks"]]
            ends = [block["end"] for block in row["blocks"]]
            page = Page("text", text, np.array(starts), np.array(ends))
            labels = np.array([LABEL_INDEX[label] for _, label in gold], dtype=np.int64)
        yield LabelledPage(
            id=row["id"],
            site=site_of(row["id"], row.get("url")),
            source="seeds",
            language=row.get("language"),
            page_type=row.get("page_type"),
            page=page,
            **_exact(labels),
            gold=gold,
            url=row.get("url"),
        )


def site_of(identity: str, url: str | None) -> str:
    """The registered domain of a url; for pages without one, their name without numbers."""
    match = _HOST.match(url or "")
    if match is None and url and "/" not in url:
        host = url
    elif match is None:
        return re.sub(r"[-_.]?\d+$", "", identity)
    else:
        host = match.group(1)
    parts = host.lower().strip(".").split(".")
    keep = 3 if len(parts) > 2 and len(parts[-1]) == 2 and parts[-2] in _SECOND_LEVEL else 2
    return ".".join(parts[-keep:])


def file_sha256(path: Path) -> str:
    """Hexadecimal digest of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _labelled(page: LabelledPage, html: str, annotation: Annotation | None) -> LabelledPage:
    """The page with labels that stand off, if most of the annotated blocks are on it."""
    if annotation is None:
        return page
    try:
        gold = joined_labels(html, annotation)
    except CorpusError:
        return page
    labels = aligned_labels(page.page, [(text, LABEL_INDEX[label]) for text, label in gold])
    return replace(
        page,
        source=CHOSEN,
        page_type=annotation.page_type,
        **_exact(labels),
        gold=gold,
    )


def _exact(labels: IntArray) -> dict[str, Any]:
    known = labels != UNKNOWN
    return {
        "allowed": np.where(known, 1 << np.maximum(labels, 0), ALL_LABELS),
        "weight": known.astype(np.float32),
    }
