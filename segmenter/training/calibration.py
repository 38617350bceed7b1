"""Calibrate probabilities: one temperature and a bias for each label.

Bias-corrected temperature scaling (Guo et al. 2017; Alexandari, Kundaje and Shrikumar 2020),
fitted on pages of sites that the network has not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize

from segmenter.classifier import softmax
from segmenter.types import LABELS, FloatArray, IntArray

__all__ = ["Calibration", "fit_calibration"]

_PULL: Final = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Logits are multiplied by ``factor``, then ``bias`` (shape (9,)) is added."""

    factor: float
    bias: FloatArray

    def apply(self, probabilities: FloatArray) -> FloatArray:
        """Shape (n, 9) from uncalibrated probabilities of the same shape."""
        logits = np.log(np.maximum(probabilities, 1e-12))
        return softmax((logits * self.factor + self.bias).astype(np.float32))


def fit_calibration(probabilities: FloatArray, labels: IntArray) -> Calibration:
    """Minimise the negative log likelihood of held-out labels.

    Args:
        probabilities: shape (n, 9), uncalibrated.
        labels: shape (n,), indexes into ``LABELS``.
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-12))
    target = np.eye(len(LABELS))[labels]

    def loss(values: FloatArray) -> tuple[float, FloatArray]:
        factor, bias = np.exp(values[0]), values[1:]
        scaled = logits * factor + bias
        scaled -= scaled.max(axis=1, keepdims=True)
        exponent = np.exp(scaled)
        predicted = exponent / exponent.sum(axis=1, keepdims=True)
        picked = np.maximum((predicted * target).sum(axis=1), 1e-12)
        error = (predicted - target) / len(labels)
        gradient = np.append((error * logits).sum() * factor, error.sum(axis=0) + 2 * _PULL * bias)
        return float(-np.log(picked).mean() + _PULL * (bias**2).sum()), gradient

    found = minimize(loss, np.zeros(1 + len(LABELS)), jac=True, method="L-BFGS-B")
    return Calibration(float(np.exp(found.x[0])), found.x[1:].astype(np.float32))
