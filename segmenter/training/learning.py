"""The learning curve: models trained on parts of the sites, scored on one held-out fold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from segmenter.classifier import BlockClassifier
from segmenter.training.corpora import LabelledPage
from segmenter.training.dataset import folds_by_site
from segmenter.training.evaluate import Prediction, evaluate
from segmenter.training.predict import predict
from segmenter.training.predictions import with_empty_pages
from segmenter.training.recipe import prefixed
from segmenter.training.side_by_side import side_by_side
from segmenter.types import InputKind

__all__ = ["CURVE_FORMS", "Fit", "LearningPoint", "learning_curve", "learning_parts"]

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
) -> list[LearningPoint]:
    """Train on 1/8, 1/4, 1/2 and all of the sites outside the first fold, score on that fold.

    Probabilities are as the network gives them, without the calibration that cross-validation
    adds.

    Args:
        pages: all labelled pages.
        folds, seed: as in the cross-validation.
        fit: trains the classifiers on pages; picklable, as ``report`` is.
        report: is told of the progress.
        version: the model that all pages train.
    """
    held_out, parts = learning_parts(pages, folds, seed)
    longest_first = (
        partial(_points, part, held_out, seed, fit, report, version) for part in reversed(parts)
    )
    return [point for points in reversed(side_by_side(longest_first)) for point in points]


def learning_parts(
    pages: Sequence[LabelledPage], folds: int, seed: int
) -> tuple[list[LabelledPage], list[list[LabelledPage]]]:
    """The pages of the first fold, and those of 1/8, 1/4, 1/2 and all of the sites outside it, each
    part within the next."""
    fold_of = folds_by_site(pages, folds, seed)
    sites = sorted({page.site for page in pages if fold_of[page.site] != 0})
    order = np.random.default_rng(seed).permutation(len(sites))
    chosen = (
        {sites[index] for index in order[: max(1, round(share * len(sites)))]} for share in _SHARES
    )
    parts = [[page for page in pages if page.site in some] for some in chosen]
    return [page for page in pages if fold_of[page.site] == 0], parts


def _points(  # noqa: PLR0917
    inside: Sequence[LabelledPage],
    held_out: Sequence[LabelledPage],
    seed: int,
    fit: Fit,
    report: Report,
    version: str,
) -> list[LearningPoint]:
    """What models that are trained on some pages reach, one for each kind of input."""
    sites = len({page.site for page in inside})
    classifiers = fit(inside, seed, prefixed(report, f"learning curve, {sites:,} sites"))
    points = []
    for kind, form in CURVE_FORMS.items():
        predictions = predict(held_out, kind, classifiers[kind], seed)
        scored = with_empty_pages(predictions, held_out)
        points.append(_point(form, sites, len(inside), version, scored))
    return points


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
