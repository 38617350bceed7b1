"""Predict every labelled page by a model that was trained without its site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from segmenter.classifier import BlockClassifier
from segmenter.training.calibration import Calibration, fit_calibration
from segmenter.training.corpora import LabelledPage
from segmenter.training.dataset import folds_by_site
from segmenter.training.predict import predict
from segmenter.training.recipe import KINDS, fit_pages, prefixed
from segmenter.training.scoring import Prediction, known_labels
from segmenter.training.side_by_side import side_by_side
from segmenter.training.sources import Report
from segmenter.types import InputKind

__all__ = ["HeldOut", "cross_validate", "train_and_cross_validate"]

Classifiers = Mapping[InputKind, BlockClassifier]
HeldOut = Mapping[InputKind, tuple[list[Prediction], Calibration]]


def cross_validate(
    pages: Sequence[LabelledPage],
    unlabelled: Sequence[LabelledPage],
    folds: int,
    seed: int,
    report: Report,
) -> HeldOut:
    """Train and predict fold by fold, two at a time.

    Each fold's probabilities are calibrated on the other folds' held-out pages.

    Args:
        pages: labelled pages.
        unlabelled: see ``fit_pages``; pages of a held-out site are left out.
        folds: by site.
        seed: of everything random.
        report: is told of the progress; it has to be picklable.

    Returns:
        for each kind of input the calibrated predictions, and the calibration for a model that is
        trained on all pages.
    """
    fold_of = folds_by_site(pages, folds, seed)
    return _calibrated(
        side_by_side(
            partial(_held_out, pages, unlabelled, fold_of, fold, seed, report)
            for fold in range(folds)
        )
    )


def train_and_cross_validate(
    pages: Sequence[LabelledPage],
    unlabelled: Sequence[LabelledPage],
    folds: int,
    seed: int,
    report: Report,
) -> tuple[Classifiers, HeldOut]:
    """The classifiers trained on all pages, not yet calibrated, and what ``cross_validate`` gives;
    all in one queue, so that no core waits."""
    fold_of = folds_by_site(pages, folds, seed)
    told = prefixed(report, "all pages")
    # The longest first.
    tasks: list[partial[Any]] = [partial(fit_pages, pages, unlabelled, seed, told)]
    tasks += [
        partial(_held_out, pages, unlabelled, fold_of, fold, seed, report) for fold in range(folds)
    ]
    classifiers, *raw = side_by_side(tasks)
    return classifiers, _calibrated(raw)


def _held_out(  # noqa: PLR0917
    pages: Sequence[LabelledPage],
    unlabelled: Sequence[LabelledPage],
    fold_of: Mapping[str, int],
    fold: int,
    seed: int,
    report: Report,
) -> Mapping[InputKind, list[Prediction]]:
    told = prefixed(report, f"fold {fold + 1} of {max(fold_of.values()) + 1}")
    inside = [page for page in pages if fold_of[page.site] != fold]
    outside = [page for page in pages if fold_of[page.site] == fold]
    free = [page for page in unlabelled if fold_of.get(page.site) != fold]
    classifiers = fit_pages(inside, free, seed, told)
    result = {kind: list(predict(outside, kind, classifiers[kind], seed)) for kind in KINDS}
    for kind, predictions in result.items():
        told(f"{kind}: {_share_right(predictions):.4f} of the words held out are labelled right")
    return result


def _calibrated(folds: Sequence[Mapping[InputKind, list[Prediction]]]) -> HeldOut:
    return {kind: _calibrate([fold[kind] for fold in folds]) for kind in KINDS}


def _calibrate(raw: Sequence[list[Prediction]]) -> tuple[list[Prediction], Calibration]:
    result: list[Prediction] = []
    for fold, predictions in enumerate(raw):
        others = [p for index, group in enumerate(raw) if index != fold for p in group]
        calibration = _calibration(others)
        result += [
            replace(p, probabilities=calibration.apply(p.probabilities)) for p in predictions
        ]
    return result, _calibration([p for group in raw for p in group])


def _share_right(predictions: Sequence[Prediction]) -> float:
    right = total = 0
    for prediction in predictions:
        known = known_labels(prediction.labelled)
        counted = np.where(known >= 0, prediction.words, 0)
        right += int(counted[prediction.probabilities.argmax(axis=1) == known].sum())
        total += int(counted.sum())
    return right / max(total, 1)


def _calibration(predictions: Sequence[Prediction]) -> Calibration:
    probabilities, labels = [], []
    for prediction in predictions:
        known = known_labels(prediction.labelled)
        page = prediction.labelled
        sure = (known >= 0) & page.scored & (prediction.words > 0)
        probabilities.append(prediction.probabilities[sure])
        labels.append(known[sure])
    return fit_calibration(np.concatenate(probabilities), np.concatenate(labels))
