"""What stands on the page more than once, and what repeats a given line such as the title."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segmenter.features.columns import Column, stacked
from segmenter.features.words import HashArray, Words, mixed, pair_hash
from segmenter.types import FloatArray, IntArray

__all__ = [
    "LONG_BLOCK",
    "NAMES",
    "SIMILARITY_NAMES",
    "repetition_features",
    "similarity_columns",
]

LONG_BLOCK: Final = 25
"""Words from which a block counts as running text."""
_TELLING_WORD: Final = 5
"""Characters from which a word says something of the subject."""
_PREFIX: Final = 16
_SIEVE: Final = 1 << 13
_PIECE: Final = 1 << 18
"""Words that are grouped at a time."""

NAMES: Final[tuple[str, ...]] = (
    "log_same_block",
    "is_first_same",
    "log_same_beginning",
    "is_first_beginning",
    "repeated_trigrams",
    "repeated_before",
    "shared_with_running_text",
)
SIMILARITY_NAMES: Final[tuple[str, ...]] = (
    "contained",
    "covered",
    "common_prefix",
    "whole",
    "cut_short",
)


def repetition_features(words: Words) -> FloatArray:
    """Shape (n, len(NAMES)): how much of each block stands elsewhere on the page."""
    count = len(words.counts)
    if not len(words.hashes):
        return np.zeros((count, len(NAMES)), dtype=np.float32)
    same, is_first_same = _occurrences(_block_hashes(words))
    beginning, is_first_beginning = _occurrences(_beginnings(words))
    repeated, before = _repeated_trigrams(words)
    columns = [
        np.log1p(same - 1),
        is_first_same,
        np.log1p(beginning - 1),
        is_first_beginning,
        repeated,
        before,
        _shared_with_running_text(words),
    ]
    return stacked(columns, count)


def similarity_columns(words: Words, line: HashArray) -> list[Column]:
    """How each of n blocks repeats a line, given as its words' hashes; ``SIMILARITY_NAMES``.

    The columns: share of the block's words that are in the line; share of the line's words that
    the block can cover; share of the block's leading words equal to the line's; the block is the
    line; the block is a proper beginning of the line (at least two words of it).
    """
    count = len(words.counts)
    if not len(line) or not len(words.hashes):
        return [np.zeros((count, len(SIMILARITY_NAMES)), dtype=np.float32)]
    inside = _members(words.hashes, line)
    hits = np.bincount(words.block.take(inside), minlength=count)
    total = np.maximum(words.counts, 1)
    size = len(line)
    prefix = np.zeros(count, dtype=np.int64)
    begin = inside[words.hashes.take(inside) == line[0]]
    going = words.block.take(begin)
    going = going[words.first.take(going) == begin]
    for place in range(min(size, _PREFIX)):
        going = going[words.counts.take(going) > place]
        going = going[words.hashes.take(words.first.take(going) + place) == line[place]]
        if not len(going):
            break
        prefix[going] = place + 1
    compared = np.minimum(np.minimum(words.counts, size), _PREFIX)
    all_equal = (prefix == compared) & (words.counts > 0)
    return [
        hits / total,
        np.minimum(hits / size, 1.0),
        prefix / np.maximum(compared, 1),
        all_equal & (words.counts == size),
        all_equal & (words.counts < size) & (words.counts >= 2),
    ]


def _members(hashes: HashArray, line: HashArray) -> IntArray:
    """Which of many hashes are in a short line, ascending: most are ruled out by a few bits."""
    seen = np.zeros(_SIEVE, dtype=bool)
    seen[line & np.uint32(_SIEVE - 1)] = True
    maybe = np.flatnonzero(seen.take(hashes & np.uint32(_SIEVE - 1)))
    ordered = np.sort(line)
    found = hashes.take(maybe)
    result: IntArray = maybe[ordered.take(np.searchsorted(ordered[:-1], found)) == found]
    return result


def _block_hashes(words: Words) -> HashArray:
    """One hash for each block's word sequence; a block without words gets one of its own."""
    place = np.arange(len(words.hashes), dtype=np.uint32)
    place -= words.first[:-1].astype(np.uint32)[words.block]
    weighted = words.hashes * mixed(place * np.uint32(2) + np.uint32(1))
    del place
    sums = np.zeros(len(words.counts), dtype=np.uint32)
    some = words.counts > 0
    sums[some] = np.add.reduceat(weighted, words.first[:-1][some], dtype=np.uint32)
    sums[~some] = np.flatnonzero(~some).astype(np.uint32)
    return sums


