"""Train the shipped model: cross-validate by site, calibrate, fit on all, write."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from segmenter.classifier import BlockClassifier
from segmenter.errors import CorpusError
from segmenter.model_package import Manifest, write_model
from segmenter.training.card import model_card
from segmenter.training.corpora import file_sha256
from segmenter.training.cross_validation import train_and_cross_validate
from segmenter.training.evaluate import evaluate
from segmenter.training.predictions import save_predictions, with_empty_pages
from segmenter.training.recipe import KINDS
from segmenter.training.replay import replay_of
from segmenter.training.site_memory import fit_memories
from segmenter.training.sources import Report, Sources, load_pages, load_unlabelled_pages
from segmenter.types import InputKind

__all__ = ["train"]


def train(  # noqa: PLR0917
    sources: Sources,
    target: Path,
    version: str,
    folds: int,
    seed: int,
    report: Report,
    *,
    predictions: Path | None = None,
) -> Manifest:
    """Train a model directory from labelled pages.

    Raises:
        CorpusError: a source is missing or malformed, or has pages of too few sites.
    """
    pages = load_pages(sources, report)
    sites = len({page.site for page in pages})
    if sites < folds:
        raise CorpusError(f"pages of {sites} sites can't be split into {folds} folds by site")
    unlabelled = load_unlabelled_pages(sources, pages, report)
    fitted, held_out = train_and_cross_validate(pages, unlabelled, folds, seed, report)
    found = [prediction for kind in KINDS for prediction in held_out[kind][0]]
    if predictions is not None:
        save_predictions(predictions, found, folds, seed)
    memories = fit_memories(found, unlabelled)
    classifiers: dict[InputKind, BlockClassifier] = {}
    for kind in KINDS:
        network = fitted[kind].network.rescaled(held_out[kind][1].factor)
        classifiers[kind] = replace(fitted[kind], network=network, memory=memories.get(kind))
    figures = evaluate(with_empty_pages(found, pages))
    describe: dict[str, Any] = {
        "name": "default" if sources.corpora is not None else "seeds-only",
        "version": version,
        "created": datetime.now(UTC).date().isoformat(),
        "corpora": {path.name: file_sha256(path) for path in sources.files()},
        "split": f"{folds} folds by site",
        "seed": seed,
        "metrics": figures,
    }
    card = model_card(describe, pages, figures)
    replay = replay_of(pages, classifiers, seed)
    return write_model(target, classifiers, describe, card, replay)
