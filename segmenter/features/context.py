"""Where a block stands: on the page, and relative to the run of long text."""

from __future__ import annotations

from typing import Final

import numpy as np

from segmenter.features.bundle import Pages
from segmenter.features.columns import Column
from segmenter.features.repetition import LONG_BLOCK
from segmenter.features.words import Words
from segmenter.types import FloatArray

__all__ = ["NAMES", "Context"]

NAMES: Final[tuple[str, ...]] = (
    "place",
    "words_before",
    "log_blocks",
    "log_page_words",
    "share_long_words",
    "log_long_blocks",
    "after_first_long",
    "before_last_long",
    "log_to_first_long",
    "log_to_last_long",
    "log_from_long_before",
    "log_to_long_after",
    "share_of_page",
    "is_longest",
    "log_from_start",
    "log_from_end",
)
_FAR: Final = 50
"""Blocks beyond the page's ends at which the next long one counts as standing, if there is none."""


class Context:
    """Places on some pages; ``columns`` gives those of ``NAMES`` for some of the blocks.

    Distances are in blocks, ``log_`` is ``log1p``, signed if it can be negative; places and shares
    are 0 to 1.
    """

    def __init__(self, words: Words, pages: Pages) -> None:
        """Of pages with at least one block each."""
        self._words, self._pages = words, pages
        first = pages.first[:-1]
        self._blocks = np.diff(pages.first)
        self._begins = words.first.take(pages.first)
        self._total = np.maximum(np.diff(self._begins), 1)
        self._longest = np.maximum.reduceat(words.counts, first)
        long = words.counts >= LONG_BLOCK
        none = ~np.logical_or.reduceat(long, first)
        if none.any():
            longest = words.counts == self._longest.take(pages.of_block)
            long |= none.take(pages.of_block) & longest
        self._long = np.flatnonzero(long)
        self._edges = self._long.searchsorted(pages.first)
        self._long_words = np.add.reduceat(words.counts.take(self._long), self._edges[:-1])

    def columns(self, start: int, end: int) -> list[Column]:
        """Of the blocks from ``start`` to ``end``."""
        words, pages, places, edges = self._words, self._pages, self._long, self._edges
        page, index = pages.of_block[start:end], pages.place[start:end]
        counts = words.counts[start:end]
        begin, count = pages.first.take(page), self._blocks.take(page)
        total = self._total.take(page)
        first = (places.take(edges[:-1]) - pages.first[:-1]).take(page)
        last = (places.take(edges[1:] - 1) - pages.first[:-1]).take(page)
        here = np.arange(start, end)
        following = places.searchsorted(here)
        after = np.where(
            following < edges[1:].take(page),
            places.take(following, mode="clip") - begin,
            count + _FAR,
        )
        preceding = places.searchsorted(here, side="right") - 1
        before = np.where(
            preceding >= edges[:-1].take(page), places.take(preceding, mode="clip") - begin, -_FAR
        )
        return [
            index / count,
            (words.first[start:end] - self._begins.take(page)) / total,
            np.log1p(self._blocks).take(page),
            np.log1p(self._total).take(page),
            (self._long_words / self._total).take(page),
            np.log1p(np.diff(edges)).take(page),
            index >= first,
            index <= last,
            _signed_log(index - first),
            _signed_log(last - index),
            np.log1p(index - before),
            np.log1p(after - index),
            counts / total,
            counts == self._longest.take(page),
            np.log1p(index),
            np.log1p(count - 1 - index),
        ]


def _signed_log(values: np.ndarray) -> FloatArray:
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)), dtype=np.float32)
