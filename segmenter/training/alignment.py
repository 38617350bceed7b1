"""Gold text onto a page's own blocks.

Words of the gold and of the page are aligned by their longest common subsequence, so that each
block takes the label of the gold words that it holds, however the two were split.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import LCSseq

from segmenter.errors import LimitError
from segmenter.features import codepoints as cp
from segmenter.features.words import Words, hash_words, word_hashes
from segmenter.types import FloatArray, IntArray, Page

__all__ = ["UNKNOWN", "aligned_labels", "found_shares", "in_main_text"]

UNKNOWN: Final = -1
_COMPARED_WORDS: Final = 1 << 31
"""Words of a page times words of texts that ``found_shares`` takes: a bit of memory each, and
46,000 words on both sides."""
_ENOUGH: Final = 0.6
"""Share of a block's words that must be found in the gold."""
_SHORT: Final = 4


def aligned_labels(page: Page, gold: Sequence[tuple[str, int]]) -> IntArray:
    """Shape (n,): the label of each block by gold blocks in reading order, or ``UNKNOWN``.

    Args:
        page: the split page.
        gold: text and label index of each gold block.
    """
    words = _words(page)
    gold_words, owner = _gold_words([text for text, _ in gold])
    partner = _partners(words, gold_words)
    result = np.full(len(page), UNKNOWN, dtype=np.int64)
    found = partner >= 0
    if not found.any():
        return result
    labels = np.array([label for _, label in gold], dtype=np.int64)
    votes = np.zeros((len(page), int(labels.max()) + 1), dtype=np.int64)
    np.add.at(votes, (words.block[found], labels[owner[partner[found]]]), 1)
    known = (votes.sum(axis=1) >= _ENOUGH * words.counts) & (words.counts > 0)
    result[known] = votes[known].argmax(axis=1)
    return result


def found_shares(page: Page, texts: Sequence[str]) -> FloatArray:
    """Shape (k,): the share of each text's words that the page has, in this order of the texts.

    A text without words has 1.

    Raises:
        LimitError: so many words that comparing them would take too long, and too much memory.
    """
    gold, owner = _gold_words(texts)
    total = np.bincount(owner, minlength=len(texts))
    words = _words(page)
    compared = len(words.hashes) * len(gold)
    if compared > _COMPARED_WORDS:
        raise LimitError("compared_words", _COMPARED_WORDS, compared)
    partner = _partners(words, gold)
    hits = np.bincount(owner[partner[partner >= 0]], minlength=len(texts))
    return np.where(total > 0, hits / np.maximum(total, 1), 1.0)


def in_main_text(page: Page, text: str) -> NDArray[np.bool_]:
    """Shape (n,): whether each block is part of the page's main text, given as one string."""
    words = _words(page)
    gold_words, _ = _gold_words([text])
    partner = _partners(words, gold_words)
    found = partner >= 0
    hits = np.bincount(words.block[found], minlength=len(page))
    inside = (hits >= _ENOUGH * words.counts) & (words.counts > 0)
    # A word or two are found somewhere by chance: they must stand together in the gold.
    first = words.first[:-1]
    for block in np.flatnonzero(inside & (words.counts < _SHORT)):
        places = partner[first[block] : first[block] + words.counts[block]]
        places = places[places >= 0]
        inside[block] = int(np.ptp(places)) < words.counts[block]
    return inside


def _words(page: Page) -> Words:
    points = cp.code_points(page.text)
    return hash_words(points, cp.kinds(points), page.starts)


def _gold_words(texts: Sequence[str]) -> tuple[IntArray, IntArray]:
    hashes = [word_hashes(text) for text in texts]
    owner = np.repeat(np.arange(len(texts)), [len(item) for item in hashes])
    return (np.concatenate(hashes) if hashes else np.zeros(0)).astype(np.int64), owner


def _partners(words: Words, gold: IntArray) -> IntArray:
    """For each word of the page the gold word it is aligned to, or -1."""
    partner = np.full(len(words.hashes), -1, dtype=np.int64)
    for block in LCSseq.opcodes(words.hashes.tolist(), gold.tolist()):
        if block.tag == "equal":
            partner[block.src_start : block.src_end] = np.arange(block.dest_start, block.dest_end)
    return partner
