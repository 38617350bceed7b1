"""The loss that adaptation minimises, with its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from segmenter.correction import NEIGHBOURS
from segmenter.training.replay import TokenPage
from segmenter.types import LABELS, FloatArray, IntArray

__all__ = ["Context", "Problem"]

_TOKEN_PENALTY: Final = 1e-5
_CONTEXT_PENALTY: Final = 1e-4
_WIDTH: Final = len(LABELS)
_BITS: Final = 1 << np.arange(_WIDTH)


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """The features of blocks on pages that are familiar at all.

    Attributes:
        rows: shape (m,), which of all blocks they are.
        inputs: shape (m, features), times the page's familiarity.
        neighbours: for each of ``NEIGHBOURS`` the place of that block among the m, or m for none.
    """

    rows: IntArray
    inputs: FloatArray
    neighbours: tuple[IntArray, ...]

    @classmethod
    def of(cls, pages: Sequence[TokenPage], share: FloatArray) -> Context:
        """Of the first pages of a problem, with their familiarities."""
        sizes = np.array([len(page.words) for page in pages])
        page = np.repeat(np.arange(len(pages)), sizes)
        rows = np.flatnonzero(share[page] > 0)
        owner = page[rows]
        count = len(rows)
        known = [page.inputs for page in pages if page.inputs is not None]
        assert len(known) == len(pages)
        inputs = np.concatenate(known)[rows] * share[owner][:, None]
        neighbours = []
        for distance in NEIGHBOURS:
            place = np.arange(count) + distance
            inside = (place >= 0) & (place < count)
            inside[inside] = owner[place[inside]] == owner[inside]
            neighbours.append(np.where(inside, place, count))
        return cls(rows, inputs.astype(np.float32), tuple(neighbours))

    def scores(self, weights: FloatArray) -> FloatArray:
        """Shape (m, 9) by weights of shape (len(NEIGHBOURS), features, 9)."""
        total = np.zeros((len(self.rows), _WIDTH), dtype=np.float32)
        for neighbour, own in zip(self.neighbours, weights, strict=True):
            total += _with_none(self.inputs @ own)[neighbour]
        return total

    def gradient(self, slope: FloatArray) -> FloatArray:
        """Of the weights, by the slope of the loss at the m blocks' logits."""
        padded = _with_none(slope)
        # The block at a distance of d sees this one at a distance of -d.
        seen_from = [self.neighbours[NEIGHBOURS.index(-distance)] for distance in NEIGHBOURS]
        return np.stack([self.inputs.T @ padded[place] for place in seen_from])


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What the loss is taken over.

    Attributes:
        tokens: shape (n, t), and its transpose.
        offset: shape (n, 9), the base's log probabilities.
        allowed: shape (n, 9).
        weight: shape (n, 1).
    """

    tokens: csr_matrix
    turned: csr_matrix
    context: Context
    offset: FloatArray
    allowed: NDArray[np.bool_]
    weight: FloatArray

    @classmethod
    def of(
        cls, tokens: csr_matrix, context: Context, pages: Sequence[TokenPage], weight: FloatArray
    ) -> Problem:
        """Over all blocks of pages."""
        offset = np.concatenate([page.log_p for page in pages])
        mask = np.concatenate([page.allowed for page in pages])
        allowed = (mask[:, None] & _BITS) > 0
        return cls(tokens, tokens.T.tocsr(), context, offset, allowed, weight)

    @property
    def size(self) -> int:
        """Number of weights."""
        features: int = self.context.inputs.shape[1]
        columns: int = self.tokens.shape[1]
        return (columns + len(NEIGHBOURS) * features) * _WIDTH

    def parts(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Flat weights as those of tokens, shape (t, 9), and those of context."""
        edge = self.tokens.shape[1] * _WIDTH
        shape = (len(NEIGHBOURS), self.context.inputs.shape[1], _WIDTH)
        return values[:edge].reshape(-1, _WIDTH), values[edge:].reshape(shape)

    def loss(self, values: FloatArray) -> tuple[float, Any]:
        """The loss and its gradient at flat weights."""
        weights, context = self.parts(values.astype(np.float32))
        logits = self.offset + self.tokens @ weights
        logits[self.context.rows] += self.context.scores(context)
        exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
        probability = exponent / exponent.sum(axis=1, keepdims=True)
        inside = np.where(self.allowed, probability, 0)
        right = np.maximum(inside.sum(axis=1, keepdims=True), 1e-12)
        slope = (probability - inside / right) * self.weight
        gradient = [
            self.turned @ slope + 2 * _TOKEN_PENALTY * weights,
            self.context.gradient(slope[self.context.rows]) + 2 * _CONTEXT_PENALTY * context,
        ]
        loss = -float((self.weight * np.log(right)).sum())
        loss += _TOKEN_PENALTY * float((weights**2).sum())
        loss += _CONTEXT_PENALTY * float((context**2).sum())
        return loss, np.concatenate([part.ravel() for part in gradient]).astype(np.float64)


def _with_none(rows: FloatArray) -> FloatArray:
    """With a last row of noughts, for a neighbour that is not there."""
    return np.concatenate([rows, np.zeros((1, rows.shape[1]), dtype=rows.dtype)])