def _beginnings(words: Words) -> HashArray:
    """Hash of each block's first three words; shorter blocks get one of their own."""
    first = words.first[:-1]
    result = np.arange(len(words.counts), dtype=np.uint32)
    enough = words.counts >= 3
    at = first[enough]
    result[enough] = pair_hash(
        pair_hash(words.hashes[at], words.hashes[at + 1]), words.hashes[at + 2]
    )
    return result


def _occurrences(hashes: HashArray) -> tuple[IntArray, IntArray]:
    _, first, inverse, counts = np.unique(
        hashes, return_index=True, return_inverse=True, return_counts=True
    )
    return counts[inverse], np.arange(len(hashes)) == first[inverse]


def _repeated_trigrams(words: Words) -> tuple[FloatArray, FloatArray]:
    """Shares of each block's three-word runs that stand in another block, or in one before."""
    count = len(words.counts)
    nothing = np.zeros(count, dtype=np.float32)
    if len(words.hashes) < 3:
        return nothing, nothing
    inside = words.block[2:] == words.block[:-2]
    trigrams = pair_hash(pair_hash(words.hashes[:-2], words.hashes[1:-1]), words.hashes[2:])[inside]
    block = words.block[:-2][inside]
    if not len(trigrams):
        return nothing, nothing
    elsewhere, before = np.zeros((2, count), dtype=np.int64)
    for part in _alike_together(trigrams):
        owner, times, group_start = _grouped(trigrams[part], block[part])
        group = np.cumsum(group_start, dtype=np.int32) - np.int32(1)
        first_owner = owner[group_start]
        last_owner = owner[np.append(group_start[1:], True)]
        elsewhere += _tally(owner, times, (first_owner != last_owner)[group], count)
        before += _tally(owner, times, owner != first_owner[group], count)
    total = np.maximum(np.bincount(block, minlength=count), 1)
    return (elsewhere / total).astype(np.float32), (before / total).astype(np.float32)


def _shared_with_running_text(words: Words) -> FloatArray:
    """Share of each block's telling words that stand in a long block other than itself."""
    count = len(words.counts)
    telling = words.lengths >= _TELLING_WORD
    hashes, block = words.hashes[telling], words.block[telling]
    if not len(hashes):
        return np.zeros(count, dtype=np.float32)
    shared = np.zeros(count, dtype=np.int64)
    for part in _alike_together(hashes):
        owner, times, group_start = _grouped(hashes[part], block[part])
        long = words.counts[owner] >= LONG_BLOCK
        edges = np.flatnonzero(group_start)
        group = np.cumsum(group_start, dtype=np.int32) - np.int32(1)
        least = np.minimum.reduceat(np.where(long, owner, np.int32(count)), edges)
        most = np.maximum.reduceat(np.where(long, owner, np.int32(-1)), edges)
        inside = (most >= 0)[group] & ((least[group] != owner) | (most[group] != owner))
        shared += _tally(owner, times, inside, count)
    total = np.maximum(np.bincount(block, minlength=count), 1)
    return (shared / total).astype(np.float32)


def _alike_together(hashes: HashArray) -> Iterator[slice | NDArray[np.bool_]]:
    """Parts of some hashes, so that like ones are in one part: grouping takes many times their
    size."""
    parts = len(hashes) // _PIECE + 1
    if parts == 1:
        yield slice(None)
        return
    number = (hashes % np.uint32(parts)).astype(np.uint16)
    for part in range(parts):
        chosen = number == part
        if chosen.any():
            yield chosen


def _grouped(
    hashes: HashArray, block: NDArray[np.int32]
) -> tuple[NDArray[np.int32], IntArray, NDArray[np.bool_]]:
    """The blocks that hashes stand in, like hashes together and their blocks ascending; how often
    the hash stands in the block; and whether each begins a new hash."""
    packed = hashes.astype(np.uint64)
    packed <<= np.uint64(32)
    packed |= block.astype(np.uint32)
    packed.sort()
    edges = np.flatnonzero(np.append(True, packed[1:] != packed[:-1]))
    times = np.diff(edges, append=len(packed))
    packed = packed[edges]
    owner = packed.astype(np.uint32).view(np.int32)
    packed >>= np.uint64(32)
    return owner, times, np.append(True, packed[1:] != packed[:-1])


def _tally(
    owner: NDArray[np.int32], times: IntArray, chosen: NDArray[np.bool_], count: int
) -> IntArray:
    """Shape (count,): how many of the chosen each block has."""
    tally = np.bincount(owner[chosen], weights=times[chosen], minlength=count)
    return tally.astype(np.int64)
