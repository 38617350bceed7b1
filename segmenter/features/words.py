"""The words of all blocks of a page, as hashes in flat arrays."""

from __future__ import annotations

from collections.abc import Iterator
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
_PIECE: Final = 1 << 18
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
    starts: NDArray[np.int32]
    lengths: NDArray[np.int32]
    block: NDArray[np.int32]
    first: IntArray
    counts: IntArray


def hash_words(
    points: cp.CodePoints,
    kind: cp.Kinds,
    starts: IntArray,
    breaks: NDArray[np.bool_] | None = None,
) -> Words:
    """Find and hash the words of the blocks that begin at ``starts``.

    Between blocks there is nothing but white space and signs, so that where a block ends does not
    matter. Long texts are taken in pieces: what is needed in between is many times their size.

    Args:
        breaks: shape as ``points``, characters that begin a word wherever they stand.
    """
    count = len(starts)
    pieces = (
        [
            _piece(points, kind, starts, breaks, first=first, last=last)
            for first, last in _word_pieces(kind)
        ]
        if count
        else []
    )
    if not any(len(piece[0]) for piece in pieces):
        return _no_words(count)
    hashes, places, lengths, block = (
        np.concatenate(arrays) for arrays in zip(*pieces, strict=True)
    )
    edges = np.searchsorted(block, np.arange(count + 1, dtype=np.int32))
    return Words(
        hashes=hashes,
        starts=places,
        lengths=lengths,
        block=block,
        first=edges,
        counts=np.diff(edges),
    )


def _word_pieces(kind: cp.Kinds) -> Iterator[tuple[int, int]]:
    """Parts of a text, cut where no word is cut."""
    first = 0
    while first < len(kind):
        last = min(first + _PIECE, len(kind))
        while last < len(kind):
            ahead = kind[last : last + _PIECE]
            apart = ((ahead & cp.WORD) == 0) | ((ahead & cp.UNSPACED) > 0)
            if apart.any():
                last += int(apart.argmax())
                break
            last += len(ahead)
        yield first, last
        first = last


def _piece(
    points: cp.CodePoints,
    kind: cp.Kinds,
    starts: IntArray,
    breaks: NDArray[np.bool_] | None,
    *,
    first: int,
    last: int,
) -> tuple[HashArray, NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Hash, start, length and block of each word in a part of the text."""
    positions = np.flatnonzero((kind[first:last] & cp.WORD) > 0) + first
    if not len(positions):
        none = np.zeros(0, dtype=np.int32)
        return np.zeros(0, dtype=np.uint32), none, none, none
    word_kind = kind.take(positions)
    begins = np.empty(len(positions) + 1, dtype=bool)
    begins[0] = True
    np.not_equal(positions[1:], positions[:-1] + 1, out=begins[1:-1])
    unspaced = (word_kind & cp.UNSPACED) > 0
    if unspaced.any():
        begins[:-1] |= unspaced
        begins[1:] |= unspaced
    if breaks is not None:
        begins[:-1] |= breaks.take(positions)
    begins[np.searchsorted(positions, starts)] = True
    heads = np.flatnonzero(begins[:-1])
    lengths = np.diff(np.append(heads, len(positions)))
    place = np.arange(len(positions)) - np.repeat(heads, lengths)
    characters = cp.lowered(points.take(positions))
    characters[(word_kind & cp.DIGIT) > 0] = ord("0")
    powers = _powers().take(place & (_POSITIONS - 1))
    hashes = mixed(np.add.reduceat((characters + np.uint32(1)) * powers, heads, dtype=np.uint32))
    return (
        hashes,
        positions[heads].astype(np.int32),
        lengths.astype(np.int32),
        (np.searchsorted(starts, positions[heads], side="right") - 1).astype(np.int32),
    )


def word_hashes(text: str) -> HashArray:
    """Hashes of the words of one string, as ``Words.hashes``."""
    points = cp.code_points(text)
    return hash_words(points, cp.kinds(points), np.zeros(1, dtype=np.int64)).hashes


def mixed(values: HashArray) -> HashArray:
    """Spread the bits of 32-bit values (the finaliser of MurmurHash3, Appleby 2011)."""
    result = values ^ (values >> np.uint32(16))
    result *= np.uint32(0x85EBCA6B)
    result ^= result >> np.uint32(13)
    result *= np.uint32(0xC2B2AE35)
    result ^= result >> np.uint32(16)
    return result


def pair_hash(left: HashArray, right: HashArray) -> HashArray:
    """Hash of each ordered pair."""
    return mixed(left * _MULTIPLIER + right)


def _no_words(blocks: int) -> Words:
    none = np.zeros(0, dtype=np.int32)
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
