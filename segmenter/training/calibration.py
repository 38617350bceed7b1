"""Calibrate probabilities by one temperature (Guo et al. 2017, "On Calibration of Modern Neural
Networks"), fitted on pages of sites that the network has not seen.

A bias for each label besides (Alexandari, Kundaje and Shrikumar 2020) was no better calibrated, and
its labels were a little worse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize_scalar

from segmenter.network import softmax
from segmenter.types import FloatArray, IntArray

__all__ = ["Calibration", "fit_calibration"]

_FACTORS: Final = (0.2, 5.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Logits are multiplied by ``factor``, the inverse of the temperature."""

    factor: float

    def apply(self, probabilities: FloatArray) -> FloatArray:
        """Shape (n, 9) from uncalibrated probabilities of the same shape."""
        logits = np.log(np.maximum(probabilities, 1e-12))
        return softmax((logits * self.factor).astype(np.float32))


def fit_calibration(probabilities: FloatArray, labels: IntArray) -> Calibration:
    """Minimise the negative log likelihood of held-out labels.

    Args:
        probabilities: shape (n, 9), uncalibrated.
        labels: shape (n,), indexes into ``LABELS``.
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-12))
    logits -= logits.max(axis=1, keepdims=True)
    given = logits[np.arange(len(labels)), labels]

    def loss(factor: float) -> float:
        return float((np.log(np.exp(logits * factor).sum(axis=1)) - factor * given).mean())

    found = minimize_scalar(loss, bounds=_FACTORS, method="bounded")
    return Calibration(float(found.x))
