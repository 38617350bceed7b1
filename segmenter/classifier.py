"""Measured features to calibrated probabilities: the learned part of the segmenter.

For each block: scores of its words and markup tokens by linear models; the likeliest headlines by
a small logistic regression, and how the block repeats them; then a convolutional network over the
sequence of blocks (see ``network``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from segmenter.correction import Correction
from segmenter.features import PageFeatures
from segmenter.features.columns import Column, stacked
from segmenter.features.repetition import SIMILARITY_NAMES, Lines, similarity_columns
from segmenter.features.vocabulary import WeightTable, text_scores
from segmenter.network import Network, product, standardised
from segmenter.profiles.memory import SiteMemory
from segmenter.types import FloatArray

__all__ = [
    "CANDIDATE_NAMES",
    "BlockClassifier",
    "HeadlineScorer",
    "candidate_features",
]

_CANDIDATES: Final = 2
CANDIDATE_NAMES: Final[tuple[str, ...]] = (
    "headline_score",
    *(
        f"candidate_{rank}_{name}"
        for rank in range(1, _CANDIDATES + 1)
        for name in (*SIMILARITY_NAMES, "distance", "is_it")
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class HeadlineScorer:
    """Logistic regression: how likely each block is the page's headline."""

    mean: FloatArray
    scale: FloatArray
    weights: FloatArray
    bias: float

    def scores(self, features: FloatArray, runs: Sequence[tuple[int, int]] = ()) -> FloatArray:
        """Shape (n,), log odds; for ``runs`` see ``product``."""
        standard = standardised(features, self.mean, self.scale)
        result: FloatArray = product(standard, self.weights, runs) + self.bias
        return result


@dataclass(frozen=True, slots=True, eq=False)
class BlockClassifier:
    """All that is learned for one kind of input.

    Attributes:
        text_table: scores of text tokens.
        structure_table: scores of markup tokens; ``None`` for raw text.
        headline: scores of headline candidates.
        network: features to probabilities.
        correction: what a user's labels add; ``None`` in a model that was not adapted.
        memory: what a profile of the page's site adds, where there is one; see ``Segmenter``.
    """

    text_table: WeightTable
    structure_table: WeightTable | None
    headline: HeadlineScorer
    network: Network
    correction: Correction | None = None
    memory: SiteMemory | None = None

    def probabilities(self, page: PageFeatures) -> FloatArray:
        """Shape (n, 9): the calibrated probability of each label for each block.

        Several pages give what each gives alone, bit by bit; with a correction it is one page.
        """
        if self.correction is None:
            hidden = self._first_layer(page)
            runs = page.runs(0, len(page))
            return np.concatenate([self.network.finished(hidden[low:high]) for low, high in runs])
        features = self.features(page)
        found = self.network.probabilities(features)
        return self.correction.applied(found, page, self.network.standardised(features))

    def _first_layer(self, page: PageFeatures) -> FloatArray:
        """Shape (n, width): what all columns add to the network's first layer.

        The features never stand in memory for the whole of a long page.
        """
        hidden = np.empty((len(page), self.network.params["in_w"].shape[1]), dtype=np.float32)
        headline = np.empty(len(page), dtype=np.float32)
        first = 0
        for start, end, rows in self._scored(page):
            runs = page.runs(start, end)
            hidden[start:end] = self.network.projected(rows, 0, runs)
            headline[start:end] = self.headline.scores(rows, runs)
            first = rows.shape[1]
        for start, end, rows in _candidate_rows(page, headline):
            hidden[start:end] += self.network.projected(rows, first, page.runs(start, end))
        return hidden

    def features(self, page: PageFeatures) -> FloatArray:
        """Shape (n, features): measured, scored and compared with the headline candidates."""
        rows = np.concatenate([rows for _, _, rows in self._scored(page)])
        return np.concatenate([rows, candidate_features(page, self.headline.scores(rows))], axis=1)

    def _scored(self, page: PageFeatures) -> Iterator[tuple[int, int, FloatArray]]:
        """The rows of each piece of a page, measured and scored."""
        markup = None
        if self.structure_table is not None and page.structure_tokens is not None:
            markup = page.structure_tokens.scorer(self.structure_table)
        for start, end in page.pieces():
            words = page.words.of_blocks(start, end)
            columns = [page.rows(start, end), text_scores(words, self.text_table)]
            if markup is not None:
                columns.append(markup.scores(start, end))
            yield start, end, np.concatenate(columns, axis=1)


def candidate_features(page: PageFeatures, scores: FloatArray) -> FloatArray:
    """Shape (n, len(CANDIDATE_NAMES)): how blocks repeat the likeliest headlines.

    Distances are in blocks, signed logs.
    """
    return np.concatenate([rows for _, _, rows in _candidate_rows(page, scores)])


def _candidate_rows(
    page: PageFeatures, scores: FloatArray
) -> Iterator[tuple[int, int, FloatArray]]:
    """The candidate features of each piece of a page."""
    words, pages = page.words, page.pages
    usable = np.where(words.counts > 0, scores, -np.inf)
    candidates = np.empty((_CANDIDATES, len(pages)), dtype=np.int64)
    for place, (low, high) in enumerate(pairwise(pages.first.tolist())):
        ranked = np.argsort(-usable[low:high], kind="stable")[:_CANDIDATES]
        candidates[:, place] = low + ranked[-1]
        candidates[: len(ranked), place] = low + ranked
    lines = [Lines.of(words, blocks) for blocks in candidates]
    for start, end in page.pieces():
        columns: list[Column] = [np.clip(scores[start:end], -10, 10)]
        here, index = words.of_blocks(start, end), np.arange(start, end)
        number = pages.of_block[start:end]
        for blocks, line in zip(candidates, lines, strict=True):
            distance = index - blocks.take(number)
            columns += [
                *similarity_columns(here, line, number),
                np.sign(distance) * np.log1p(np.abs(distance)),
                distance == 0,
            ]
        yield start, end, stacked(columns, end - start)
