"""What a block's text looks like: its length, characters, words and line breaks."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segmenter.features import codepoints as cp
from segmenter.features.bundle import Pages
from segmenter.features.columns import Column
from segmenter.features.words import Words
from segmenter.types import FloatArray, IntArray

__all__ = ["NAMES", "blank_lines", "shape_columns"]

_CLASSES: Final = len(cp.CLASSES)
_CLASS: Final = {name: place for place, name in enumerate(cp.CLASSES)}
_ONE_HOT: Final = np.eye(_CLASSES, dtype=bool)
_PIECE: Final = 1 << 18
_LOGGED_NAMES: Final = ("sentence_end", "comma", "digit", "mark_sign", "upper")
_LOGGED: Final = [_CLASS[name] for name in _LOGGED_NAMES]
NAMES: Final[tuple[str, ...]] = (
    "log_chars",
    "log_words",
    "chars_per_word",
    *(f"share_{name}" for name in cp.CLASSES),
    *(f"log_{name}" for name in _LOGGED_NAMES),
    *(f"first_{name}" for name in cp.CLASSES),
    *(f"last_{name}" for name in cp.CLASSES),
    "ends_sentence",
    "ends_ellipsis",
    "capitalised_words",
    "number_words",
    "years",
    "times",
    "log_lines",
    "words_per_sentence",
    "blank_before",
    "blank_after",
)


def shape_columns(text: str, words: Words, starts: IntArray, ends: IntArray) -> list[Column]:
    """The columns of ``NAMES`` but for the last two, for n adjacent blocks of a text.

    Shares are 0 to 1, ``log_`` is ``log1p`` of a count.

    Args:
        text: the text from the first to the last of the blocks.
        words: of the n blocks.
        starts, ends: shape (n,), offsets into the whole text.
    """
    offset = int(starts[0])
    starts, ends = starts - offset, ends - offset
    points = cp.code_points(text)
    kind, char_class = cp.kinds(points), cp.classes(points)
    chars = ends - starts
    tally = _class_counts(char_class, starts, chars)
    share = tally / np.maximum(chars, 1)[:, None]
    per_word = chars / np.maximum(words.counts, 1)
    last, before = ends - 1, np.maximum(ends - 2, starts)
    last_class, before_class = char_class.take(last), char_class.take(before)
    closing = (last_class == _CLASS["quote"]) | (last_class == _CLASS["bracket"])
    stop = _CLASS["sentence_end"]
    last_point = points.take(last)
    return [
        np.log1p(chars),
        np.log1p(words.counts),
        np.minimum(per_word, 30.0) / 10.0,
        share,
        np.log1p(tally[:, _LOGGED]),
        _ONE_HOT.take(char_class.take(starts), axis=0),
        _ONE_HOT.take(last_class, axis=0),
        (last_class == stop) | (closing & (before_class == stop)),
        (last_point == ord("…")) | ((last_point == ord(".")) & (points.take(before) == ord("."))),
        *_word_kinds(
            points, kind, words, words.starts - np.int32(offset) if offset else words.starts
        ),
        np.log1p(_line_breaks(kind, starts, ends)),
        np.log1p(words.counts / np.maximum(tally[:, stop], 1)),
    ]


def _class_counts(char_class: NDArray[np.uint8], starts: IntArray, chars: IntArray) -> FloatArray:
    """Shape (n, classes): characters of each class in each block.

    Between blocks there is only white space, which is counted with the block before it and taken
    off again.
    """
    count = len(starts)
    tally = np.zeros((count, _CLASSES), dtype=np.float32)
    if count == 1:
        # In pieces: the indexes in between are many times the size of the text.
        for at in range(0, len(char_class), _PIECE):
            tally[0] += np.bincount(char_class[at : at + _PIECE], minlength=_CLASSES)
        return tally
    lengths = np.diff(starts, append=len(char_class))
    place = np.repeat(np.arange(0, count * _CLASSES, _CLASSES), lengths)
    place += char_class
    tally[:] = np.bincount(place, minlength=count * _CLASSES).reshape(count, _CLASSES)
    tally[:, _CLASS["space"]] -= lengths - chars
    return tally


def _word_kinds(
    points: cp.CodePoints, kind: cp.Kinds, words: Words, starts: NDArray[np.int32]
) -> list[FloatArray]:
    """Shares of words with a capital and of numbers; logs of years and clock times.

    Args:
        starts: shape (w,), offsets of the words into ``points``.
    """
    count = len(words.counts)
    first_kind = kind.take(starts)
    capital = (first_kind & cp.UPPER) > 0
    number = (first_kind & cp.DIGIT) > 0
    year = number & (words.lengths == 4)
    lead = points[starts[year]] * 10 + points[starts[year] + 1]
    century = (lead == ord("1") * 10 + ord("9")) | (lead == ord("2") * 10 + ord("0"))
    years = words.block[np.flatnonzero(year)[century]]
    time = number[1:] & number[:-1] & (words.lengths[1:] == 2) & (words.lengths[:-1] <= 2)
    time &= starts[1:] == starts[:-1] + words.lengths[:-1] + 1
    separators = points[starts[1:][time] - 1]
    times = words.block[1:][time][separators == ord(":")]
    total = np.maximum(words.counts, 1)

    def tally(blocks: IntArray) -> FloatArray:
        return np.bincount(blocks, minlength=count).astype(np.float32)

    return [
        tally(words.block[capital]) / total,
        tally(words.block[number]) / total,
        np.log1p(tally(years)),
        np.log1p(tally(times)),
    ]


def _line_breaks(kind: cp.Kinds, starts: IntArray, ends: IntArray) -> IntArray:
    breaks = np.flatnonzero((kind & cp.LINE_BREAK) > 0)
    return np.searchsorted(breaks, ends) - np.searchsorted(breaks, starts)


def blank_lines(
    points: cp.CodePoints, kind: cp.Kinds, starts: IntArray, ends: IntArray, pages: Pages
) -> FloatArray:
    """Shape (n, 2): line breaks before and after each block, less what its page usually has, as
    signed logs; 0 at both ends of a page."""
    is_break = (kind & cp.LINE_BREAK) > 0
    is_break[:-1] &= ~((points[:-1] == 13) & (points[1:] == 10))
    breaks = np.flatnonzero(is_break)
    gaps = np.searchsorted(breaks, starts[1:]) - np.searchsorted(breaks, ends[:-1])
    result = np.zeros((len(starts), 2), dtype=np.float32)
    for first, last in pairwise(pages.first.tolist()):
        own = gaps[first : last - 1]
        if len(own):
            ordered = np.sort(own)
            usual = int(ordered[(len(own) - 1) // 2] + ordered[len(own) // 2]) // 2
            relative = np.sign(own - usual) * np.log1p(np.abs(own - usual))
            result[first + 1 : last, 0] = result[first : last - 1, 1] = relative
    return result
