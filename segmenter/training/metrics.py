"""The figures by which segmentations are compared with gold.

Words are ``\\w+`` of the lower-cased text; each Han, kana or Thai character is a word of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segmenter.types import LABELS, FloatArray

__all__ = [
    "BINS",
    "Counts",
    "Mean",
    "Reliability",
    "bootstrap_interval",
    "label_counts",
    "label_scores",
    "macro_interval",
    "reliability",
    "risk_curve",
    "word_counts",
    "word_f1",
]

# Hangul is written with spaces: its words are whole ones. Of Thai, marks above and below the line
# are characters too.
_ALONE: Final = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59"
)
_WORD: Final = re.compile(rf"[{_ALONE}]|[^\W{_ALONE}]+")

Counts = Counter[str]
BINS: Final = 15
_ROUNDS: Final = 1000
_SEED: Final = 0


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over pages with its 95 % bootstrap interval."""

    f1: float
    low: float
    high: float
    pages: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Mean:
        """Of at least one value."""
        low, high = bootstrap_interval(values)
        return cls(float(np.mean(values)), low, high, len(values))


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Probabilities and how often they were right, in bins of equal width.

    Attributes:
        count: shape (bins,), values in each bin.
        probability, accuracy: shape (bins,), their means; 0 in an empty bin.
    """

    count: FloatArray
    probability: FloatArray
    accuracy: FloatArray

    @property
    def error(self) -> float:
        """The expected calibration error (Guo et al. 2017), every block counting the same."""
        gaps = np.abs(self.probability - self.accuracy) * self.count
        return float(gaps.sum() / max(self.count.sum(), 1))


def word_counts(text: str) -> Counts:
    """The multiset of a text's words."""
    return Counter(_WORD.findall(text.lower()))


def word_f1(found: Counts, gold: Counts) -> float:
    """F1 of two word multisets; 1 where both are empty."""
    if not found and not gold:
        return 1.0
    overlap = (found & gold).total()
    return 2 * overlap / max(found.total() + gold.total(), 1)


def label_counts(pages: Sequence[tuple[Mapping[str, Counts], Mapping[str, Counts]]]) -> FloatArray:
    """Shape (pages, 9, 3): words that overlap, words found and gold words, of each label.

    Args:
        pages: for each page the found and the gold words of each label.
    """
    counts = np.zeros((len(pages), len(LABELS), 3))
    empty: Counts = Counter()
    for row, (found, gold) in enumerate(pages):
        for column, label in enumerate(LABELS):
            ours, theirs = found.get(label, empty), gold.get(label, empty)
            counts[row, column] = (ours & theirs).total(), ours.total(), theirs.total()
    return counts


def label_scores(counts: FloatArray) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 of each label, its words' overlaps summed over all pages.

    Args:
        counts: shape (pages, 9, 3), of ``label_counts``.
    """
    samples = _resampled_f1(counts)
    result = {}
    for column, label in enumerate(LABELS):
        overlap, found, gold = counts[:, column].sum(axis=0)
        low, high = _interval(samples[:, column])
        result[label] = {
            "precision": float(overlap / found) if found else 0.0,
            "recall": float(overlap / gold) if gold else 0.0,
            "f1": float(2 * overlap / (found + gold)) if found + gold else 0.0,
            "low": low,
            "high": high,
            "gold_words": float(gold),
        }
    return result


def macro_interval(counts: FloatArray) -> tuple[float, float]:
    """95 % interval of the mean of the nine labels' F1, by resampling pages."""
    return _interval(_resampled_f1(counts).mean(axis=1))


def reliability(probability: FloatArray, correct: FloatArray, bins: int = BINS) -> Reliability:
    """How often probabilities were right, in bins of equal width.

    Args:
        probability: shape (n,), of the labels given.
        correct: shape (n,), 1 where the label was right, else 0.
        bins: how many bins lie between 0 and 1.
    """
    place = np.minimum((probability * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins).astype(float)
    some = np.maximum(count, 1)
    return Reliability(
        count,
        np.bincount(place, weights=probability, minlength=bins) / some,
        np.bincount(place, weights=correct, minlength=bins) / some,
    )


def risk_curve(confidence: Sequence[float], f1: Sequence[float]) -> FloatArray:
    """Shape (n,): 1 - mean F1 of the k most confident pages, for k from 1 to n.

    The curve's place k stands for the coverage k / n (El-Yaniv and Wiener 2010).
    """
    order = np.argsort(-np.asarray(confidence, dtype=float), kind="stable")
    risk = 1 - np.asarray(f1, dtype=float)[order]
    curve: FloatArray = np.cumsum(risk) / np.arange(1, len(risk) + 1)
    return curve


def bootstrap_interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % interval of the mean over pages, by resampling pages (Efron 1979)."""
    data = np.asarray(values, dtype=float)
    if not len(data):
        return (float("nan"), float("nan"))
    rng = np.random.default_rng(_SEED)
    return _interval(data[rng.integers(0, len(data), (_ROUNDS, len(data)))].mean(axis=1))


def _resampled_f1(counts: FloatArray) -> FloatArray:
    """Shape (rounds, 9): each label's F1 over pages drawn with replacement."""
    pages = len(counts)
    if not pages:
        return np.zeros((_ROUNDS, len(LABELS)))
    rng = np.random.default_rng(_SEED)
    drawn = rng.multinomial(pages, np.full(pages, 1 / pages), _ROUNDS).astype(float)
    overlap, found, gold = np.moveaxis(np.tensordot(drawn, counts, axes=1), 2, 0)
    f1: FloatArray = 2 * overlap / np.maximum(found + gold, 1)
    return f1


def _interval(samples: FloatArray) -> tuple[float, float]:
    low, high = np.quantile(samples, [0.025, 0.975])
    return float(low), float(high)
