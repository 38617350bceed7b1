"""What stands on the page more than once, and what repeats a given line such as the title."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segmenter.features.bundle import Pages
from segmenter.features.columns import Column, stacked
from segmenter.features.words import HashArray, Words, mixed, pair_hash
from segmenter.types import FloatArray, IntArray

__all__ = [
    "LONG_BLOCK",
    "NAMES",
    "SIMILARITY_NAMES",
    "Lines",
    "block_hashes",
    "repetition_features",
    "similarity_columns",
]

LONG_BLOCK: Final = 25
"""Words from which a block counts as running text."""
_TELLING_WORD: Final = 5
"""Characters from which a word says something of the subject."""
_NEARBY: Final = 5
"""Blocks at a distance up to which telling words count as shared nearby."""
_PREFIX: Final = 16
_SIEVE: Final = 1 << 13
_PAGE_STEP: Final = 0x9E5
"""Keeps the words of one page's line apart from those of the next."""
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
    "shared_nearby",
    "shared_just_before",
    "shared_just_after",
    "shared_with_text_before",
    "shared_with_text_after",
)
SIMILARITY_NAMES: Final[tuple[str, ...]] = (
    "contained",
    "covered",
    "common_prefix",
    "whole",
    "cut_short",
)


def repetition_features(words: Words, pages: Pages) -> FloatArray:
    """Shape (n, len(NAMES)): how much of each block stands elsewhere on its page."""
    count = len(words.counts)
    if not len(words.hashes):
        return np.zeros((count, len(NAMES)), dtype=np.float32)
    hashes = block_hashes(words)
    # Of blocks without words, so that it is the same beside other pages.
    silent = np.flatnonzero(words.counts == 0)
    hashes[silent] = pages.place[silent]
    same, is_first_same = _occurrences(hashes, pages)
    beginning, is_first_beginning = _occurrences(_beginnings(words, pages), pages)
    repeated, before = _repeated_trigrams(words, pages)
    columns = [
        np.log1p(same - 1),
        is_first_same,
        np.log1p(beginning - 1),
        is_first_beginning,
        repeated,
        before,
        *_shared_words(words, pages),
    ]
    result = stacked(columns, count)
    wordless = np.diff(words.first.take(pages.first)) == 0
    result[wordless.take(pages.of_block)] = 0
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """One line of words for each of p pages, maybe without words.

    Attributes:
        hashes: as in ``Words``, of all lines.
        first: shape (p,), index of each line's first word.
        counts: shape (p,), words in each line.
    """

    hashes: HashArray
    first: IntArray
    counts: IntArray

    @classmethod
    def of(cls, words: Words, blocks: IntArray) -> Lines:
        """Some blocks, one of each page."""
        begin, counts = words.first.take(blocks), words.counts.take(blocks)
        lines = [
            words.hashes[start : start + count]
            for start, count in zip(begin.tolist(), counts.tolist(), strict=True)
        ]
        return cls(np.concatenate(lines), np.cumsum(counts) - counts, counts)


def similarity_columns(words: Words, lines: Lines, page: IntArray) -> list[Column]:
    """How each of n blocks repeats its page's line; ``SIMILARITY_NAMES``.

    The columns: share of the block's words that are in the line; share of the line's words that
    the block can cover; share of the block's leading words equal to the line's; the block is the
    line; the block is a proper beginning of the line (at least two words of it).

    Args:
        page: shape (n,), the page of each block.
    """
    count = len(words.counts)
    if not len(lines.hashes) or not len(words.hashes):
        return [np.zeros((count, len(SIMILARITY_NAMES)), dtype=np.float32)]
    size = lines.counts.take(page)
    hits = np.bincount(words.block.take(_members(words, lines, page)), minlength=count)
    total = np.maximum(words.counts, 1)
    compared = np.minimum(np.minimum(words.counts, size), _PREFIX)
    prefix = _common_prefix(words, lines, page, compared)
    all_equal = (prefix == compared) & (words.counts > 0)
    return [
        hits / total,
        np.minimum(hits / np.maximum(size, 1), 1.0),
        prefix / np.maximum(compared, 1),
        all_equal & (words.counts == size),
        all_equal & (words.counts < size) & (words.counts >= 2),
    ]


def _common_prefix(words: Words, lines: Lines, page: IntArray, most: IntArray) -> IntArray:
    """Shape (n,): how many leading words of each block are those of its page's line, up to
    ``most`` (shape (n,))."""
    prefix = np.zeros(len(most), dtype=np.int64)
    going = np.flatnonzero(most)
    for place in range(_PREFIX):
        word = words.hashes.take(words.first.take(going) + place)
        going = going[word == lines.hashes.take(lines.first.take(page.take(going)) + place)]
        if not len(going):
            break
        prefix[going] = place + 1
        going = going[most.take(going) > place + 1]
    return prefix


