"""A classifier's predictions for labelled pages, in every form of input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from segmenter.classifier import BlockClassifier
from segmenter.training.corpora import LabelledPage
from segmenter.training.dataset import TrainingPage, as_form, html_pages, text_pages
from segmenter.training.evaluate import Prediction
from segmenter.training.forms import FORMS
from segmenter.types import InputKind

__all__ = ["predict"]


def predict(
    pages: Iterable[LabelledPage], kind: InputKind, classifier: BlockClassifier, seed: int
) -> Iterator[Prediction]:
    """Predict pages of one kind of input.

    HTML is taken as it is. As raw text, an HTML page whose blocks are scored is taken in every
    form, one with only its main text as lines; a page that came as raw text stays as it is.
    """
    for page in _measured(pages, kind, seed):
        yield Prediction(
            labelled=page.labelled,
            form=page.form,
            probabilities=classifier.probabilities(page.features),
            words=page.features.words.counts,
        )


def _measured(pages: Iterable[LabelledPage], kind: InputKind, seed: int) -> Iterator[TrainingPage]:
    if kind == "html":
        yield from html_pages(pages)
        return
    for number, page in enumerate(pages):
        if page.page.input == "text":
            yield from text_pages([page], seed)
            continue
        for place, form in enumerate(FORMS if page.scored else FORMS[:1]):
            yield from as_form(page, form, np.random.default_rng((seed, number, place)))
