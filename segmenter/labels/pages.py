"""Records onto the blocks of their pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from segmenter.errors import LimitError
from segmenter.html import split_html
from segmenter.labels.records import LabelRecord, Report
from segmenter.text import split_text
from segmenter.training.alignment import UNKNOWN, aligned_labels, found_shares
from segmenter.training.corpora import ALL_LABELS, LabelledPage, site_of
from segmenter.types import LABEL_INDEX, IntArray, Limits, Page

__all__ = ["PAGE_LIMITS", "check_places", "labelled_page", "split"]

# Aligning texts takes time with the square of the words: a page to label is a page to read.
PAGE_LIMITS: Final = Limits(document_bytes=2_000_000, blocks=20_000)
_ENOUGH: Final = 0.6
"""Share of a block that a place must cover, and of a text that must be found."""
_SHOWN: Final = 60


def split(record: LabelRecord) -> Page:
    """The record's page, split into blocks.

    Raises:
        LimitError: it is over ``PAGE_LIMITS``.
    """
    size = len(record.content.encode("utf-8"))
    if size > PAGE_LIMITS.document_bytes:
        raise LimitError("document_bytes", PAGE_LIMITS.document_bytes, size)
    front_end = split_html if record.input == "html" else split_text
    return front_end(record.content, PAGE_LIMITS)


def check_places(record: LabelRecord, report: Report) -> None:
    """Report every block of a record that its page does not have where the record says."""
    try:
        page = split(record)
    except LimitError as error:
        report(None, str(error))
        return
    if not len(page):
        report(None, "the page has no visible text")
    elif record.placed:
        _check_spans(record, page.text, report)
    elif record.blocks:
        _check_texts([block.text or "" for block in record.blocks], page, report)


def _check_texts(texts: Sequence[str], page: Page, report: Report) -> None:
    try:
        shares = found_shares(page, texts)
    except LimitError as error:
        report(None, f"{error}; accepted are blocks with 'start' and 'end', which need no search")
        return
    for number, share in enumerate(shares.tolist(), start=1):
        if share < _ENOUGH:
            text = " ".join(texts[number - 1].split())
            shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
            report(
                number,
                f"the text {shown!r} is not on the page after the block before it; accepted "
                "are the page's own blocks in reading order",
            )


def _check_spans(record: LabelRecord, text: str, report: Report) -> None:
    before = 0
    for number, block in enumerate(record.blocks, start=1):
        start, end = block.start, block.end
        assert start is not None
        assert end is not None
        if not 0 <= start < end <= len(text):
            report(
                number,
                f"start {start:,} and end {end:,} are no place in the page's text of {len(text):,} "
                "characters",
            )
            continue
        if start < before:
            report(
                number,
                f"it starts at {start:,}, inside or before the block that ends at {before:,}; "
                "blocks stand in order and do not overlap",
            )
        if block.text is not None and block.text != text[start:end]:
            report(number, f"'text' is not what the page has from {start:,} to {end:,}")
        before = max(before, end)


def labelled_page(record: LabelRecord) -> LabelledPage:
    """A valid record as a page to train and evaluate on.

    Raises:
        LimitError: it is over ``PAGE_LIMITS``.
    """
    page = split(record)
    if record.placed:
        labels = _labels_by_place(record, page)
    else:
        gold = [(block.text or "", LABEL_INDEX[block.label]) for block in record.blocks]
        labels = aligned_labels(page, gold) if gold else np.full(len(page), UNKNOWN)
    known = labels != UNKNOWN
    texts = page.block_texts()
    return LabelledPage(
        id=record.id,
        site=site_of(record.id, record.url),
        source=record.source or "labels",
        language=None,
        page_type=None,
        page=page,
        allowed=np.where(known, 1 << np.maximum(labels, 0), ALL_LABELS),
        weight=known.astype(np.float32),
        gold=tuple((texts[i], _name(labels[i])) for i in np.flatnonzero(known).tolist()),
    )


def _labels_by_place(record: LabelRecord, page: Page) -> IntArray:
    """Each block's label is that of the places that cover most of it, and enough of it."""
    covered = np.zeros((len(page), len(LABEL_INDEX)), dtype=np.int64)
    for block in record.blocks:
        assert block.start is not None
        assert block.end is not None
        first = int(np.searchsorted(page.ends, block.start, side="right"))
        last = int(np.searchsorted(page.starts, block.end, side="left"))
        low = np.maximum(page.starts[first:last], block.start)
        high = np.minimum(page.ends[first:last], block.end)
        covered[first:last, LABEL_INDEX[block.label]] += high - low
    enough = covered.sum(axis=1) >= _ENOUGH * (page.ends - page.starts)
    return np.where(enough & (covered.sum(axis=1) > 0), covered.argmax(axis=1), UNKNOWN)


def _name(label: int) -> str:
    return tuple(LABEL_INDEX)[label]
