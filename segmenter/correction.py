"""What a user's labels add to a classifier.

Two linear models whose scores are added to the log probabilities that the classifier gives:

- weights of text and markup tokens. Where a page has none of the user's tokens they add nothing;
- weights of the features of each block and its neighbours, for what only the place tells. They
  count as far as the page looks like the user's pages, and not at all on others.

Neither depends on how the classifier is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from segmenter.features import PageFeatures
from segmenter.features.vocabulary import Tokens, WeightTable
from segmenter.types import LABELS, FloatArray

__all__ = ["NEIGHBOURS", "Correction", "log_probabilities"]

NEIGHBOURS: Final = (0, -1, 1, -2, 2)
"""Blocks whose features count, by their distance."""
_LEAST: Final = 1e-9
_WIDTH: Final = len(LABELS)


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """The learned weights.

    Attributes:
        text: weights of text tokens; nine columns for the labels, the last is 1 for tokens that
            are familiar, which means that the user's pages share them and others hardly have them.
        structure: the same for markup tokens; ``None`` for raw text.
        context: shape (len(NEIGHBOURS), features, 9), weights of standardised features.
        strange, familiar: mean share of familiar tokens (over the root of a block's tokens) up to
            which a page counts as strange, and from which it counts as familiar.
    """

    text: WeightTable
    structure: WeightTable | None
    context: FloatArray
    strange: float
    familiar: float

    def applied(
        self, probabilities: FloatArray, page: PageFeatures, inputs: FloatArray
    ) -> FloatArray:
        """Shape (n, 9), rows sum to 1.

        Args:
            probabilities: shape (n, 9), the classifier's.
            page: what was measured on the page.
            inputs: shape (n, features), the classifier's features, standardised.
        """
        scores = self.text.scores(page.text_tokens)
        if self.structure is not None and page.structure_tokens is not None:
            scores = scores + page.structure_tokens.scores(self.structure)
        return self._added(log_probabilities(probabilities), scores, inputs)

    def applied_to_tokens(
        self, log_p: FloatArray, text: Tokens, structure: Tokens | None, inputs: FloatArray
    ) -> FloatArray:
        """The same from tokens one by one, as retraining keeps them."""
        scores = self.text.scores(text)
        if self.structure is not None and structure is not None:
            scores = scores + self.structure.scores(structure)
        return self._added(log_p, scores, inputs)

    def _added(self, log_p: FloatArray, scores: FloatArray, inputs: FloatArray) -> FloatArray:
        logits = log_p + scores[:, :_WIDTH]
        share = self.familiarity(float(scores[:, _WIDTH].mean()))
        if share > 0:
            count = len(inputs)
            for distance, weights in zip(NEIGHBOURS, self.context, strict=True):
                own = slice(max(-distance, 0), max(count - max(distance, 0), 0))
                other = slice(max(distance, 0), max(count + min(distance, 0), 0))
                logits[own] += share * (inputs[other] @ weights)
        exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
        result: FloatArray = (exponent / exponent.sum(axis=1, keepdims=True)).astype(np.float32)
        return result

    def familiarity(self, mean: float) -> float:
        """How far a page looks like the user's, 0 to 1, by its mean in the last column."""
        return float(np.clip((mean - self.strange) / (self.familiar - self.strange), 0, 1))


def log_probabilities(probabilities: FloatArray) -> FloatArray:
    """Their logarithms, bounded below."""
    return np.log(np.maximum(probabilities, _LEAST)).astype(np.float32)
