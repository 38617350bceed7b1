"""Text as an array of code points, and what kind of character each of them is.

Everything that is counted in a block is counted over this array, so that no stage loops over
characters or blocks in Python.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CLASSES",
    "COMMA",
    "DIGIT",
    "LETTER",
    "LINE_BREAK",
    "MARK_SIGN",
    "PUNCTUATION",
    "QUOTE",
    "SENTENCE_END",
    "SPACE",
    "SYMBOL",
    "UNSPACED",
    "UPPER",
    "WORD",
    "classes",
    "code_points",
    "kinds",
    "lowered",
]

Kinds = NDArray[np.uint16]
CodePoints = NDArray[np.uint32]

SPACE: Final = 1 << 0
LETTER: Final = 1 << 1
UPPER: Final = 1 << 2
DIGIT: Final = 1 << 3
PUNCTUATION: Final = 1 << 4
SYMBOL: Final = 1 << 5
SENTENCE_END: Final = 1 << 6
COMMA: Final = 1 << 7
QUOTE: Final = 1 << 8
LINE_BREAK: Final = 1 << 9
WORD: Final = 1 << 10
"""Part of a word, as ``\\w`` has it, combining marks included."""
UNSPACED: Final = 1 << 11
"""Of a script written without spaces between words; each character counts as a word."""
MARK_SIGN: Final = 1 << 12
"""Signs that sites put around text rather than into it: ``| » © # @ * › →`` and bullets."""

CLASSES: Final[tuple[str, ...]] = (
    "other",
    "space",
    "letter",
    "upper",
    "digit",
    "unspaced",
    "sentence_end",
    "comma",
    "quote",
    "mark_sign",
    "colon",
    "dash",
    "bracket",
    "currency",
    "punctuation",
    "symbol",
)
"""Classes of characters; each character is in exactly one."""

_BMP: Final = 0x10000
_PIECE: Final = 1 << 16
"""Characters that are looked up at a time: the indexes are many times their size."""
_SENTENCE_ENDS: Final = ".!?…。！？｡।॥؟۔։።"
_COMMAS: Final = ",;、，；،؛"
_QUOTES: Final = "\"'“”„‟«»‹›‘’‚「」『』《》〈〉＂"
_MARK_SIGNS: Final = "|»«›‹©®™#@*→←↑↓▶►▸▼▲•·●○■□★☆✓✔✕×+<>/\\_~=^"
_LINE_BREAKS: Final = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_UNSPACED_RANGES: Final = (
    (0x0E00, 0x0E7F),  # Thai
    (0x0E80, 0x0EFF),  # Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3040, 0x30FF),  # kana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
)


def code_points(text: str) -> CodePoints:
    """Shape (len(text),); lone surrogates are kept as they are."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def kinds(points: CodePoints) -> Kinds:
    """Shape as ``points``; each a union of the bits above."""
    table = _tables()[0]
    result = np.empty(len(points), dtype=np.uint16)
    for start in range(0, len(points), _PIECE):
        part = points[start : start + _PIECE]
        kind = result[start : start + _PIECE]
        if int(part.max()) < _BMP:
            kind[:] = table.take(part)
            continue
        kind[:] = table.take(np.minimum(part, _BMP - 1))
        kind[part >= _BMP] = LETTER | WORD
        kind[(part >= 0x20000) & (part < 0x40000)] = LETTER | WORD | UNSPACED
        kind[(part >= 0x1F000) & (part < 0x20000)] = SYMBOL
    return result


def classes(points: CodePoints) -> NDArray[np.uint8]:
    """Shape as ``points``; each character's class, an index into ``CLASSES``."""
    table = _tables()[2]
    if not len(points) or int(points.max()) < _BMP:
        return table.take(points)
    result = table[np.minimum(points, _BMP - 1)]
    astral = points >= _BMP
    result[astral] = CLASSES.index("letter")
    result[(points >= 0x20000) & (points < 0x40000)] = CLASSES.index("unspaced")
    result[(points >= 0x1F000) & (points < 0x20000)] = CLASSES.index("symbol")
    return result


def lowered(points: CodePoints) -> CodePoints:
    """Lower case, one code point for one; what changes its length stays as it is."""
    table = _tables()[1]
    if not len(points) or int(points.max()) < _BMP:
        return table.take(points)
    return np.where(points < _BMP, table[np.minimum(points, _BMP - 1)], points)


@cache
def _tables() -> tuple[Kinds, CodePoints, NDArray[np.uint8]]:
    kind = np.zeros(_BMP, dtype=np.uint16)
    lower = np.arange(_BMP, dtype=np.uint32)
    category_bits = {
        "L": LETTER | WORD,
        "M": WORD,
        "N": DIGIT | WORD,
        "P": PUNCTUATION,
        "S": SYMBOL,
    }
    category = unicodedata.category
    for point in range(_BMP):
        character = chr(point)
        name = category(character)
        bits = category_bits.get(name[0], 0)
        if name in ("Lu", "Lt"):
            bits |= UPPER
            small = character.lower()
            if len(small) == 1:
                lower[point] = ord(small)
        kind[point] = bits
    kind[[point for point in range(_BMP) if chr(point).isspace()]] |= SPACE
    kind[ord("_")] |= WORD
    for characters, bit in (
        (_SENTENCE_ENDS, SENTENCE_END),
        (_COMMAS, COMMA),
        (_QUOTES, QUOTE),
        (_MARK_SIGNS, MARK_SIGN),
        (_LINE_BREAKS, LINE_BREAK),
    ):
        kind[[ord(character) for character in characters]] |= bit
    for first, last in _UNSPACED_RANGES:
        span = kind[first : last + 1]
        span[(span & WORD) > 0] |= UNSPACED
    classes = _class_table(kind)
    for table in (kind, lower, classes):
        table.flags.writeable = False
    return kind, lower, classes


def _class_table(kind: Kinds) -> NDArray[np.uint8]:
    """Later rules win."""
    table = np.zeros(_BMP, dtype=np.uint8)
    for bit, name in (
        (SYMBOL, "symbol"),
        (PUNCTUATION, "punctuation"),
        (WORD, "letter"),
        (UPPER, "upper"),
        (DIGIT, "digit"),
        (UNSPACED, "unspaced"),
        (QUOTE, "quote"),
        (COMMA, "comma"),
        (SENTENCE_END, "sentence_end"),
        (MARK_SIGN, "mark_sign"),
        (SPACE, "space"),
    ):
        table[(kind & bit) > 0] = CLASSES.index(name)
    for characters, name in (
        (":：", "colon"),
        ("-–—−‐", "dash"),
        ("()[]{}（）［］【】", "bracket"),
        ("$€£¥₩₹₽₺₴", "currency"),
    ):
        table[[ord(character) for character in characters]] = CLASSES.index(name)
    return table
