"""Fit a correction to a user's labels, with the base's pages rehearsed.

A multinomial logistic regression with the base's log probabilities as offset and a small L2
penalty, fitted by L-BFGS; the loss is minus the log of the probability of the allowed labels, as in
training the base. Tokens get a weight only where the user's pages have them; the rehearsed pages
hold those that other sites have too near nought. See ``segmenter.correction`` for the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack

from segmenter.correction import NEIGHBOURS, Correction
from segmenter.features.vocabulary import BITS, Tokens, WeightTable
from segmenter.training.problem import Context, Problem
from segmenter.training.replay import TokenPage
from segmenter.types import LABELS, FloatArray, IntArray

__all__ = ["fit_correction", "user_share"]

# Chosen on template sites and on sites of the corpora; docs/retraining.md has the curve.
_ITERATIONS: Final = 60
_TOLERANCE: Final = 1e-4
"""Stopping early costs nothing on held-out pages and takes a fifth of the time."""
_SHARE_OF_FIVE: Final = 0.1
_LARGEST_SHARE: Final = 0.3
# A token is familiar if so many of the user's pages have it and at most this share of the others.
_SHARED_BY: Final = 2
_RARE: Final = 0.01
# Bounds of familiarity: nearly all rehearsed pages are strange, most of the user's familiar.
_STRANGE: Final = 0.99
_FAMILIAR: Final = 0.25
_LEAST_GAP: Final = 0.05

Tables = list[list[Tokens]]


def user_share(pages: int) -> float:
    """Weight of all the user's pages together, where all rehearsed pages weigh 1."""
    return min(_LARGEST_SHARE, _SHARE_OF_FIVE * float(np.sqrt(pages / 5)))


def fit_correction(
    user: Sequence[TokenPage], replay: Sequence[TokenPage], tick: Callable[[], None]
) -> Correction:
    """Fit it to the user's pages.

    Args:
        user: at least one page with a known label; all with ``inputs``.
        replay: pages of the base, of the same kind of input; their ``inputs`` are not used.
        tick: called after each step of the optimiser; what it raises ends the fit.
    """
    pages = [*user, *replay]
    tables = _tables(pages)
    columns = [np.unique(np.concatenate([t.index for t in part[: len(user)]])) for part in tables]
    shared = [_familiar(part[: len(user)], part[len(user) :]) for part in tables]
    means = np.sum([_means(*pair) for pair in zip(tables, shared, strict=True)], axis=0)
    strange, familiar = _bounds(means[: len(user)], means[len(user) :])
    share = np.clip((means[: len(user)] - strange) / (familiar - strange), 0, 1)
    matrices = [_matrix(*pair) for pair in zip(tables, columns, strict=True)]
    problem = Problem.of(
        hstack(matrices, format="csr", dtype=np.float32),
        Context.of(user, share),
        pages,
        np.concatenate([_weights(user, user_share(len(user))), _weights(replay, 1.0)]),
    )
    found = minimize(
        problem.loss,
        np.zeros(problem.size),
        jac=True,
        method="L-BFGS-B",
        callback=lambda _: tick(),
        options={"maxiter": _ITERATIONS, "ftol": _TOLERANCE},
    )
    weights, context = problem.parts(found.x.astype(np.float32))
    made, start = [], 0
    for column, known in zip(columns, shared, strict=True):
        made.append(_table(column, weights[start : start + len(column)], known))
        start += len(column)
    structure = made[1] if len(made) > 1 else None
    shape = (len(NEIGHBOURS), -1, len(LABELS))
    return Correction(made[0], structure, context.reshape(shape), strange, familiar)


def _tables(pages: Sequence[TokenPage]) -> Tables:
    """The text tokens of all pages, and for HTML their markup tokens."""
    marked = [page.structure for page in pages if page.structure is not None]
    texts = [page.text for page in pages]
    return [texts, marked] if len(marked) == len(pages) else [texts]


def _familiar(user: Sequence[Tokens], replay: Sequence[Tokens]) -> NDArray[np.bool_]:
    """Shape (2 ** BITS,): whether each token is familiar."""

    def pages_with(tokens: Sequence[Tokens]) -> IntArray:
        found = np.concatenate([np.unique(t.index) for t in tokens] or [np.zeros(0, dtype=int)])
        return np.bincount(found, minlength=1 << BITS)

    rare = pages_with(replay) <= _RARE * len(replay)
    result: NDArray[np.bool_] = (pages_with(user) >= _SHARED_BY) & rare
    return result


def _means(tokens: Sequence[Tokens], familiar: NDArray[np.bool_]) -> FloatArray:
    """Shape (pages,): familiar tokens over the root of a block's tokens, mean over the blocks."""
    result = np.zeros(len(tokens))
    for place, item in enumerate(tokens):
        count = np.bincount(item.row, minlength=item.rows)
        hits = np.bincount(item.row, weights=familiar[item.index], minlength=item.rows)
        result[place] = (hits / np.sqrt(np.maximum(count, 1))).mean()
    return result


def _bounds(user: FloatArray, replay: FloatArray) -> tuple[float, float]:
    """Where familiarity begins and where it is full."""
    strange = float(np.quantile(replay, _STRANGE)) if len(replay) else 0.0
    return strange, max(float(np.quantile(user, _FAMILIAR)), strange + _LEAST_GAP)


def _matrix(tokens: Sequence[Tokens], columns: IntArray) -> csr_matrix:
    """Shape (blocks, columns); a token counts for one over the root of its block's tokens."""
    counts = np.concatenate([np.bincount(item.row, minlength=item.rows) for item in tokens])
    index = np.concatenate([item.index for item in tokens])
    row = np.repeat(np.arange(len(counts)), counts)
    place = np.minimum(np.searchsorted(columns, index), max(len(columns) - 1, 0))
    known = columns[place] == index if len(columns) else np.zeros(len(index), dtype=bool)
    value = (1 / np.sqrt(np.maximum(counts, 1)))[row].astype(np.float32)
    shape = (len(counts), len(columns))
    return csr_matrix((value[known], (row[known], place[known])), shape=shape)


def _weights(pages: Sequence[TokenPage], total: float) -> FloatArray:
    """Shape (blocks, 1), together ``total``."""
    if not pages:
        return np.zeros((0, 1), dtype=np.float32)
    weight = np.concatenate([page.weight for page in pages])[:, None]
    return (weight * (total / max(float(weight.sum()), 1e-9))).astype(np.float32)


def _table(columns: IntArray, weights: FloatArray, familiar: NDArray[np.bool_]) -> WeightTable:
    """Eight bits a weight, and a last column of ones for what is familiar."""
    width = len(LABELS)
    largest = np.abs(weights).max(axis=0) if len(weights) else np.zeros(width)
    scale = (np.maximum(largest, 1e-6) / 127).astype(np.float32)
    table = np.zeros((1 << BITS, width + 1), dtype=np.int8)
    table[columns, :width] = np.rint(weights / scale).astype(np.int8)
    table[:, width] = familiar
    zeros = np.zeros(width + 1, dtype=np.float32)
    return WeightTable(table, np.append(scale, np.float32(1)), zeros)
