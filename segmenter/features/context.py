"""Where a block stands: on the page, and relative to the run of long text."""

from __future__ import annotations

from typing import Final

import numpy as np

from segmenter.features.columns import stacked
from segmenter.features.repetition import LONG_BLOCK
from segmenter.features.words import Words
from segmenter.types import FloatArray

__all__ = ["NAMES", "context_features"]

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


def context_features(words: Words) -> FloatArray:
    """Shape (n, len(NAMES)); distances are in blocks, ``log_`` is ``log1p``, signed if it can be
    negative; places and shares are 0 to 1."""
    count = len(words.counts)
    if not count:
        return np.zeros((0, len(NAMES)), dtype=np.float32)
    index = np.arange(count)
    total = max(int(words.counts.sum()), 1)
    long = words.counts >= LONG_BLOCK
    if not long.any():
        long = words.counts == words.counts.max()
    places = np.flatnonzero(long)
    first, last = int(places[0]), int(places[-1])
    long_words = int(words.counts[long].sum())
    following = np.searchsorted(places, index)
    nearest_after = np.append(places, count + 50)[following]
    nearest_before = np.append(-50, places)[np.searchsorted(places, index, side="right")]
    columns = [
        index / count,
        (np.cumsum(words.counts) - words.counts) / total,
        np.full(count, np.log1p(count)),
        np.full(count, np.log1p(total)),
        np.full(count, long_words / total),
        np.full(count, np.log1p(len(places))),
        index >= first,
        index <= last,
        _signed_log(index - first),
        _signed_log(last - index),
        np.log1p(index - nearest_before),
        np.log1p(nearest_after - index),
        words.counts / total,
        words.counts == words.counts.max(),
        np.log1p(index),
        np.log1p(count - 1 - index),
    ]
    return stacked(columns, count)


def _signed_log(values: np.ndarray) -> FloatArray:
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)), dtype=np.float32)
