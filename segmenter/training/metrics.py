"""The figures by which segmentations are compared with gold.

Words are ``\\w+`` of the lower-cased text; each Han, kana or Thai character is a word of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

from segmenter.types import LABELS, FloatArray

__all__ = [
    "bootstrap_interval",
    "calibration_error",
    "label_scores",
    "word_counts",
    "word_f1",
]

_WORD: Final = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f]"
    r"|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f]+"
)

Counts = Counter[str]


def word_counts(text: str) -> Counts:
    """The multiset of a text's words."""
    return Counter(_WORD.findall(text.lower()))


def word_f1(found: Counts, gold: Counts) -> float:
    """F1 of two word multisets; 1 where both are empty."""
    if not found and not gold:
        return 1.0
    overlap = (found & gold).total()
    return 2 * overlap / max(found.total() + gold.total(), 1)


def label_scores(
    pages: Sequence[tuple[dict[str, Counts], dict[str, Counts]]],
) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 of each label, its words' overlaps summed over all pages.

    Args:
        pages: for each page the found and the gold words of each label.
    """
    result = {}
    for label in LABELS:
        overlap = found_total = gold_total = 0
        for found, gold in pages:
            ours, theirs = found.get(label, Counter()), gold.get(label, Counter())
            overlap += (ours & theirs).total()
            found_total += ours.total()
            gold_total += theirs.total()
        precision = overlap / found_total if found_total else 0.0
        recall = overlap / gold_total if gold_total else 0.0
        total = found_total + gold_total
        result[label] = {
            "precision": precision,
            "recall": recall,
            "f1": 2 * overlap / total if total else 0.0,
            "gold_words": float(gold_total),
        }
    return result


def calibration_error(probability: FloatArray, correct: FloatArray, bins: int = 15) -> float:
    """Expected calibration error over equal-width bins (Guo et al. 2017)."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    confidence = np.bincount(place, weights=probability, minlength=bins)
    accuracy = np.bincount(place, weights=correct, minlength=bins)
    return float(np.abs(confidence - accuracy).sum() / max(count.sum(), 1))


def bootstrap_interval(
    values: Sequence[float], seed: int = 0, rounds: int = 1000
) -> tuple[float, float]:
    """95 % interval of the mean over pages, by resampling pages (Efron 1979)."""
    data = np.asarray(values, dtype=float)
    if not len(data):
        return (float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    means = data[rng.integers(0, len(data), (rounds, len(data)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
