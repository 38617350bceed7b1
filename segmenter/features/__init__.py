"""A split page as numbers: one row a block, one family of columns a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from segmenter.features import codepoints as cp
from segmenter.features import context, repetition, shape, structure
from segmenter.features.vocabulary import Tokens, text_tokens
from segmenter.features.words import HashArray, Words, hash_words, word_hashes
from segmenter.types import FloatArray, InputKind, Page

__all__ = ["MEASURED_NAMES", "PageFeatures", "page_features"]

_REFERENCES: Final = ("title", "other_title", "description", "author")
_TEXT_NAMES: Final = (*shape.NAMES, *repetition.NAMES, *context.NAMES)
MEASURED_NAMES: Final[dict[InputKind, tuple[str, ...]]] = {
    "text": _TEXT_NAMES,
    "html": (
        *_TEXT_NAMES,
        *structure.NAMES,
        *(
            f"{reference}_{name}"
            for reference in _REFERENCES
            for name in repetition.SIMILARITY_NAMES
        ),
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class PageFeatures:
    """All that is measured on a page of n blocks before anything learned comes in.

    Attributes:
        measured: shape (n, len(MEASURED_NAMES[input])).
        words: the blocks' words.
        text_tokens: hashed tokens of the text.
        structure_tokens: tokens of the markup; ``None`` for raw text.
    """

    input: InputKind
    measured: FloatArray
    words: Words
    text_tokens: Tokens
    structure_tokens: structure.MarkupTokens | None


def page_features(page: Page) -> PageFeatures:
    """Measure a page with at least one block."""
    points = cp.code_points(page.text)
    kind = cp.kinds(points)
    words = hash_words(points, kind, page.starts)
    families = [
        shape.shape_features(points, kind, words, page.starts, page.ends),
        repetition.repetition_features(words),
        context.context_features(words),
    ]
    markup = page.markup
    tokens = None
    if markup is not None:
        chars = page.ends - page.starts
        tree = structure.Tree.of(markup)
        families.append(structure.structure_features(markup, tree, words, chars))
        families += [
            repetition.similarity_features(words, line)
            for line in _references(markup.titles, markup.description, markup.author)
        ]
        tokens = structure.markup_tokens(markup, tree)
    return PageFeatures(
        input=page.input,
        measured=np.concatenate(families, axis=1),
        words=words,
        text_tokens=text_tokens(words),
        structure_tokens=tokens,
    )


def _references(titles: tuple[str, ...], description: str, author: str) -> list[HashArray]:
    lines = [*titles[:2], *[""] * (2 - len(titles[:2])), description, author]
    return [word_hashes(line) for line in lines]
