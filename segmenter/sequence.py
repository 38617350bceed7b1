"""Probabilities to labels and the page's confidence."""

from __future__ import annotations

from typing import Final

import numpy as np

from segmenter.types import LABEL_INDEX, FloatArray, IntArray

__all__ = ["decide", "expected_f1"]

_BODY: Final = LABEL_INDEX["body"]
_HEADLINE: Final = LABEL_INDEX["headline"]
_BOILERPLATE: Final = LABEL_INDEX["boilerplate"]
# The cut for body is looked for in this range: outside it the expected F1 trusts probabilities
# that are too few to be trusted.
_CUTS: Final = (0.25, 0.5)


def decide(probabilities: FloatArray, words: IntArray) -> tuple[IntArray, float]:
    """The label of each block, and the page's confidence.

    Body is given where its probability reaches the cut with the best expected word-F1 for the
    page (Lewis 1995; Nan et al. 2012, "Optimizing F-measures"); elsewhere the likeliest other
    label, with at most one headline. A block without words is boilerplate.

    Args:
        probabilities: shape (n, 9), calibrated.
        words: shape (n,), words in each block.

    Returns:
        shape (n,), indexes into ``LABELS``; and the expected word-F1 of the body, 0 to 1.
    """
    body = probabilities[:, _BODY].astype(np.float64)
    cut, confidence = _best_cut(body, words)
    other = probabilities.copy()
    other[:, _BODY] = -1
    labels = np.where(body >= cut, _BODY, other.argmax(axis=1))
    _keep_one_headline(labels, other)
    labels[words == 0] = _BOILERPLATE
    return labels.astype(np.int64), confidence


def _keep_one_headline(labels: IntArray, other: FloatArray) -> None:
    """A page presents its title once: the likeliest headline stays, the others are what they
    would be without that label (most often a ``headline_fragment``). Changes ``labels``."""
    headlines = np.flatnonzero(labels == _HEADLINE)
    if len(headlines) < 2:
        return
    best = int(other[headlines, _HEADLINE].argmax())
    rest = np.delete(headlines, best)
    without = other[rest]
    without[:, _HEADLINE] = -1
    labels[rest] = without.argmax(axis=1)


def expected_f1(probability: FloatArray, words: IntArray, kept: np.ndarray) -> float:
    """Approximate expected word-F1 of keeping some blocks, each right with its probability.

    A page without a kept or expected word has 1: there is nothing to get wrong.
    """
    expected = float(probability @ words)
    size = float(words[kept].sum())
    if size + expected == 0:
        return 1.0
    return 2 * float(probability[kept] @ words[kept]) / (size + expected)


def _best_cut(body: np.ndarray, words: IntArray) -> tuple[float, float]:
    order = np.argsort(-body, kind="stable")
    ranked, weight = body[order], words[order]
    size = np.cumsum(weight)
    overlap = np.cumsum(ranked * weight)
    expected = float(overlap[-1]) if len(overlap) else 0.0
    allowed = (ranked >= _CUTS[0]) & np.append(ranked[1:] < _CUTS[1], True)
    allowed[:-1] &= ranked[1:] < ranked[:-1]
    if not allowed.any() or expected == 0:
        kept = body >= _CUTS[1]
        return _CUTS[1], round(expected_f1(body, words, kept), 4)
    f1 = np.where(allowed, 2 * overlap / np.maximum(size + expected, 1e-9), -1)
    best = int(f1.argmax())
    return float(ranked[best]), round(float(f1[best]), 4)
