"""Where a block stands: on the page, and relative to the run of long text."""

from __future__ import annotations

from typing import Final

import numpy as np

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


class Context:
    """Places on one page; ``columns`` gives those of ``NAMES`` for some of its blocks.

    Distances are in blocks, ``log_`` is ``log1p``, signed if it can be negative; places and shares
    are 0 to 1.
    """

    def __init__(self, words: Words) -> None:
        """Of a page with at least one block."""
        self._words = words
        self._longest = words.counts.max()
        long = words.counts >= LONG_BLOCK
        if not long.any():
            long = words.counts == self._longest
        self._long = np.flatnonzero(long)
        self._long_words = int(words.counts[self._long].sum())

    def columns(self, start: int, end: int) -> list[Column]:
        """Of the blocks from ``start`` to ``end``."""
        words, places = self._words, self._long
        count, size = len(words.counts), end - start
        total = max(len(words.hashes), 1)
        index = np.arange(start, end)
        counts = words.counts[start:end]
        first, last = int(places[0]), int(places[-1])
        following = places.searchsorted(index)
        nearest_after = np.append(places, count + 50)[following]
        nearest_before = np.append(-50, places)[places.searchsorted(index, side="right")]
        return [
            index / count,
            words.first[start:end] / total,
            np.full(size, np.log1p(count)),
            np.full(size, np.log1p(total)),
            np.full(size, self._long_words / total),
            np.full(size, np.log1p(len(places))),
            index >= first,
            index <= last,
            _signed_log(index - first),
            _signed_log(last - index),
            np.log1p(index - nearest_before),
            np.log1p(nearest_after - index),
            counts / total,
            counts == self._longest,
            np.log1p(index),
            np.log1p(count - 1 - index),
        ]


def _signed_log(values: np.ndarray) -> FloatArray:
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)), dtype=np.float32)
