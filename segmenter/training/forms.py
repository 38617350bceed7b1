"""The forms in which raw page text is met, made from blocks."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segmenter.types import LABEL_INDEX, LABELS

__all__ = ["FORMS", "RawPage", "render", "stripped"]

FORMS: Final[tuple[str, ...]] = ("lines", "paragraphs", "wrapped", "stripped")
_WRAP_WIDTHS: Final = (60, 80)
_HEADLINE: Final = 1 << LABEL_INDEX["headline"]
_BOILERPLATE: Final = LABEL_INDEX["boilerplate"]
_TEASER: Final = LABEL_INDEX["teaser"]
_BODY_BIT: Final = 1 << LABEL_INDEX["body"]


@dataclass(frozen=True, slots=True)
class RawPage:
    """Raw text made from n blocks.

    Attributes:
        text: the page.
        spans: start and end of each block in ``text``.
    """

    text: str
    spans: tuple[tuple[int, int], ...]


def render(texts: Sequence[str], form: str, rng: np.random.Generator) -> RawPage:
    """Write blocks as raw text: one a line, apart by blank lines, or hard-wrapped.

    Raises:
        ValueError: an unknown form.
    """
    if form == "lines":
        return _joined(texts, lambda text: text, "\n")
    if form == "paragraphs":
        return _joined(texts, lambda text: text, "\n\n")
    if form == "wrapped":
        width = int(rng.integers(_WRAP_WIDTHS[0], _WRAP_WIDTHS[1] + 1))
        wrapper = textwrap.TextWrapper(width=width, break_on_hyphens=False)
        return _joined(texts, lambda text: wrapper.fill(text) or text, "\n\n")
    raise ValueError(f"unknown form {form!r}; accepted are lines, paragraphs, wrapped")


def stripped(allowed: Sequence[int], lengths: Sequence[int], rng: np.random.Generator) -> list[int]:
    """Which blocks an earlier tool would leave: most menus are gone, some teasers too; on half of
    the pages everything before the headline.

    Args:
        allowed: bit mask of the labels that each block may have.
        lengths: words of each block.
        rng: decides how thorough the tool was.
    """
    from_headline = 0
    if rng.random() < 0.5:
        from_headline = next((i for i, mask in enumerate(allowed) if mask == _HEADLINE), 0)
    drop_boilerplate = float(rng.choice([0.7, 0.9, 1.0]))
    drop_teaser = float(rng.choice([0.0, 0.0, 0.5, 1.0]))
    kept = []
    for index, (mask, length) in enumerate(zip(allowed, lengths, strict=True)):
        if index < from_headline:
            chance = 1.0
        elif mask == 1 << _BOILERPLATE:
            chance = drop_boilerplate
        elif mask == 1 << _TEASER:
            chance = drop_teaser
        elif not mask & _BODY_BIT and mask.bit_count() > len(LABELS) // 2 and length < 8:
            chance = drop_boilerplate * 0.9
        else:
            chance = 0.0
        if rng.random() >= chance:
            kept.append(index)
    return kept


def _joined(texts: Sequence[str], laid: Callable[[str], str], separator: str) -> RawPage:
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    position = 0
    for text in texts:
        part = laid(text)
        parts.append(part)
        spans.append((position, position + len(part)))
        position += len(part) + len(separator)
    return RawPage(separator.join(parts), tuple(spans))
