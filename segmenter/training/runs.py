"""Whole evaluations: of a model directory, or by cross-validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segmenter.classifier import BlockClassifier
from segmenter.model_package import load_model, read_manifest, shipped_model_path
from segmenter.training.card import kept_learning_curve, write_card
from segmenter.training.compare import compare, page_html
from segmenter.training.corpora import LabelledPage, file_sha256
from segmenter.training.cross_validation import cross_validate
from segmenter.training.evaluate import Prediction, evaluate
from segmenter.training.learning import learning_curve
from segmenter.training.predict import predict
from segmenter.training.predictions import (
    load_predictions,
    save_predictions,
    with_empty_pages,
)
from segmenter.training.recipe import KINDS, fit_pages
from segmenter.training.sources import Report, Sources, load_pages, load_unlabelled_pages
from segmenter.types import InputKind

__all__ = ["CrossValidation", "figures_by_cross_validation", "figures_of_model"]


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """How to evaluate a recipe on sites that are held out.

    Attributes:
        folds: by site.
        seed: of everything random.
        predictions: a file to take the predictions from; if it is not there, it is written.
        compare: run the rivals on the same pages; what they reach is kept beside the predictions.
        card: a model directory whose card is written anew.
        learning_curve: train on parts of the sites too; else the card keeps the one it has.
    """

    folds: int = 5
    seed: int = 0
    predictions: Path | None = None
    compare: bool = False
    card: Path | None = None
    learning_curve: bool = False


def figures_of_model(
    sources: Sources, model: Path | None, seed: int, report: Report
) -> dict[str, Any]:
    """The figures of a model directory (the shipped one for ``None``) on labelled pages.

    Raises:
        ModelError: the model can't be used.
        CorpusError: a source is missing or malformed.
    """
    path = shipped_model_path() if model is None else model
    known = set(read_manifest(path).corpora.values())
    seen = [file.name for file in sources.files() if file_sha256(file) in known]
    if seen:
        report(f"warning: the model was trained on {len(seen)} of these files ({seen[0]} …)")
    loaded = load_model(path)
    pages = load_pages(sources, report)
    predictions = (
        prediction
        for kind in KINDS
        for prediction in predict(pages, kind, loaded.classifiers[kind], seed)
    )
    return evaluate(with_empty_pages(predictions, pages))


def figures_by_cross_validation(
    sources: Sources, run: CrossValidation, report: Report
) -> dict[str, Any]:
    """The figures of models that were each trained without the sites they are scored on.

    Raises:
        CorpusError: a source is missing or malformed, or stored predictions are of other pages.
        ModelError: ``run.card`` is not a model directory.
        MissingExtraError: a rival is not installed.
    """
    manifest = None if run.card is None else read_manifest(run.card)
    pages = load_pages(sources, report)
    predictions = list(with_empty_pages(_predictions(sources, pages, run, report), pages))
    rivals = (
        compare(predictions, page_html(sources.files()), report, _kept_rivals(run.predictions))
        if run.compare
        else []
    )
    report("scoring")
    figures = evaluate(predictions, rivals)
    if run.card is not None and manifest is not None:
        points = (
            learning_curve(pages, run.folds, run.seed, _fit_labelled, report, manifest.version)
            if run.learning_curve
            else kept_learning_curve(run.card)
        )
        describe = manifest.to_dict() | {"split": f"{run.folds} folds by site"}
        write_card(run.card, describe, pages, figures, points)
    return figures


def _predictions(
    sources: Sources, pages: list[LabelledPage], run: CrossValidation, report: Report
) -> Iterator[Prediction]:
    if run.predictions is not None and run.predictions.exists():
        report(f"predictions are taken from {run.predictions}")
        yield from load_predictions(run.predictions, pages, run.folds, run.seed)
        return
    unlabelled = load_unlabelled_pages(sources, pages, report)
    held_out = cross_validate(pages, unlabelled, run.folds, run.seed, report)
    found = [prediction for kind in KINDS for prediction in held_out[kind][0]]
    if run.predictions is not None:
        save_predictions(run.predictions, found, run.folds, run.seed)
    yield from found


def _fit_labelled(
    pages: Sequence[LabelledPage], seed: int, report: Report
) -> Mapping[InputKind, BlockClassifier]:
    """Without the pages that have no labels: they do not grow with the sites."""
    return fit_pages(pages, (), seed, report)


def _kept_rivals(predictions: Path | None) -> Path | None:
    return None if predictions is None else predictions.with_suffix(".rivals.json")
