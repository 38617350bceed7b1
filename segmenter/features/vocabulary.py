"""Hashed words and markup tokens, and their scores by a linear model.

The hashing trick (Weinberger et al. 2009): every word, pair of words, first and last words and
short whole blocks become an index; a linear model gives each index a weight for each label. The
weights are kept as integers, so that a sum never depends on its order or on other pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segmenter.features.words import HashArray, Words, mixed, pair_hash
from segmenter.types import FloatArray, IntArray

__all__ = [
    "BITS",
    "Tokens",
    "WeightTable",
    "joined_tokens",
    "salted_index",
    "text_scores",
    "text_tokens",
]

BITS: Final = 18
_SHORT_BLOCK: Final = 8
_PIECE: Final = 1 << 16
"""Words that are scored at a time: their weights are many times their size."""
_Salted = tuple[int, HashArray, NDArray[np.int32]]
_UNIGRAM, _BIGRAM, _FIRST, _LAST, _WHOLE, _FIRST_TWO = 11, 23, 37, 41, 59, 67


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Hashed tokens of n rows.

    Attributes:
        index: shape (t,), each below ``2 ** BITS``.
        row: shape (t,), the row of each token, ascending.
        rows: n.
    """

    index: NDArray[np.int32]
    row: NDArray[np.int32]
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
        sums = np.zeros((tokens.rows, self.weights.shape[1]), dtype=np.int32)
        counts = np.bincount(tokens.row, minlength=tokens.rows)
        some = np.flatnonzero(counts)
        gathered = self.weights.take(tokens.index, axis=0)
        edges = (np.cumsum(counts) - counts)[some]
        sums[some] = np.add.reduceat(gathered, edges, axis=0, dtype=np.int32)
        return self.scaled(sums, counts)

    def scaled(self, sums: NDArray[np.int32], counts: IntArray) -> FloatArray:
        """Scores of rows with these sums of weights over these numbers of tokens."""
        root = np.sqrt(np.maximum(counts, 1)).astype(np.float32)
        return (sums * self.scale / root[:, None] + self.bias).astype(np.float32)


def joined_tokens(parts: Sequence[tuple[IntArray, IntArray]], rows: int) -> Tokens:
    """Tokens of n rows from some (index, row), in the order of their rows."""
    index = np.concatenate([part for part, _ in parts])
    row = np.concatenate([part for _, part in parts])
    order = np.argsort(row, kind="stable")
    return Tokens(index.take(order), row.take(order).astype(np.int32, copy=False), rows)


def text_tokens(words: Words) -> Tokens:
    """The tokens of each block's text, for training."""
    parts = [*_running_tokens(words, 0, len(words.hashes)), *_block_tokens(words)]
    indexed = [(salted_index(values, salt), rows) for salt, values, rows in parts]
    return joined_tokens(indexed, len(words.counts))


def text_scores(words: Words, table: WeightTable) -> FloatArray:
    """The same as ``table.scores(text_tokens(words))``."""
    sums = np.zeros((len(words.counts), table.weights.shape[1]), dtype=np.int32)
    counts = np.zeros(len(words.counts), dtype=np.int64)
    for start in range(0, len(words.hashes), _PIECE):
        for salt, values, rows in _running_tokens(words, start, start + _PIECE):
            if len(rows):
                heads = np.flatnonzero(np.diff(rows, prepend=-1))
                gathered = table.weights.take(salted_index(values, salt), axis=0)
                sums[rows[heads]] += np.add.reduceat(gathered, heads, axis=0, dtype=np.int32)
                counts[rows[heads]] += np.diff(heads, append=len(rows))
    for salt, values, rows in _block_tokens(words):
        sums[rows] += table.weights.take(salted_index(values, salt), axis=0)
        counts[rows] += 1
    return table.scaled(sums, counts)


def _running_tokens(words: Words, start: int, end: int) -> list[_Salted]:
    """Salt, hashes and rows of some words, and of the pairs that end in them."""
    low = max(start - 1, 0)
    hashes, block = words.hashes[low:end], words.block[low:end]
    adjacent = block[1:] == block[:-1]
    return [
        (_UNIGRAM, words.hashes[start:end], words.block[start:end]),
        (_BIGRAM, pair_hash(hashes[:-1], hashes[1:])[adjacent], block[1:][adjacent]),
    ]


def _block_tokens(words: Words) -> list[_Salted]:
    """Salt, hashes and rows of the tokens that a block has at most one of."""
    hashes, first, counts = words.hashes, words.first, words.counts
    blocks = np.arange(len(counts), dtype=np.int32)
    some, two = np.flatnonzero(counts > 0), np.flatnonzero(counts > 1)
    short = np.flatnonzero((counts > 0) & (counts <= _SHORT_BLOCK))
    return [
        (_FIRST, hashes[first[some]], blocks[some]),
        (_LAST, hashes[first[some + 1] - 1], blocks[some]),
        (_FIRST_TWO, pair_hash(hashes[first[two]], hashes[first[two] + 1]), blocks[two]),
        (_WHOLE, _whole(hashes, first[short], counts[short]), blocks[short]),
    ]


def salted_index(hashes: HashArray, salt: int) -> NDArray[np.int32]:
    """Indexes into the table for hashes of one kind; each kind has a salt of its own."""
    mask = np.uint32(salt * 0x9E3779B1 & 0xFFFFFFFF)
    return (mixed(hashes ^ mask) >> np.uint32(32 - BITS)).astype(np.int32)


def _whole(hashes: HashArray, first: IntArray, counts: IntArray) -> HashArray:
    """One hash for all words of each short block."""
    result = np.full(len(first), 7, dtype=np.uint32)
    for place in range(_SHORT_BLOCK):
        at = np.minimum(first + place, len(hashes) - 1)
        result = np.where(counts > place, pair_hash(result, hashes[at]), result)
    return result
