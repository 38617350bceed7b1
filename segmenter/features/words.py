"""The words of all blocks of a page, as hashes in flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segmenter.features import codepoints as cp
from segmenter.types import IntArray

__all__ = ["HashArray", "Words", "hash_words", "mixed", "pair_hash", "word_hashes"]

HashArray = NDArray[np.uint32]

_POSITIONS: Final = 64
_MULTIPLIER: Final = np.uint32(0x9E3779B1)


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The w words of a text split into n blocks, in reading order.

    A word is a run of letters, marks, digits and ``_``; in scripts without spaces between words
    each character is one.

    Attributes:
        hashes: shape (w,), 32-bit hash of the lower-cased word with every digit as ``0``.
        starts: shape (w,), offset of each word in the text.
        lengths: shape (w,), characters.
        block: shape (w,), the block that each word stands in.
        first: shape (n + 1,), index of each block's first word; the last entry is w.
        counts: shape (n,), words in each block.
    """

    hashes: HashArray
    starts: IntArray
    lengths: IntArray
    block: IntArray
    first: IntArray
    counts: IntArray


def hash_words(points: cp.CodePoints, kind: cp.Kinds, starts: IntArray) -> Words:
    """Find and hash the words of the blocks that begin at ``starts``.

    Between blocks there is nothing but white space and signs, so that where a block ends does not
    matter.
    """
    positions = np.flatnonzero((kind & cp.WORD) > 0)
    count = len(starts)
    if not len(positions) or not count:
        return _no_words(count)
    unspaced = (kind[positions] & cp.UNSPACED) > 0
    block = np.searchsorted(starts, positions, side="right") - 1
    begins = np.empty(len(positions), dtype=bool)
    begins[0] = True
    begins[1:] = (
        (positions[1:] != positions[:-1] + 1)
        | unspaced[1:]
        | unspaced[:-1]
        | (block[1:] != block[:-1])
    )
    first = np.flatnonzero(begins)
    lengths = np.diff(np.append(first, len(positions)))
    place = np.arange(len(positions)) - np.repeat(first, lengths)
    characters = cp.lowered(points[positions])
    characters[(kind[positions] & cp.DIGIT) > 0] = ord("0")
    powers = _powers()[place & (_POSITIONS - 1)]
    hashes = mixed(np.add.reduceat((characters + np.uint32(1)) * powers, first, dtype=np.uint32))
    of_block = block[first]
    edges = np.searchsorted(of_block, np.arange(count + 1))
    return Words(
        hashes=hashes,
        starts=positions[first],
        lengths=lengths,
        block=of_block,
        first=edges,
        counts=np.diff(edges),
    )


def word_hashes(text: str) -> HashArray:
    """Hashes of the words of one string, as ``Words.hashes``."""
    points = cp.code_points(text)
    return hash_words(points, cp.kinds(points), np.zeros(1, dtype=np.int64)).hashes


def mixed(values: HashArray) -> HashArray:
    """Spread the bits of 32-bit values (the finaliser of MurmurHash3, Appleby 2011)."""
    values = values ^ (values >> np.uint32(16))
    values = values * np.uint32(0x85EBCA6B)
    values = values ^ (values >> np.uint32(13))
    values = values * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


def pair_hash(left: HashArray, right: HashArray) -> HashArray:
    """Hash of each ordered pair."""
    return mixed(left * _MULTIPLIER + right)


def _no_words(blocks: int) -> Words:
    none = np.zeros(0, dtype=np.int64)
    return Words(
        hashes=np.zeros(0, dtype=np.uint32),
        starts=none,
        lengths=none,
        block=none,
        first=np.zeros(blocks + 1, dtype=np.int64),
        counts=np.zeros(blocks, dtype=np.int64),
    )


@cache
def _powers() -> HashArray:
    """Odd multipliers, one for each place in a word (words longer than that reuse them)."""
    powers = np.empty(_POSITIONS, dtype=np.uint32)
    value = 1
    for index in range(_POSITIONS):
        powers[index] = value
        value = value * 0x01000193 % (1 << 32)
    return powers
