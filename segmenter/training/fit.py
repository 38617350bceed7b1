"""Training pages to a classifier: tables out of fold, headline scorer, network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression

from segmenter.classifier import BlockClassifier, HeadlineScorer, candidate_features
from segmenter.features import MEASURED_NAMES
from segmenter.features.vocabulary import Tokens, WeightTable
from segmenter.training.dataset import TrainingPage, folds_by_site
from segmenter.training.linear import TABLE_COLUMNS, fit_table
from segmenter.training.optimise import Example, Schedule, fit_network
from segmenter.types import LABEL_INDEX, FloatArray

__all__ = ["fit_classifier"]

_INNER_FOLDS: Final = 3
_HEADLINE: Final = 1 << LABEL_INDEX["headline"]


def fit_classifier(
    pages: Sequence[TrainingPage],
    seed: int,
    schedule: Schedule,
    report: Callable[[str], None],
) -> BlockClassifier:
    """Fit all that is learned for one kind of input.

    The tables score the training pages out of fold (by site), so that the network meets scores as
    good as, and no better than, those it will meet on new sites.
    """
    kind = pages[0].features.input
    text_table, text_scores = _table([p.features.text_tokens for p in pages], pages, seed)
    report("text table fitted")
    structure_table: WeightTable | None = None
    parts = [
        [page.features.measured, scores] for page, scores in zip(pages, text_scores, strict=True)
    ]
    if kind == "html":
        tokens = [
            p.features.structure_tokens.tokens() for p in pages if p.features.structure_tokens
        ]
        structure_table, structure_scores = _table(tokens, pages, seed)
        for part, scores in zip(parts, structure_scores, strict=True):
            part.append(scores)
        report("structure table fitted")
    features = [np.concatenate(part, axis=1) for part in parts]
    headline = _fit_headline(features, pages)
    examples = [
        Example(
            np.concatenate(
                [matrix, candidate_features(page.features, headline.scores(matrix))], axis=1
            ),
            page.allowed,
            page.weight,
        )
        for matrix, page in zip(features, pages, strict=True)
    ]
    measured = len(MEASURED_NAMES[kind])
    vocabulary = range(measured, measured + len(TABLE_COLUMNS))
    network = fit_network(examples, seed, schedule, vocabulary, report)
    return BlockClassifier(text_table, structure_table, headline, network)


def _table(
    tokens: Sequence[Tokens], pages: Sequence[TrainingPage], seed: int
) -> tuple[WeightTable, list[FloatArray]]:
    """The table fitted on all pages, and each page's scores by one that has not seen its site."""
    sites = folds_by_site([page.labelled for page in pages], _INNER_FOLDS, seed)
    fold = np.array([sites[page.labelled.site] for page in pages])
    scores: list[FloatArray] = [np.zeros((0, 0), dtype=np.float32)] * len(pages)

    def fitted(chosen: Sequence[int]) -> WeightTable:
        return fit_table(
            [tokens[i] for i in chosen],
            [pages[i].allowed for i in chosen],
            [pages[i].labelled.weight for i in chosen],
            seed,
        )

    everything = list(range(len(pages)))
    for inner in range(_INNER_FOLDS):
        table = fitted(np.flatnonzero(fold != inner).tolist() or everything)
        for index in np.flatnonzero(fold == inner).tolist():
            scores[index] = table.scores(tokens[index])
    return fitted(everything), scores


def _fit_headline(features: Sequence[FloatArray], pages: Sequence[TrainingPage]) -> HeadlineScorer:
    chosen = [i for i, page in enumerate(pages) if page.labelled.gold is not None]
    stacked = np.concatenate([features[i] for i in chosen])
    target = np.concatenate([pages[i].allowed for i in chosen]) == _HEADLINE
    mean = stacked.mean(axis=0)
    scale = np.maximum(stacked.std(axis=0), 1e-3)
    standard = np.clip((stacked - mean) / scale, -6, 6)
    model = LogisticRegression(C=0.1, max_iter=300).fit(standard, target)
    return HeadlineScorer(
        mean, scale, model.coef_[0].astype(np.float32), float(model.intercept_[0])
    )
