"""Fit the linear models over hashed tokens, and score pages out of fold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier

from segmenter.features.vocabulary import BITS, Tokens, WeightTable
from segmenter.training.corpora import ALL_LABELS
from segmenter.types import LABEL_INDEX, LABELS, FloatArray, IntArray

__all__ = ["TABLE_COLUMNS", "fit_table"]

TABLE_COLUMNS: Final = (*LABELS, "main_text")
_BODY: Final = 1 << LABEL_INDEX["body"]
_ALPHA: Final = 3e-6
_EPOCHS: Final = 6


def fit_table(
    tokens: Sequence[Tokens], allowed: Sequence[IntArray], weights: Sequence[FloatArray], seed: int
) -> WeightTable:
    """One logistic regression for each label where it is known, one for body where only that is.

    Args:
        tokens, allowed, weights: of each page; see ``LabelledPage``.
        seed: of the order in which examples are seen.
    """
    matrix = _matrix(tokens)
    mask = np.concatenate(allowed)
    weight = np.concatenate(weights) * np.sqrt(np.diff(matrix.indptr))
    exact = (mask & (mask - 1)) == 0
    body_known = mask != ALL_LABELS
    width = len(TABLE_COLUMNS)
    coefficients = np.zeros((1 << BITS, width), dtype=np.float32)
    bias = np.zeros(width, dtype=np.float32)
    exact_rows, exact_weight = matrix[exact], weight[exact]
    tasks = [(exact_rows, mask[exact] == 1 << label, exact_weight) for label in range(len(LABELS))]
    tasks.append((matrix[body_known], (mask[body_known] & _BODY) > 0, weight[body_known]))
    # The solver leaves the interpreter lock: threads serve, and nothing is copied.
    fitted = Parallel(n_jobs=-1, backend="threading")(
        delayed(_logistic_regression)(*task, seed) for task in tasks
    )
    for column, (coefficient, intercept) in enumerate(fitted):
        coefficients[:, column] = coefficient
        bias[column] = intercept
    return _quantised(coefficients, bias)


def _logistic_regression(
    rows: csr_matrix, target: NDArray[np.bool_], weight: FloatArray, seed: int
) -> tuple[FloatArray, float]:
    """Weights and intercept; zeros where there is nothing to tell apart."""
    if target.all() or not target.any():
        return np.zeros(rows.shape[1], dtype=np.float32), 0.0
    model = SGDClassifier(
        loss="log_loss", alpha=_ALPHA, max_iter=_EPOCHS, tol=None, average=True, random_state=seed
    )
    model.fit(rows, target, sample_weight=weight / weight.mean())
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


def _matrix(tokens: Sequence[Tokens]) -> csr_matrix:
    counts = np.concatenate([np.bincount(item.row, minlength=item.rows) for item in tokens])
    values = np.repeat(1.0 / np.sqrt(np.maximum(counts, 1)), counts).astype(np.float32)
    index = np.concatenate([item.index for item in tokens]).astype(np.int32)
    edges = np.append(0, np.cumsum(counts))
    matrix = csr_matrix((values, index, edges), shape=(len(counts), 1 << BITS))
    matrix.sum_duplicates()
    return matrix


def _quantised(coefficients: FloatArray, bias: FloatArray) -> WeightTable:
    """Eight bits a weight; the largest few are clipped."""
    bound = np.maximum(np.quantile(np.abs(coefficients), 0.9999, axis=0), 1e-6)
    scale = (bound / 127).astype(np.float32)
    weights = np.clip(np.rint(coefficients / scale), -127, 127).astype(np.int8)
    return WeightTable(weights, scale, bias)
