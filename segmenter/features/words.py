"""The words of all blocks of a page, as hashes in flat arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segmenter.features import codepoints as cp
from segmenter.types import IntArray

__all__ = [
    "HashArray",
    "Words",
    "hash_words",
    "mixed",
    "pair_hash",
    "word_hashes",
    "words_of_lines",
]

HashArray = NDArray[np.uint32]

_POSITIONS: Final = 64
_PIECE: Final = 1 << 16
"""Characters that are worked on at a time."""
_MIDST: Final = cp.WORD | cp.UNSPACED
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

    def of_blocks(self, first: int, last: int) -> Words:
        """The words of some of the blocks, which are numbered from 0 again."""
        if last - first == len(self.counts):
            return self
        edges = self.first[first : last + 1]
        here = slice(int(edges[0]), int(edges[-1]))
        return Words(
            hashes=self.hashes[here],
            starts=self.starts[here],
            lengths=self.lengths[here],
            block=self.block[here] - np.int32(first),
            first=edges - edges[0],
            counts=self.counts[first:last],
        )


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
    pieces: list[_Piece] = []
    for first in range(0, len(kind) if count else 0, _PIECE):
        last = min(first + _PIECE, len(kind))
        before = pieces[-1] if pieces else None
        piece = _piece(points, kind, starts, breaks, before, first=first, last=last)
        if piece is not None:
            pieces.append(piece)
    if not pieces:
        return _no_words(count)
    places = np.concatenate([piece.starts for piece in pieces])
    lengths = np.concatenate([piece.lengths for piece in pieces])
    hashes = np.concatenate([mixed(piece.sums) for piece in pieces])
    del pieces
    edges = places.searchsorted(np.append(starts, len(points)).astype(np.int32))
    counts = np.diff(edges)
    return Words(
        hashes=hashes,
        starts=places,
        lengths=lengths,
        block=np.repeat(np.arange(count, dtype=np.int32), counts),
        first=edges,
        counts=counts,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """The words that begin in a part of a text.

    Attributes:
        sums: hashes that are not mixed yet.
        starts, lengths: see ``Words``; the last word may go on in the next part.
    """

    sums: HashArray
    starts: NDArray[np.int32]
    lengths: NDArray[np.int32]


def _piece(
    points: cp.CodePoints,
    kind: cp.Kinds,
    starts: IntArray,
    breaks: NDArray[np.bool_] | None,
    before: _Piece | None,
    *,
    first: int,
    last: int,
) -> _Piece | None:
    """The words that begin in a part of the text, if there are any.

    Args:
        before: the words before it; where the last of them goes on here, it is completed.
    """
    positions = np.flatnonzero((kind[first:last] & cp.WORD) > 0) + first
    if not len(positions):
        return None
    word_kind = kind.take(positions)
    begins = np.empty(len(positions) + 1, dtype=bool)
    # A word may have begun in the part before.
    begins[0] = before is None or positions[0] != first or kind[first - 1] & _MIDST != cp.WORD
    begins[-1] = True
    np.not_equal(positions[1:], positions[:-1] + 1, out=begins[1:-1])
    unspaced = (word_kind & cp.UNSPACED) > 0
    if unspaced.any():
        begins[:-1] |= unspaced
        begins[1:] |= unspaced
    if breaks is not None:
        begins[:-1] |= breaks.take(positions)
    here = starts[int(starts.searchsorted(first)) : int(starts.searchsorted(last))]
    begins[positions.searchsorted(here)] = True
    rest = None if begins[0] else before
    begins[0] = True
    heads = np.flatnonzero(begins[:-1])
    lengths = np.diff(heads, append=len(positions))
    place = np.arange(len(positions)) - np.repeat(heads, lengths)
    if rest is not None:
        place[: lengths[0]] += rest.lengths[-1]
    characters = cp.lowered(points.take(positions))
    characters[(word_kind & cp.DIGIT) > 0] = ord("0")
    characters += np.uint32(1)
    characters *= _powers().take(place & (_POSITIONS - 1))
    sums = np.add.reduceat(characters, heads, dtype=np.uint32)
    piece = _Piece(sums, positions[heads].astype(np.int32), lengths.astype(np.int32))
    return piece if rest is None else _completed(rest, piece)


def _completed(cut: _Piece, piece: _Piece) -> _Piece | None:
    """Put the first word of a piece to the last one before it, which it goes on."""
    cut.sums[-1:] += piece.sums[:1]
    cut.lengths[-1:] += piece.lengths[:1]
    if len(piece.sums) == 1:
        return None
    return _Piece(piece.sums[1:], piece.starts[1:], piece.lengths[1:])


def word_hashes(text: str) -> HashArray:
    """Hashes of the words of one string, as ``Words.hashes``."""
    points = cp.code_points(text)
    return hash_words(points, cp.kinds(points), np.zeros(1, dtype=np.int64)).hashes


def words_of_lines(lines: Sequence[str]) -> Words:
    """The words of some strings, each a block."""
    lengths = np.array([len(line) for line in lines], dtype=np.int64)
    points = cp.code_points("\n".join(lines))
    return hash_words(points, cp.kinds(points), np.cumsum(lengths + 1) - lengths - 1)


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
