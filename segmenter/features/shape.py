"""What a block's text looks like: its length, characters, words and line breaks."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from segmenter.features import codepoints as cp
from segmenter.features.columns import stacked
from segmenter.features.words import Words
from segmenter.types import FloatArray, IntArray

__all__ = ["NAMES", "shape_features"]

_CLASSES: Final = len(cp.CLASSES)
_PIECE: Final = 1 << 18
NAMES: Final[tuple[str, ...]] = (
    "log_chars",
    "log_words",
    "chars_per_word",
    *(f"share_{name}" for name in cp.CLASSES),
    *(f"log_{name}" for name in ("sentence_end", "comma", "digit", "mark_sign", "upper")),
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


def shape_features(
    points: cp.CodePoints, kind: cp.Kinds, words: Words, starts: IntArray, ends: IntArray
) -> FloatArray:
    """Shape (n, len(NAMES)); shares are 0 to 1, ``log_`` is ``log1p`` of a count."""
    count = len(starts)
    chars = ends - starts
    char_class = cp.classes(points)
    tally = _class_counts(char_class, starts, ends)
    share = tally / np.maximum(chars, 1)[:, None]
    index = {name: place for place, name in enumerate(cp.CLASSES)}
    per_word = chars / np.maximum(words.counts, 1)
    logs = np.log1p(
        tally[:, [index[n] for n in ("sentence_end", "comma", "digit", "mark_sign", "upper")]]
    )
    one_hot = np.eye(_CLASSES, dtype=np.float32)
    last = char_class[ends - 1]
    before_last = char_class[np.maximum(ends - 2, starts)]
    stop = index["sentence_end"]
    closing = (last == index["quote"]) | (last == index["bracket"])
    ends_sentence = (last == stop) | (closing & (before_last == stop))
    ellipsis = (points[ends - 1] == ord("…")) | (
        (points[ends - 1] == ord(".")) & (points[np.maximum(ends - 2, starts)] == ord("."))
    )
    columns = [
        np.log1p(chars),
        np.log1p(words.counts),
        np.minimum(per_word, 30.0) / 10.0,
        share,
        logs,
        one_hot[char_class[starts]],
        one_hot[last],
        ends_sentence,
        ellipsis,
        *_word_kinds(points, kind, words, count),
        np.log1p(_line_breaks(kind, starts, ends)),
        np.log1p(words.counts / np.maximum(tally[:, stop], 1)),
        *_blank_lines(points, kind, starts, ends),
    ]
    return stacked(columns, count)


def _class_counts(char_class: np.ndarray, starts: IntArray, ends: IntArray) -> FloatArray:
    """Shape (n, classes): characters of each class in each block."""
    count = len(starts)
    tally = np.zeros((count, _CLASSES), dtype=np.float32)
    # In pieces: the indexes in between are many times the size of the text.
    piece = (ends - starts[0]) // _PIECE if count else ends
    for first, last in pairwise(np.append(np.unique(piece, return_index=True)[1], count).tolist()):
        here = slice(first, last)
        if last - first == 1:
            block_classes = char_class[int(starts[first]) : int(ends[first])]
            for at in range(0, len(block_classes), _PIECE):
                tally[first] += np.bincount(block_classes[at : at + _PIECE], minlength=_CLASSES)
            continue
        lengths = ends[here] - starts[here]
        block = np.repeat(np.arange(last - first), lengths)
        offset = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        inside = char_class[np.repeat(starts[here], lengths) + offset]
        counts = np.bincount(block * _CLASSES + inside, minlength=(last - first) * _CLASSES)
        tally[here] = counts.reshape(last - first, _CLASSES)
    return tally


def _word_kinds(
    points: cp.CodePoints, kind: cp.Kinds, words: Words, count: int
) -> list[FloatArray]:
    """Shares of words with a capital and of numbers; logs of years and clock times."""
    first_kind = kind[words.starts]
    capital = (first_kind & cp.UPPER) > 0
    number = (first_kind & cp.DIGIT) > 0
    year = number & (words.lengths == 4)
    lead = points[words.starts[year]] * 10 + points[words.starts[year] + 1]
    century = (lead == ord("1") * 10 + ord("9")) | (lead == ord("2") * 10 + ord("0"))
    years = words.block[np.flatnonzero(year)[century]]
    time = number[1:] & number[:-1] & (words.lengths[1:] == 2) & (words.lengths[:-1] <= 2)
    time &= words.starts[1:] == words.starts[:-1] + words.lengths[:-1] + 1
    separators = points[words.starts[1:][time] - 1]
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


def _blank_lines(
    points: cp.CodePoints, kind: cp.Kinds, starts: IntArray, ends: IntArray
) -> list[FloatArray]:
    """Line breaks before and after a block, less the least that the page has, as logs."""
    is_break = (kind & cp.LINE_BREAK) > 0
    is_break[:-1] &= ~((points[:-1] == 13) & (points[1:] == 10))
    breaks = np.flatnonzero(is_break)
    gaps = np.searchsorted(breaks, starts[1:]) - np.searchsorted(breaks, ends[:-1])
    ordered = np.sort(gaps)
    usual = int(ordered[(len(gaps) - 1) // 2] + ordered[len(gaps) // 2]) // 2 if len(gaps) else 0
    relative = np.sign(gaps - usual) * np.log1p(np.abs(gaps - usual))
    return [np.append(0, relative), np.append(relative, 0)]