def _members(words: Words, lines: Lines, page: IntArray) -> IntArray:
    """The words that are in their page's line, ascending: most are ruled out by a few bits."""
    line_page = np.repeat(np.arange(len(lines.counts)), lines.counts)
    seen = np.zeros(_SIEVE, dtype=bool)
    seen[_sieve_place(lines.hashes, line_page)] = True
    word_page = page.take(words.block)
    maybe = np.flatnonzero(seen.take(_sieve_place(words.hashes, word_page)))
    ordered = np.sort((line_page << 32) + lines.hashes)
    found = (word_page.take(maybe) << 32) + words.hashes.take(maybe)
    result: IntArray = maybe[ordered.take(np.searchsorted(ordered[:-1], found)) == found]
    return result


def _sieve_place(hashes: HashArray, page: IntArray) -> IntArray:
    return (hashes + page * _PAGE_STEP) & (_SIEVE - 1)


def block_hashes(words: Words) -> HashArray:
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


def _beginnings(words: Words, pages: Pages) -> HashArray:
    """Hash of each block's first three words; shorter blocks get one of their own."""
    first = words.first[:-1]
    result = pages.place.astype(np.uint32)
    enough = words.counts >= 3
    at = first[enough]
    result[enough] = pair_hash(
        pair_hash(words.hashes[at], words.hashes[at + 1]), words.hashes[at + 2]
    )
    return result


def _occurrences(hashes: HashArray, pages: Pages) -> tuple[IntArray, IntArray]:
    """How often each block's hash stands on its page, and whether it is the first."""
    _, first, inverse, counts = np.unique(
        (pages.of_block << 32) + hashes, return_index=True, return_inverse=True, return_counts=True
    )
    return counts[inverse], np.arange(len(hashes)) == first[inverse]


def _repeated_trigrams(words: Words, pages: Pages) -> tuple[FloatArray, FloatArray]:
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
        owner, times, group_start = _grouped(trigrams[part], block[part], pages)
        group = np.cumsum(group_start, dtype=np.int32) - np.int32(1)
        first_owner = owner[group_start]
        last_owner = owner[np.append(group_start[1:], True)]
        elsewhere += _tally(owner, times, (first_owner != last_owner)[group], count)
        before += _tally(owner, times, owner != first_owner[group], count)
    total = np.maximum(np.bincount(block, minlength=count), 1)
    return (elsewhere / total).astype(np.float32), (before / total).astype(np.float32)


def _shared_words(words: Words, pages: Pages) -> list[FloatArray]:
    """Shares of each block's telling words that stand in a long block other than itself; in
    another block nearby, before it or after it; and in a long block before it or after it.

    Text about one thing repeats its words from one paragraph to the next, a list of teasers does
    not.
    """
    count = len(words.counts)
    telling = words.lengths >= _TELLING_WORD
    hashes, block = words.hashes[telling], words.block[telling]
    shared = np.zeros((6, count), dtype=np.int64)
    for part in _alike_together(hashes) if len(hashes) else ():
        owner, times, group_start = _grouped(hashes[part], block[part], pages)
        long = words.counts[owner] >= LONG_BLOCK
        edges = np.flatnonzero(group_start)
        group = np.cumsum(group_start, dtype=np.int32) - np.int32(1)
        least = np.minimum.reduceat(np.where(long, owner, np.int32(count)), edges)[group]
        most = np.maximum.reduceat(np.where(long, owner, np.int32(-1)), edges)[group]
        elsewhere = (most >= 0) & ((least != owner) | (most != owner))
        just_before, just_after = ~group_start, np.zeros_like(group_start)
        just_before[1:] &= np.diff(owner) <= _NEARBY
        just_after[:-1] = just_before[1:]
        chosen = (
            elsewhere,
            just_before | just_after,
            just_before,
            just_after,
            least < owner,
            most > owner,
        )
        for row, stands in enumerate(chosen):
            shared[row] += _tally(owner, times, stands, count)
    total = np.maximum(np.bincount(block, minlength=count), 1)
    return list((shared / total).astype(np.float32))


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
    hashes: HashArray, block: NDArray[np.int32], pages: Pages
) -> tuple[NDArray[np.int32], IntArray, NDArray[np.bool_]]:
    """The blocks that hashes stand in, like hashes together and their blocks ascending; how often
    the hash stands in the block; and whether each begins a new hash or page."""
    packed = hashes.astype(np.uint64)
    packed <<= np.uint64(32)
    packed |= block.astype(np.uint32)
    packed.sort()
    edges = np.flatnonzero(np.append(True, packed[1:] != packed[:-1]))
    times = np.diff(edges, append=len(packed))
    packed = packed[edges]
    owner = packed.astype(np.uint32).view(np.int32)
    packed >>= np.uint64(32)
    begins = np.append(True, packed[1:] != packed[:-1])
    if len(pages) > 1:
        page = pages.of_block.take(owner)
        begins[1:] |= page[1:] != page[:-1]
    return owner, times, begins


def _tally(
    owner: NDArray[np.int32], times: IntArray, chosen: NDArray[np.bool_], count: int
) -> IntArray:
    """Shape (count,): how many of the chosen each block has."""
    tally = np.bincount(owner[chosen], weights=times[chosen], minlength=count)
    return tally.astype(np.int64)
