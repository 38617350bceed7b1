"""Hashed words and markup tokens, and their scores by a linear model.

The hashing trick (Weinberger et al. 2009): every word, pair of words, first and last words and
short whole blocks become an index; a linear model gives each index a weight for each label. The
weights are kept as integers, so that a sum never depends on its order or on other pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segmenter.features.words import HashArray, Words, mixed, pair_hash
from segmenter.types import FloatArray, IntArray

__all__ = ["BITS", "Tokens", "WeightTable", "salted_index", "text_tokens"]

BITS: Final = 18
_SHORT_BLOCK: Final = 8
_UNIGRAM, _BIGRAM, _FIRST, _LAST, _WHOLE, _FIRST_TWO = 11, 23, 37, 41, 59, 67


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Hashed tokens of n rows.

    Attributes:
        index: shape (t,), each below ``2 ** BITS``.
        row: shape (t,), the row of each token, ascending.
        rows: n.
    """

    index: IntArray
    row: IntArray
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class WeightTable:
    """A linear model over hashed tokens.

    Attributes:
        weights: shape (2 ** BITS, k), integer weights.
        scale: shape (k,), what one unit of each column is worth.
        bias: shape (k,).
    """

    weights: NDArray[np.int8]
    scale: FloatArray
    bias: FloatArray

    def scores(self, tokens: Tokens) -> FloatArray:
        """Shape (n, k): the sum of each row's weights over the root of their number, plus bias."""
        width = self.weights.shape[1]
        sums = np.zeros((tokens.rows, width), dtype=np.int32)
        counts = np.bincount(tokens.row, minlength=tokens.rows)
        some = counts > 0
        if some.any():
            edges = (np.cumsum(counts) - counts)[some]
            gathered = self.weights[tokens.index]
            sums[some] = np.add.reduceat(gathered, edges, axis=0, dtype=np.int32)
        root = np.sqrt(np.maximum(counts, 1)).astype(np.float32)
        return (sums * self.scale / root[:, None] + self.bias).astype(np.float32)


def text_tokens(words: Words) -> Tokens:
    """The tokens of each block's text."""
    count = len(words.counts)
    hashes, block = words.hashes, words.block
    if not len(hashes):
        none = np.zeros(0, dtype=np.int64)
        return Tokens(none, none, count)
    some = np.flatnonzero(words.counts > 0)
    two = np.flatnonzero(words.counts > 1)
    short = np.flatnonzero((words.counts > 0) & (words.counts <= _SHORT_BLOCK))
    first = words.first[:-1]
    adjacent = block[1:] == block[:-1]
    pairs = pair_hash(hashes[:-1], hashes[1:])
    salted: list[tuple[int, HashArray, IntArray]] = [
        (_UNIGRAM, hashes, block),
        (_BIGRAM, pairs[adjacent], block[1:][adjacent]),
        (_FIRST, hashes[first[some]], some),
        (_LAST, hashes[words.first[1:][some] - 1], some),
        (_FIRST_TWO, pair_hash(hashes[first[two]], hashes[first[two] + 1]), two),
        (_WHOLE, _whole(words, short), short),
    ]
    index = np.concatenate([salted_index(values, salt) for salt, values, _ in salted])
    row = np.concatenate([rows for _, _, rows in salted])
    order = np.argsort(row, kind="stable")
    return Tokens(index[order], row[order], count)


def salted_index(hashes: HashArray, salt: int) -> IntArray:
    """Indexes into the table for hashes of one kind; each kind has a salt of its own."""
    mask = np.uint32(salt * 0x9E3779B1 & 0xFFFFFFFF)
    return (mixed(hashes ^ mask) >> np.uint32(32 - BITS)).astype(np.int64)


def _whole(words: Words, blocks: IntArray) -> HashArray:
    result = np.full(len(blocks), 7, dtype=np.uint32)
    for place in range(_SHORT_BLOCK):
        inside = words.counts[blocks] > place
        at = np.minimum(words.first[:-1][blocks] + place, len(words.hashes) - 1)
        result = np.where(inside, pair_hash(result, words.hashes[at]), result)
    return result
