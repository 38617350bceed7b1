"""Labelled pages as training examples, in HTML and in every form of raw text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from segmenter.features import PageFeatures, page_features
from segmenter.text import split_text
from segmenter.training.augment import LabelledText, augmented
from segmenter.training.corpora import ALL_LABELS, LabelledPage
from segmenter.training.forms import render, stripped
from segmenter.training.targets import sure_labels
from segmenter.types import FloatArray, InputKind, IntArray, Page

__all__ = [
    "TrainingPage",
    "as_form",
    "folds_by_site",
    "html_pages",
    "in_form",
    "measured_pages",
    "text_pages",
]

_PLAIN_FORMS: Final = ("lines", "paragraphs", "wrapped")
_AUGMENTED: Final = 0.5
"""Share of the forms of a page that get what scraped text often has."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingPage:
    """A page of n blocks, measured.

    Attributes:
        labelled: where it comes from; its ``page`` is the one measured.
        form: ``html``, or the form of the raw text.
        features: what was measured.
        weight: shape (n,), weight of each block in the loss.
    """

    labelled: LabelledPage
    form: str
    features: PageFeatures
    weight: FloatArray

    @property
    def allowed(self) -> IntArray:
        """Shape (n,), bit mask of the labels each block may have."""
        return self.labelled.allowed


def html_pages(pages: Iterable[LabelledPage]) -> Iterator[TrainingPage]:
    """The pages that came as HTML, as they are."""
    for page in pages:
        if page.page.input == "html" and len(page.page):
            yield _measured(page, "html")


def text_pages(pages: Iterable[LabelledPage], seed: int, draw: int = 0) -> Iterator[TrainingPage]:
    """The pages as raw text; those with gold labels in two forms each, the others in one.

    Args:
        pages: labelled pages.
        seed: of the forms, and of what is put in.
        draw: another gives other forms of the same pages.
    """
    for number, page in enumerate(pages):
        if not len(page.page):
            continue
        rng = np.random.default_rng((seed, number, draw))
        if page.page.input == "text":
            yield _measured(page, "as received")
            continue
        plain = str(rng.choice(["paragraphs", "wrapped"]))
        if page.gold is not None:
            # Of the four forms that input comes in, one has its menus stripped.
            forms = [str(rng.choice(_PLAIN_FORMS)), str(rng.choice([plain, "stripped"]))]
        else:
            forms = [str(rng.choice(["lines", "lines", "stripped", plain]))]
        for form in forms:
            augment = bool(rng.random() < _AUGMENTED)
            yield from as_form(page, form, rng, augment=augment)


def measured_pages(
    pages: Iterable[LabelledPage], kind: InputKind, seed: int
) -> Iterator[TrainingPage]:
    """``html_pages`` or ``text_pages``."""
    return html_pages(pages) if kind == "html" else text_pages(pages, seed)


def as_form(
    page: LabelledPage, form: str, rng: np.random.Generator, *, augment: bool = False
) -> Iterator[TrainingPage]:
    """An HTML page as raw text of a form, measured (see ``in_form``); nothing where no text is
    left."""
    made = in_form(page, form, rng, augment=augment)
    if len(made.page):
        yield _measured(made, form)


def in_form(
    page: LabelledPage, form: str, rng: np.random.Generator, *, augment: bool = False
) -> LabelledPage:
    """An HTML page as raw text of a form, its labels carried over by place.

    Args:
        page: the page, split from HTML.
        form: one of ``FORMS``.
        rng: decides what a form leaves open.
        augment: put in what scraped text often has (see ``augment``); for training only.
    """
    texts = page.page.block_texts()
    places = _visible(page)
    if form == "stripped":
        lengths = [texts[place].count(" ") + 1 for place in places]
        kept = stripped(page.allowed[places].tolist(), lengths, rng) or range(len(places))
        places = places[list(kept)]
        form = str(rng.choice(_PLAIN_FORMS))
    allowed, weight = page.allowed[places], page.weight[places]
    texts = [texts[place] for place in places]
    if augment and len(places):
        teacher = None if page.teacher is None else page.teacher[places]
        blocks = _augmented(page.site, texts, sure_labels(allowed, weight, teacher)[0], rng)
        texts = [block.text for block in blocks]
        made = np.array([block.place is None for block in blocks])
        at = np.array([block.place or 0 for block in blocks])
        known = np.array([block.allowed for block in blocks], dtype=np.int64)
        allowed = np.where(made, known, allowed[at])
        weight = np.where(made, 1.0, weight[at]).astype(np.float32)
        places = places[at]
    raw = render(texts, form, rng)
    split = split_text(raw.text)
    owner = np.maximum(_owners(split, raw.spans), 0)
    return replace(
        page,
        page=split,
        allowed=allowed[owner],
        weight=weight[owner],
        teacher=None if page.teacher is None else page.teacher[places[owner]],
    )


def _visible(page: LabelledPage) -> IntArray:
    """The blocks that raw text has. What readers of a gold page saw nothing of is hidden, and
    stands in no text that a browser would give."""
    if page.gold is None:
        return np.arange(len(page.page))
    return np.flatnonzero(page.allowed != ALL_LABELS)


def _augmented(
    site: str, texts: list[str], known: IntArray, rng: np.random.Generator
) -> list[LabelledText]:
    pairs = zip(texts, known.tolist(), strict=True)
    blocks = [LabelledText(text, mask, place) for place, (text, mask) in enumerate(pairs)]
    return augmented(blocks, site, rng)


def folds_by_site(pages: Iterable[LabelledPage], folds: int, seed: int) -> dict[str, int]:
    """The fold of each site; pages of one site are never apart, folds are of like size."""
    sizes: dict[str, int] = {}
    for page in pages:
        sizes[page.site] = sizes.get(page.site, 0) + 1
    rng = np.random.default_rng(seed)
    sites = sorted(sizes)
    order = [sites[index] for index in rng.permutation(len(sites))]
    order.sort(key=lambda site: -sizes[site])
    filled = [0] * folds
    result: dict[str, int] = {}
    for site in order:
        fold = filled.index(min(filled))
        result[site] = fold
        filled[fold] += sizes[site]
    return result


def _measured(page: LabelledPage, form: str) -> TrainingPage:
    features = page_features(page.page)
    words = features.words.counts
    weight = page.weight * np.minimum(np.sqrt(1 + words), 12.0)
    # A page with thousands of menu entries must not outweigh the others.
    total = float(weight.sum())
    weight = weight / max(np.sqrt(total), 1.0)
    return TrainingPage(page, form, features, weight.astype(np.float32))


def _owners(page: Page, spans: tuple[tuple[int, int], ...]) -> IntArray:
    """For each block the span that most of it lies in, or -1."""
    starts = np.array([start for start, _ in spans], dtype=np.int64)
    middle = (page.starts + page.ends - 1) // 2
    return np.searchsorted(starts, middle, side="right") - 1
