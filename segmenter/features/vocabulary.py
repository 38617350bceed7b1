"""Hashed words and markup tokens, and their scores by a linear model.

The hashing trick (Weinberger et al. 2009): every word, pair of words, first and last words and
short whole blocks become an index; a linear model gives each index a weight for each label. The
weights are kept as integers, so that a sum never depends on its order or on other pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segmenter.features.words import HashArray, Words, mixed, pair_hash
from segmenter.types import FloatArray, IntArray

__all__ = ["BITS", "Tokens", "WeightTable", "joined_tokens", "salted_index", "text_tokens"]

BITS: Final = 18
_SHORT_BLOCK: Final = 8
_PIECE: Final = 1 << 16
"""Words, or tokens, that are worked on at a time."""
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
        width = self.weights.shape[1]
        sums = np.zeros((tokens.rows, width), dtype=np.int32)
        counts = np.bincount(tokens.row, minlength=tokens.rows)
        edges = np.append(0, np.cumsum(counts))
        some = np.flatnonzero(counts > 0)
        # In pieces: the gathered weights are many times the size of the tokens.
        piece = np.unique(edges[some] // _PIECE, return_index=True)[1]
        for first, last in pairwise(np.append(piece, len(some)).tolist()):
            rows = some[first:last]
            start, end = int(edges[rows[0]]), int(edges[rows[-1] + 1])
            gathered = self.weights.take(tokens.index[start:end], axis=0)
            sums[rows] = np.add.reduceat(gathered, edges[rows] - start, axis=0, dtype=np.int32)
        return self.scaled(sums, counts)

    def scaled(self, sums: NDArray[np.int32], counts: IntArray) -> FloatArray:
        """Scores of rows with these sums of weights over these numbers of tokens."""
        root = np.sqrt(np.maximum(counts, 1)).astype(np.float32)
        return (sums * self.scale / root[:, None] + self.bias).astype(np.float32)


def text_tokens(words: Words) -> Tokens:
    """The tokens of each block's text."""
    count = len(words.counts)
    piece = words.first[1:] // _PIECE
    edges = np.append(np.unique(piece, return_index=True)[1], count).tolist()
    parts = [_tokens_of(words, first, last) for first, last in pairwise(edges)]
    return joined_tokens(parts, count)


def joined_tokens(parts: Sequence[tuple[IntArray, IntArray]], rows: int) -> Tokens:
    """Tokens from parts (index, row) in ascending order of their rows."""
    if not parts:
        none = np.zeros(0, dtype=np.int32)
        return Tokens(none, none, rows)
    index, row = (np.concatenate(arrays).astype(np.int32) for arrays in zip(*parts, strict=True))
    return Tokens(index, row, rows)


def _tokens_of(words: Words, first_block: int, last_block: int) -> tuple[IntArray, IntArray]:
    """Index and row of the tokens of some blocks."""
    hashes = words.hashes[int(words.first[first_block]) : int(words.first[last_block])]
    if not len(hashes):
        none = np.zeros(0, dtype=np.int32)
        return none, none
    offset = int(words.first[first_block])
    block = words.block[offset : offset + len(hashes)]
    blocks = np.arange(first_block, last_block)
    counts = words.counts[first_block:last_block]
    first = words.first[first_block : last_block + 1] - offset
    some, two = np.flatnonzero(counts > 0), np.flatnonzero(counts > 1)
    short = np.flatnonzero((counts > 0) & (counts <= _SHORT_BLOCK))
    adjacent = block[1:] == block[:-1]
    pairs = pair_hash(hashes[:-1], hashes[1:])
    salted: list[tuple[int, HashArray, IntArray]] = [
        (_UNIGRAM, hashes, block),
        (_BIGRAM, pairs[adjacent], block[1:][adjacent]),
        (_FIRST, hashes[first[some]], blocks[some]),
        (_LAST, hashes[first[some + 1] - 1], blocks[some]),
        (_FIRST_TWO, pair_hash(hashes[first[two]], hashes[first[two] + 1]), blocks[two]),
        (_WHOLE, _whole(hashes, first[short], counts[short]), blocks[short]),
    ]
    index = np.concatenate([salted_index(values, salt) for salt, values, _ in salted])
    row = np.concatenate([rows for _, _, rows in salted])
    order = np.argsort(row, kind="stable")
    return index[order], row[order].astype(np.int32)


def salted_index(hashes: HashArray, salt: int) -> IntArray:
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
