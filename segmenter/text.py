"""Raw page text to a ``Page``: lines and paragraphs become blocks at exact offsets."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segmenter.errors import LimitError
from segmenter.features import codepoints as cp
from segmenter.guards import BLOCK_BYTES, check_memory
from segmenter.types import IntArray, Limits, Page

__all__ = ["split_text"]

BoolArray = NDArray[np.bool_]

# Hard-wrapped text is looked for at these widths, in characters. Mail and plain-text tools wrap
# at 60 to 80; a little slack on both sides.
_WRAP_WIDTH: Final = (38, 100)
# Of the lines that nearly fill the width, this share must leave no room for the next word.
_WRAP_SHARE: Final = 0.85
_NEARLY_FULL: Final = 0.7

# A line longer than this holds more than one paragraph (a page whose line breaks were lost);
# it is cut at sentence ends into pieces of about the second length.
_LONG_LINE: Final = 6_000
_PIECE: Final = 600
_AT_A_TIME: Final = 1 << 18


def split_text(text: str, limits: Limits | None = None) -> Page:
    """Split raw text into blocks.

    A block is a line, or the lines of a hard-wrapped paragraph, or a piece of an over-long line.

    Raises:
        LimitError: over ``blocks`` or ``memory``.
    """
    limits = limits or Limits()
    points = cp.code_points(text)
    kind = cp.kinds(points)
    starts, ends, line = _lines(points, kind, limits)
    if len(starts):
        joined = _wrapped(kind, starts, ends, line)
        starts, ends = starts[~joined], ends[np.append(~joined[1:], True)]
        starts, ends = _cut_long(kind, starts, ends)
    if len(starts) > limits.blocks:
        raise LimitError("blocks", limits.blocks, len(starts))
    return Page(input="text", text=text, starts=starts, ends=ends)


def _lines(
    points: cp.CodePoints, kind: cp.Kinds, limits: Limits
) -> tuple[IntArray, IntArray, IntArray]:
    """Lines that are not white, trimmed: their starts, ends, and number among all lines."""
    breaks = (kind & cp.LINE_BREAK) > 0
    if len(points) > 1:
        # CR LF is one line break.
        breaks[:-1] &= ~((points[:-1] == 13) & (points[1:] == 10))
    white = (kind & cp.SPACE) > 0
    parts: list[tuple[IntArray, IntArray, IntArray]] = []
    first = lines = found = 0
    while first < len(points) or not parts:
        last = min(first + _AT_A_TIME, len(points))
        if last < len(points):
            last += int(breaks[last:].argmax()) + 1 if breaks[last:].any() else len(points) - last
        places = np.flatnonzero(breaks[first:last]) + first
        starts, ends = _trimmed(white, np.append(first, places + 1), np.append(places, last))
        parts.append((starts, ends, lines + places.searchsorted(starts)))
        lines += len(places)
        found += len(starts)
        check_memory(found * BLOCK_BYTES, len(points), limits)
        first = last
    starts, ends, line = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return starts, ends, line


def _wrapped(kind: cp.Kinds, starts: IntArray, ends: IntArray, line: IntArray) -> BoolArray:
    """Shape as ``starts``: whether a line continues the line before it.

    A line was broken by a wrapping tool where the next line's first word would not have fitted
    into the width of the page.
    """
    none = np.zeros(len(starts), dtype=bool)
    length = ends - starts
    adjacent = np.append(False, np.diff(line) == 1)
    if not adjacent.any():
        return none
    in_range = length <= _WRAP_WIDTH[1]
    if length[~in_range].sum() > 0.1 * length.sum():
        return none
    width = int(length[in_range].max(initial=0))
    if width < _WRAP_WIDTH[0]:
        return none
    needed = np.append(0, length[:-1] + 1 + _first_word_length(kind, starts, ends)[1:])
    full = adjacent & (needed > width) & np.append(False, in_range[:-1])
    nearly_full = adjacent & np.append(False, length[:-1] >= _NEARLY_FULL * width)
    if full.sum() < 2 or not nearly_full.any() or full[nearly_full].mean() < _WRAP_SHARE:
        return none
    result: BoolArray = full
    return result


def _first_word_length(kind: cp.Kinds, starts: IntArray, ends: IntArray) -> IntArray:
    """Characters that a wrapping tool can't part at the start of each line."""
    gaps = np.flatnonzero((kind & cp.SPACE) > 0)
    following = np.append(gaps, len(kind))[np.searchsorted(gaps, starts)]
    unspaced = (kind[starts] & cp.UNSPACED) > 0
    return np.where(unspaced, 1, np.minimum(following, ends) - starts)


def _cut_long(kind: cp.Kinds, starts: IntArray, ends: IntArray) -> tuple[IntArray, IntArray]:
    long = np.flatnonzero(ends - starts > _LONG_LINE)
    if not len(long):
        return starts, ends
    white = (kind & cp.SPACE) > 0
    sentence_end = (kind & cp.SENTENCE_END) > 0
    # A cut before position i: after a sentence's end, or else at any white character.
    after_end = np.flatnonzero(white[1:] & sentence_end[:-1]) + 1
    unspaced_end = np.flatnonzero(sentence_end[:-1] & ((kind[1:] & cp.UNSPACED) > 0)) + 1
    preferred = np.union1d(after_end, unspaced_end)
    possible = np.flatnonzero(white)
    cuts: list[int] = []
    for index in long.tolist():
        position, end = int(starts[index]), int(ends[index])
        while end - position > 2 * _PIECE:
            position = _next_cut(preferred, possible, position + _PIECE, end)
            if position < end:
                cuts.append(position)
    if not cuts:
        return starts, ends
    edges = np.sort(np.concatenate([starts, np.array(cuts, dtype=np.int64)]))
    tails = np.sort(np.concatenate([ends, np.array(cuts, dtype=np.int64)]))
    return _trimmed(white, edges, tails)


def _next_cut(preferred: IntArray, possible: IntArray, earliest: int, end: int) -> int:
    for places in (preferred, possible):
        at = int(np.searchsorted(places, earliest))
        if at < len(places) and places[at] < min(earliest + _PIECE, end):
            return int(places[at])
    return min(earliest, end)


def _trimmed(white: BoolArray, starts: IntArray, ends: IntArray) -> tuple[IntArray, IntArray]:
    """Take white space off both ends of spans, and spans that are white away.

    In pieces: the places of all characters are many times the size of the text.
    """
    firsts, lasts = [starts[:0]], [starts[:0]]
    long = np.flatnonzero(ends - starts > _AT_A_TIME)
    pieces = np.unique(starts // _AT_A_TIME, return_index=True)[1]
    edges = np.unique(np.concatenate([pieces, long, long + 1, [len(starts)]]))
    for begin, end in pairwise(edges.tolist()):
        offset, stop = int(starts[begin]), int(ends[end - 1])
        inside = white[offset:stop]
        if stop - offset > 2 * _AT_A_TIME:
            # One long span.
            visible = np.array([inside.argmin(), stop - offset - 1 - inside[::-1].argmin()])
            visible = visible[~inside[visible]] + offset
        else:
            visible = np.flatnonzero(~inside) + offset
        first = visible.searchsorted(starts[begin:end])
        last = visible.searchsorted(ends[begin:end])
        some = last > first
        firsts.append(visible[first[some]])
        lasts.append(visible[last[some] - 1] + 1)
    return np.concatenate(firsts), np.concatenate(lasts)
