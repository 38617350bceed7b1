"""Training pages to a classifier: tables out of fold, headline scorer, network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression

from segmenter.classifier import BlockClassifier, HeadlineScorer, candidate_features
from segmenter.features import MEASURED_NAMES
from segmenter.features.vocabulary import Tokens, WeightTable
from segmenter.training.dataset import TrainingPage, folds_by_site
from segmenter.training.linear import TABLE_COLUMNS, fit_table
from segmenter.training.optimise import Example, Schedule, fit_network
from segmenter.training.targets import block_targets, sure_labels
from segmenter.types import LABEL_INDEX, FloatArray, InputKind

__all__ = ["FirstStage", "fit_classifier", "fit_first_stage"]

_INNER_FOLDS: Final = 4
_HEADLINE: Final = 1 << LABEL_INDEX["headline"]
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class FirstStage:
    """What is fitted before the network, and what it says of the training pages.

    The training pages are scored out of fold (by site), so that the network meets scores as good
    as, and no better than, those it will meet on new sites.

    Attributes:
        scored: for each training page shape (n, features), measured and scored.
    """

    kind: InputKind
    text_table: WeightTable
    structure_table: WeightTable | None
    headline: HeadlineScorer
    scored: tuple[FloatArray, ...]

    def features(self, page: TrainingPage, scored: FloatArray | None = None) -> FloatArray:
        """Shape (n, features) for the network; of a page that was not trained on if not scored."""
        if scored is None:
            parts = [
                page.features.measured,
                self.text_table.scores(page.features.text_tokens),
            ]
            if self.structure_table is not None and page.features.structure_tokens is not None:
                parts.append(page.features.structure_tokens.scores(self.structure_table))
            scored = np.concatenate(parts, axis=1)
        candidates = candidate_features(page.features, self.headline.scores(scored))
        return np.concatenate([scored, candidates], axis=1)


def fit_first_stage(pages: Sequence[TrainingPage], seed: int, report: Report) -> FirstStage:
    """Fit the tables and the scorer of headlines on pages of one kind of input."""
    kind = pages[0].features.input
    text_table, text_scores = _table([p.features.text_tokens for p in pages], pages, seed)
    report("text table fitted")
    structure_table: WeightTable | None = None
    parts = [
        [page.features.measured, scores] for page, scores in zip(pages, text_scores, strict=True)
    ]
    if kind == "html":
        markup = [p.features.structure_tokens for p in pages]
        tokens = [item.tokens() for item in markup if item is not None]
        structure_table, structure_scores = _table(tokens, pages, seed)
        for part, scores in zip(parts, structure_scores, strict=True):
            part.append(scores)
        report("structure table fitted")
    scored = tuple(np.concatenate(part, axis=1) for part in parts)
    headline = _fit_headline(scored, pages)
    return FirstStage(kind, text_table, structure_table, headline, scored)


def fit_classifier(  # noqa: PLR0917
    first: FirstStage,
    pages: Sequence[TrainingPage],
    more: Sequence[TrainingPage],
    seed: int,
    schedule: Schedule,
    report: Report,
) -> BlockClassifier:
    """Fit the network.

    Args:
        first: fitted on ``pages``.
        pages: the same pages again, in the same order; their targets may have changed.
        more: pages that the first stage was not fitted on.
        seed: of everything random.
        schedule: size and length.
        report: is told of the progress.
    """
    scored: list[FloatArray | None] = [*first.scored, *(None for _ in more)]
    examples = [
        Example(
            first.features(page, scores),
            block_targets(page.allowed, page.labelled.teacher),
            page.weight,
        )
        for page, scores in zip((*pages, *more), scored, strict=True)
    ]
    measured = len(MEASURED_NAMES[first.kind])
    vocabulary = range(measured, measured + len(TABLE_COLUMNS))
    network = fit_network(examples, seed, schedule, vocabulary, report)
    return BlockClassifier(first.text_table, first.structure_table, first.headline, network)


def _table(
    tokens: Sequence[Tokens], pages: Sequence[TrainingPage], seed: int
) -> tuple[WeightTable, list[FloatArray]]:
    """The table fitted on all pages, and each page's scores by one that has not seen its site."""
    sites = folds_by_site([page.labelled for page in pages], _INNER_FOLDS, seed)
    fold = np.array([sites[page.labelled.site] for page in pages])
    scores: list[FloatArray] = [np.zeros((0, 0), dtype=np.float32)] * len(pages)

    known = [sure_labels(p.allowed, p.labelled.weight, p.labelled.teacher) for p in pages]

    def fitted(chosen: Sequence[int]) -> WeightTable:
        return fit_table(
            [tokens[i] for i in chosen],
            [known[i][0] for i in chosen],
            [known[i][1] for i in chosen],
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
