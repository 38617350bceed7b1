"""A split page as numbers: one row a block, one family of columns a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from segmenter.features import codepoints as cp
from segmenter.features import context, repetition, shape, structure
from segmenter.features.bundle import Pages, bundled
from segmenter.features.columns import stacked
from segmenter.features.repetition import Lines
from segmenter.features.structure import MarkupTokens
from segmenter.features.vocabulary import Tokens, text_tokens
from segmenter.features.words import Words, hash_words, words_of_lines
from segmenter.types import FloatArray, InputKind, Markup, Page

__all__ = [
    "BUNDLE_BLOCKS",
    "BUNDLE_CHARS",
    "MEASURED_NAMES",
    "PageFeatures",
    "bundle_features",
    "page_features",
]

BUNDLE_BLOCKS: Final = 1_024
BUNDLE_CHARS: Final = 1 << 18
"""What is measured at a time, of a long page or of several together."""
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
    """All that is measured on pages of n blocks before anything learned comes in.

    A row is as long as a paragraph: rows are made some at a time, from what was found out about
    the page as a whole.

    Attributes:
        page: the page, or all of them as one.
        pages: which blocks are those of which page.
        words: the blocks' words.
        blank_lines: see ``shape.blank_lines``.
        repetition: shape (n, len(repetition.NAMES)).
        context: places on the page.
        markup: what the markup tells; ``None`` for raw text.
    """

    page: Page
    pages: Pages
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
        if len(self.pages) > 1:
            yield 0, count
            return
        start = 0
        while start < count:
            end = int(starts.searchsorted(starts[start] + BUNDLE_CHARS))
            end = min(max(end, start + 1), start + BUNDLE_BLOCKS, count)
            yield start, end
            start = end

    def runs(self, start: int, end: int) -> list[tuple[int, int]]:
        """Of a piece, the blocks of each page, counted from its start."""
        return (
            [(0, end - start)]
            if len(self.pages) == 1
            else list(pairwise(self.pages.first.tolist()))
        )

    def rows(self, start: int, end: int) -> FloatArray:
        """Shape (end - start, len(MEASURED_NAMES[input])), the rows of some blocks."""
        here = slice(start, end)
        words = self.words.of_blocks(start, end)
        starts, ends = self.page.starts[here], self.page.ends[here]
        text = self.page.text[int(starts[0]) : int(ends[-1])]
        columns = [
            *shape.shape_columns(text, words, starts, ends),
            self.blank_lines[here],
            self.repetition[here],
            *self.context.columns(start, end),
        ]
        if self.markup is not None:
            columns += self.markup.structure.columns(start, end)
            page = self.pages.of_block[here]
            for lines in self.markup.references:
                columns += repetition.similarity_columns(words, lines, page)
        return stacked(columns, end - start)


@dataclass(frozen=True, slots=True, eq=False)
class _MarkupFeatures:
    """What only HTML tells.

    Attributes:
        references: the lines by which each page names itself.
    """

    structure: structure.Structure
    tokens: MarkupTokens
    references: tuple[Lines, ...]


def page_features(page: Page) -> PageFeatures:
    """Measure a page with at least one block."""
    return bundle_features([page])


def bundle_features(pages: Sequence[Page]) -> PageFeatures:
    """Measure some pages of one kind, each with at least one block, as page by page.

    More than one together should be about as small as a piece of a long page is (see
    ``BUNDLE_BLOCKS``, ``BUNDLE_CHARS``): their rows are made at once.
    """
    page, shares = bundled(pages), Pages.of([len(page) for page in pages])
    points = cp.code_points(page.text)
    kind = cp.kinds(points)
    words = hash_words(points, kind, page.starts)
    blank_lines = shape.blank_lines(points, kind, page.starts, page.ends, shares)
    del points, kind
    return PageFeatures(
        page=page,
        pages=shares,
        words=words,
        blank_lines=blank_lines,
        repetition=repetition.repetition_features(words, shares),
        context=context.Context(words, shares),
        markup=_markup_features(page, words, pages, shares),
    )


def _markup_features(
    page: Page, words: Words, pages: Sequence[Page], shares: Pages
) -> _MarkupFeatures | None:
    markup = page.markup
    if markup is None:
        return None
    tree = structure.Tree.of(markup)
    return _MarkupFeatures(
        structure=structure.Structure(markup, tree, words, page.ends - page.starts, shares),
        tokens=structure.markup_tokens(markup),
        references=_references([page.markup for page in pages if page.markup is not None]),
    )


def _references(markups: Sequence[Markup]) -> tuple[Lines, ...]:
    """The lines by which pages name themselves, in the order of ``_REFERENCES``."""
    named = [(*markup.titles[:2], "", "")[:2] for markup in markups]
    lines = [
        *(title for title, _ in named),
        *(title for _, title in named),
        *(markup.description for markup in markups),
        *(markup.author for markup in markups),
    ]
    words = words_of_lines(lines)
    numbers = np.arange(len(lines)).reshape(len(_REFERENCES), len(markups))
    return tuple(Lines.of(words, of_pages) for of_pages in numbers)
