"""The learning curve: models trained on parts of the sites, scored on one held-out fold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segmenter.classifier import BlockClassifier
from segmenter.training.corpora import LabelledPage
from segmenter.training.dataset import folds_by_site
from segmenter.training.evaluate import Prediction, evaluate
from segmenter.training.predict import predict
from segmenter.training.predictions import with_empty_pages
from segmenter.types import InputKind

__all__ = ["CURVE_FORMS", "Fit", "LearningPoint", "learning_curve"]

Report = Callable[[str], None]
Fit = Callable[[Sequence[LabelledPage], int, Report], Mapping[InputKind, BlockClassifier]]

CURVE_FORMS: Final[dict[InputKind, str]] = {"html": "html", "text": "lines"}
"""The form that each kind of input is scored in."""
_SHARES: Final = (0.125, 0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class LearningPoint:
    """What a model reached that was trained on a part of the sites.

    Attributes:
        form: it was scored in.
        sites, pages: it was trained on.
        body: word-F1 of the body, held-out gold pages.
        main_text: the same against the main text of held-out wcxb-dev pages, if there are any.
        macro: macro F1 of the nine labels, held-out gold pages.
        version: the model whose training pages these are.
    """

    form: str
    sites: int
    pages: int
    body: float
    main_text: float | None
    macro: float
    version: str


def learning_curve(  # noqa: PLR0917
    pages: Sequence[LabelledPage], folds: int, seed: int, fit: Fit, report: Report, version: str
) -> Iterator[LearningPoint]:
    """Train on 1/8, 1/4, 1/2 and all of the sites outside the first fold, score on that fold.

    A smaller part is always within the larger ones. Probabilities are as the network gives them,
    without the calibration that cross-validation adds.

    Args:
        pages: all labelled pages.
        folds, seed: as in the cross-validation.
        fit: trains the classifiers on pages.
        report: is told of the progress.
        version: the model that all pages train.
    """
    fold_of = folds_by_site(pages, folds, seed)
    held_out = [page for page in pages if fold_of[page.site] == 0]
    sites = sorted({page.site for page in pages if fold_of[page.site] != 0})
    order = np.random.default_rng(seed).permutation(len(sites))
    for share in _SHARES:
        chosen = {sites[index] for index in order[: max(1, round(share * len(sites)))]}
        inside = [page for page in pages if page.site in chosen]
        report(f"learning curve: {len(chosen):,} sites")
        classifiers = fit(inside, seed, report)
        for kind, form in CURVE_FORMS.items():
            predictions = predict(held_out, kind, classifiers[kind], seed)
            scored = with_empty_pages(predictions, held_out)
            yield _point(form, len(chosen), len(inside), version, scored)


def _point(
    form: str, sites: int, pages: int, version: str, predictions: Iterable[Prediction]
) -> LearningPoint:
    figures = evaluate(p for p in predictions if p.form == form)[form]
    main_text = figures["main_text"].get("wcxb-dev")
    return LearningPoint(
        form=form,
        sites=sites,
        pages=pages,
        body=figures["body"]["all"]["f1"],
        main_text=main_text["f1"] if main_text else None,
        macro=figures["macro_f1"],
        version=version,
    )
