"""Training pages to a classifier: tables out of fold, headline scorer, network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression

from segmenter.classifier import BlockClassifier, HeadlineScorer, candidate_features
from segmenter.features import MEASURED_NAMES
from segmenter.features.vocabulary import Tokens, WeightTable
from segmenter.training.batches import Example
from segmenter.training.dataset import TrainingPage, folds_by_site
from segmenter.training.linear import TABLE_COLUMNS, fit_table
from segmenter.training.optimise import Schedule, fit_network
from segmenter.training.targets import block_targets, sure_labels
from segmenter.training.whole_page import whole_page
from segmenter.types import LABEL_INDEX, FloatArray, InputKind

__all__ = ["FirstStage", "FoldedTable", "fit_classifier", "fit_first_stage"]

_INNER_FOLDS: Final = 4
_HEADLINE: Final = 1 << LABEL_INDEX["headline"]
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class FoldedTable:
    """A table of token scores, and others that have not seen some of the sites.

    Pages of the training sites are scored by the table that has not seen their site, so that the
    network meets scores as good as, and no better than, those it will meet on new sites.

    Attributes:
        whole: fitted on all pages.
        inner: each fitted without the pages of one fold.
        fold_of: the fold of each site, an index into ``inner``.
    """

    whole: WeightTable
    inner: tuple[WeightTable, ...]
    fold_of: Mapping[str, int]

    def unseen(self, site: str) -> WeightTable:
        """A table that was fitted without the site."""
        fold = self.fold_of.get(site)
        return self.whole if fold is None else self.inner[fold]


@dataclass(frozen=True, slots=True, eq=False)
class FirstStage:
    """What is fitted before the network."""

    kind: InputKind
    text_table: FoldedTable
    structure_table: FoldedTable | None
    headline: HeadlineScorer

    def features(self, page: TrainingPage) -> FloatArray:
        """Shape (n, features) for the network."""
        scored = _scored(page, self.text_table, self.structure_table)
        candidates = candidate_features(page.features, self.headline.scores(scored))
        return np.concatenate([scored, candidates], axis=1)


def fit_first_stage(pages: Sequence[TrainingPage], seed: int, report: Report) -> FirstStage:
    """Fit the tables and the scorer of headlines on pages of one kind of input."""
    kind = pages[0].features.input
    text = _table([p.features.text_tokens for p in pages], pages, seed)
    report("text table fitted")
    structure: FoldedTable | None = None
    if kind == "html":
        markup = [p.features.structure_tokens for p in pages]
        tokens = [item.tokens() for item in markup if item is not None]
        structure = _table(tokens, pages, seed)
        report("structure table fitted")
    labelled = [page for page in pages if page.labelled.gold is not None]
    scored = [_scored(page, text, structure) for page in labelled]
    return FirstStage(kind, text, structure, _fit_headline(scored, labelled))


def fit_classifier(
    first: FirstStage,
    pages: Iterable[TrainingPage],
    seed: int,
    schedule: Schedule,
    report: Report,
) -> BlockClassifier:
    """Fit the network.

    Args:
        first: fitted on some of these pages, or on others of their sites.
        pages: to be learned from.
        seed: of everything random.
        schedule: size and length.
        report: is told of the progress.
    """
    examples = (
        Example(
            first.features(page),
            block_targets(page.allowed, page.labelled.teacher),
            page.weight,
            whole_page(page.labelled, page.features.words.counts),
        )
        for page in pages
    )
    measured = len(MEASURED_NAMES[first.kind])
    vocabulary = range(measured, measured + len(TABLE_COLUMNS))
    network = fit_network(examples, seed, schedule, vocabulary, report)
    structure = first.structure_table
    return BlockClassifier(
        first.text_table.whole,
        None if structure is None else structure.whole,
        first.headline,
        network,
    )


def _scored(page: TrainingPage, text: FoldedTable, structure: FoldedTable | None) -> FloatArray:
    """Shape (n, features): measured, and scored by the tables."""
    features, site = page.features, page.labelled.site
    parts = [features.measured, text.unseen(site).scores(features.text_tokens)]
    if structure is not None and features.structure_tokens is not None:
        parts.append(features.structure_tokens.scores(structure.unseen(site)))
    return np.concatenate(parts, axis=1)


def _table(tokens: Sequence[Tokens], pages: Sequence[TrainingPage], seed: int) -> FoldedTable:
    fold_of = folds_by_site([page.labelled for page in pages], _INNER_FOLDS, seed)
    fold = np.array([fold_of[page.labelled.site] for page in pages])
    known = [sure_labels(p.allowed, p.labelled.weight, p.labelled.teacher) for p in pages]

    def fitted(chosen: Sequence[int]) -> WeightTable:
        return fit_table(
            [tokens[i] for i in chosen],
            [known[i][0] for i in chosen],
            [known[i][1] for i in chosen],
            seed,
        )

    everything = list(range(len(pages)))
    inner = [
        fitted(np.flatnonzero(fold != number).tolist() or everything)
        for number in range(_INNER_FOLDS)
    ]
    return FoldedTable(fitted(everything), tuple(inner), fold_of)


def _fit_headline(features: Sequence[FloatArray], pages: Sequence[TrainingPage]) -> HeadlineScorer:
    stacked = np.concatenate(features)
    target = np.concatenate([page.allowed for page in pages]) == _HEADLINE
    mean = stacked.mean(axis=0)
    scale = np.maximum(stacked.std(axis=0), 1e-3)
    standard = np.clip((stacked - mean) / scale, -6, 6)
    model = LogisticRegression(C=0.1, max_iter=300).fit(standard, target)
    return HeadlineScorer(
        mean, scale, model.coef_[0].astype(np.float32), float(model.intercept_[0])
    )
