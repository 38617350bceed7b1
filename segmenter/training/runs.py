"""Whole evaluations: of a model directory, or by cross-validation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from segmenter.model_package import load_model, read_manifest, shipped_model_path
from segmenter.training.corpora import file_sha256
from segmenter.training.evaluate import Prediction, evaluate
from segmenter.training.predict import predict
from segmenter.training.train import Sources, cross_validate, load_pages
from segmenter.types import InputKind

__all__ = ["figures_by_cross_validation", "figures_of_model"]

_KINDS: tuple[InputKind, ...] = ("text", "html")


def figures_of_model(
    sources: Sources, model: Path | None, seed: int, report: Callable[[str], None]
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
    return evaluate(
        prediction
        for kind in _KINDS
        for prediction in predict(pages, kind, loaded.classifiers[kind], seed)
    )


def figures_by_cross_validation(
    sources: Sources, folds: int, seed: int, report: Callable[[str], None]
) -> dict[str, Any]:
    """The figures of models that were each trained without the sites they are scored on.

    Raises:
        CorpusError: a source is missing or malformed.
    """
    pages = load_pages(sources, report)
    predictions: list[Prediction] = []
    for kind in _KINDS:
        predictions += cross_validate(pages, kind, folds, seed, report)[0]
    return evaluate(predictions)
