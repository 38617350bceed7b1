"""A split page as numbers: one row a block, one family of columns a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from segmenter.features import codepoints as cp
from segmenter.features import context, repetition, shape, structure
from segmenter.features.columns import stacked
from segmenter.features.structure import MarkupTokens
from segmenter.features.vocabulary import Tokens, text_tokens
from segmenter.features.words import HashArray, Words, hash_words, word_hashes
from segmenter.types import FloatArray, InputKind, Page

__all__ = ["MEASURED_NAMES", "PageFeatures", "page_features"]

_PIECE_BLOCKS: Final = 1_024
_PIECE_CHARS: Final = 1 << 18
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

    A row is as long as a paragraph: rows are made some at a time, from what was found out about
    the page as a whole.

    Attributes:
        page: the page.
        words: the blocks' words.
        blank_lines: see ``shape.blank_lines``.
        repetition: shape (n, len(repetition.NAMES)).
        context: places on the page.
        markup: what the markup tells; ``None`` for raw text.
    """

    page: Page
    words: Words
    blank_lines: FloatArray
    repetition: FloatArray
    context: context.Context
    markup: _MarkupFeatures | None

    def __len__(self) -> int:
        return len(self.page)

    @property
    def input(self) -> InputKind:
        """The front end that the page came through."""
        return self.page.input

    @property
    def measured(self) -> FloatArray:
        """Shape (n, len(MEASURED_NAMES[input])), all rows."""
        return np.concatenate([self.rows(start, end) for start, end in self.pieces()])

    @property
    def text_tokens(self) -> Tokens:
        """Hashed tokens of the text."""
        return text_tokens(self.words)

    @property
    def structure_tokens(self) -> MarkupTokens | None:
        """Tokens of the markup; ``None`` for raw text."""
        return None if self.markup is None else self.markup.tokens

    def pieces(self) -> Iterator[tuple[int, int]]:
        """Runs of blocks that together are the page, each small beside a long page."""
        starts, count = self.page.starts, len(self)
        start = 0
        while start < count:
            end = int(starts.searchsorted(starts[start] + _PIECE_CHARS))
            end = min(max(end, start + 1), start + _PIECE_BLOCKS, count)
            yield start, end
            start = end

    def rows(self, start: int, end: int) -> FloatArray:
        """Shape (end - start, len(MEASURED_NAMES[input])), the rows of some blocks."""
        here = slice(start, end)
        words = self.words.of_blocks(start, end)
        starts, ends = self.page.starts[here], self.page.ends[here]
        text = self.page.text[int(starts[0]) : int(ends[-1])]
        columns = [
            *shape.shape_columns(text, words, starts, ends),
            self.blank_lines[start:end],
            self.blank_lines[start + 1 : end + 1],
            self.repetition[here],
            *self.context.columns(start, end),
        ]
        if self.markup is not None:
            columns += self.markup.structure.columns(start, end)
            for line in self.markup.references:
                columns += repetition.similarity_columns(words, line)
        return stacked(columns, end - start)


@dataclass(frozen=True, slots=True, eq=False)
class _MarkupFeatures:
    """What only HTML tells.

    Attributes:
        references: word hashes of the lines by which the page names itself.
    """

    structure: structure.Structure
    tokens: MarkupTokens
    references: tuple[HashArray, ...]


def page_features(page: Page) -> PageFeatures:
    """Measure a page with at least one block."""
    points = cp.code_points(page.text)
    kind = cp.kinds(points)
    words = hash_words(points, kind, page.starts)
    blank_lines = shape.blank_lines(points, kind, page.starts, page.ends)
    del points, kind
    return PageFeatures(
        page=page,
        words=words,
        blank_lines=blank_lines,
        repetition=repetition.repetition_features(words),
        context=context.Context(words),
        markup=_markup_features(page, words),
    )


def _markup_features(page: Page, words: Words) -> _MarkupFeatures | None:
    markup = page.markup
    if markup is None:
        return None
    tree = structure.Tree.of(markup)
    lines = [
        *markup.titles[:2],
        *[""] * (2 - len(markup.titles)),
        markup.description,
        markup.author,
    ]
    return _MarkupFeatures(
        structure=structure.Structure(markup, tree, words, page.ends - page.starts),
        tokens=structure.markup_tokens(markup, tree),
        references=tuple(word_hashes(line) for line in lines),
    )
