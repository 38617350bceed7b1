"""Train the shipped model: cross-validate by site, calibrate, fit on all, write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from segmenter.classifier import BlockClassifier
from segmenter.errors import CorpusError
from segmenter.model_package import Manifest, write_model
from segmenter.training.calibration import Calibration, fit_calibration
from segmenter.training.card import model_card
from segmenter.training.corpora import (
    OWNERS_PAGE,
    LabelledPage,
    corpus_files,
    file_sha256,
    load_corpora,
    load_gold,
    load_seeds,
)
from segmenter.training.dataset import folds_by_site, html_pages, text_pages
from segmenter.training.evaluate import Prediction, evaluate, known_labels
from segmenter.training.fit import fit_classifier
from segmenter.training.optimise import Schedule
from segmenter.training.predict import predict
from segmenter.types import InputKind

__all__ = ["Sources", "cross_validate", "load_pages", "train"]

Report = Callable[[str], None]
_GOLD_WEIGHT: Final = 3.0
"""Pages labelled block by block count for so many with only their main text."""
_SEED_WEIGHT: Final = 9.0
"""The seeds are few, and hold on purpose what real pages seldom have."""
_SMALL: Final = 200
_SMALL_SCHEDULE: Final = Schedule(hidden=32, epochs=40, lengths=(96, 1024))
"""With fewer pages the network is smaller, sees them more often, and is compiled less often."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the labelled pages come from; at least the seeds.

    Attributes:
        seeds: a ``seeds`` folder.
        gold: a JSON lines file of pages labelled block by block.
        corpora: a folder of corpora with main-text gold.
    """

    seeds: Path
    gold: Path | None = None
    corpora: Path | None = None

    def files(self) -> list[Path]:
        """Every file that is trained on, in order."""
        pages = sorted(path for path in (self.seeds / "pages").glob("*") if path.is_file())
        result = [path for path in pages if not path.name.startswith(OWNERS_PAGE)]
        if self.gold is not None:
            result.append(self.gold)
        if self.corpora is not None:
            result += [path for path in corpus_files(self.corpora) if path.exists()]
        return result


def load_pages(sources: Sources, report: Report) -> list[LabelledPage]:
    """All labelled pages; a page that has gold labels also keeps its corpus's main text.

    Raises:
        CorpusError: a source is missing or malformed.
    """
    pages = list(load_seeds(sources.seeds))
    gold = list(load_gold(sources.gold)) if sources.gold is not None else []
    corpora = list(load_corpora(sources.corpora)) if sources.corpora is not None else []
    main_text = {page.id: page.main_text for page in corpora}
    pages += [replace(page, main_text=main_text.get(page.id)) for page in gold]
    labelled = {page.id for page in gold}
    pages += [page for page in corpora if page.id not in labelled]
    report(f"{len(pages):,} pages of {len({page.site for page in pages}):,} sites")
    return pages


def cross_validate(
    pages: Sequence[LabelledPage], kind: InputKind, folds: int, seed: int, report: Report
) -> tuple[list[Prediction], Calibration]:
    """Predict every page by a model that was trained without its site.

    Each fold's probabilities are calibrated on the other folds' held-out pages.

    Returns:
        the calibrated predictions, and the calibration for a model trained on all pages.
    """
    fold_of = folds_by_site(pages, folds, seed)
    raw: list[list[Prediction]] = []
    for fold in range(folds):
        inside = [page for page in pages if fold_of[page.site] != fold]
        outside = [page for page in pages if fold_of[page.site] == fold]
        told = _prefixed(report, f"{kind}, fold {fold + 1} of {folds}")
        classifier = _fit(inside, kind, seed, told)
        raw.append(list(predict(outside, kind, classifier, seed)))
        told(f"{_share_right(raw[-1]):.4f} of the words held out are labelled right")
    result: list[Prediction] = []
    for fold in range(folds):
        others = [p for index, group in enumerate(raw) if index != fold for p in group]
        calibration = _calibrated(others)
        result += [replace(p, probabilities=calibration.apply(p.probabilities)) for p in raw[fold]]
    return result, _calibrated([p for group in raw for p in group])


def train(  # noqa: PLR0917
    sources: Sources, target: Path, version: str, folds: int, seed: int, report: Report
) -> Manifest:
    """Train a model directory from labelled pages.

    Raises:
        CorpusError: a source is missing or malformed, or has pages of too few sites.
    """
    pages = load_pages(sources, report)
    sites = len({page.site for page in pages})
    if sites < folds:
        raise CorpusError(f"pages of {sites} sites can't be split into {folds} folds by site")
    classifiers: dict[InputKind, BlockClassifier] = {}
    predictions: list[Prediction] = []
    kinds: tuple[InputKind, ...] = ("text", "html")
    for kind in kinds:
        held_out, calibration = cross_validate(pages, kind, folds, seed, report)
        predictions += held_out
        fitted = _fit(pages, kind, seed, _prefixed(report, f"{kind}, all pages"))
        network = fitted.network.rescaled(calibration.factor, calibration.bias)
        classifiers[kind] = replace(fitted, network=network)
    figures = evaluate(predictions)
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
    return write_model(target, classifiers, describe, card)


def _prefixed(report: Report, prefix: str) -> Report:
    return lambda line: report(f"{prefix}: {line}")


def _fit(
    pages: Sequence[LabelledPage], kind: InputKind, seed: int, report: Report
) -> BlockClassifier:
    measured = list(html_pages(pages) if kind == "html" else text_pages(pages, seed))
    if not measured:
        raise CorpusError(f"no {kind} pages to train on")
    weighted = [
        replace(page, weight=page.weight * _page_weight(page.labelled)) for page in measured
    ]
    schedule = Schedule() if len(pages) >= _SMALL else _SMALL_SCHEDULE
    report(f"fitting on {len(weighted):,} pages")
    return fit_classifier(weighted, seed, schedule, report)


def _page_weight(page: LabelledPage) -> float:
    if page.source == "seeds":
        return _SEED_WEIGHT
    return _GOLD_WEIGHT if page.gold is not None else 1.0


def _share_right(predictions: Sequence[Prediction]) -> float:
    right = total = 0
    for prediction in predictions:
        known = known_labels(prediction.labelled)
        counted = np.where(known >= 0, prediction.words, 0)
        right += int(counted[prediction.probabilities.argmax(axis=1) == known].sum())
        total += int(counted.sum())
    return right / max(total, 1)


def _calibrated(predictions: Sequence[Prediction]) -> Calibration:
    probabilities, labels = [], []
    for prediction in predictions:
        known = known_labels(prediction.labelled)
        sure = (known >= 0) & (prediction.labelled.gold is not None) & (prediction.words > 0)
        probabilities.append(prediction.probabilities[sure])
        labels.append(known[sure])
    return fit_calibration(np.concatenate(probabilities), np.concatenate(labels))
