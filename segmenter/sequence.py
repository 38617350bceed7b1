"""Probabilities to labels and the page's confidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from segmenter.types import LABEL_INDEX, LABELS, FloatArray, IntArray

__all__ = ["decide", "expected_f1"]

_BODY: Final = LABEL_INDEX["body"]
_HEADLINE: Final = LABEL_INDEX["headline"]
_BOILERPLATE: Final = LABEL_INDEX["boilerplate"]
_SHARED_ERROR: Final = 2.0
"""Standard deviation, in log odds, of the error that a page's probabilities of body have in common:
where the classifier is wrong about a page, it is wrong about most of its blocks. It was chosen by
the body word-F1 of held-out pages, not estimated."""
_NODES, _SHARES = np.polynomial.hermite_e.hermegauss(5)
_SHIFTS: Final = tuple(
    zip(np.exp(_SHARED_ERROR * _NODES).tolist(), (_SHARES / _SHARES.sum()).tolist(), strict=True)
)
"""Factors of the odds, and how much each counts: Gauss-Hermite quadrature of that error."""
_REACHED: Final[Mapping[str, float]] = {
    "headline": 0.78,
    "deck": 0.51,
    "byline": 0.67,
    "body": 0.95,
    "caption": 0.56,
    "headline_fragment": 0.61,
    "comment": 0.75,
    "teaser": 0.79,
    "boilerplate": 0.85,
}
"""The F1 of each label on held-out raw text, by version 0.2.0."""
_SHARE: Final = np.array([1 / _REACHED[label] for label in LABELS], dtype=np.float32)
_OF_THE_ARTICLE: Final = [
    index for label, index in LABEL_INDEX.items() if label not in ("body", "teaser", "boilerplate")
]
_HEADLINE_FLOOR: Final = 0.25
"""A page is expected to have a headline: the likeliest is one from this probability on."""


def decide(probabilities: FloatArray, words: IntArray) -> tuple[IntArray, float]:
    """The label of each block, and the page's confidence.

    Labels are compared by their probability over the F1 that they reach, because F1 is best where
    a label is given from half of its F1 on (Lipton, Elkan and Narayanaswamy 2014, "Optimal
    thresholding of classifiers to maximize F1 measure"): a rare label that is hard to tell is given
    at a lower probability than body. Body is given where its probability reaches the cut with the
    best expected word-F1 for the page (Lewis 1995; Nan et al. 2012, "Optimizing F-measures"), as a
    mean over errors that the blocks share, unless a label that belongs to the article or its
    comments is ahead of it; elsewhere the first of the other labels. One headline at most is given,
    and the likeliest one where none comes first. A block without words is boilerplate.

    Args:
        probabilities: shape (n, 9), calibrated.
        words: shape (n,), words in each block.

    Returns:
        shape (n,), indexes into ``LABELS``; and the expected word-F1 of the body, 0 to 1.
    """
    body = probabilities[:, _BODY].astype(np.float64)
    other = probabilities * _SHARE
    rival = other[:, _OF_THE_ARTICLE].max(axis=1)
    is_body = (body >= _best_cut(body, words)) & (other[:, _BODY] >= rival)
    other[:, _BODY] = -1
    labels = np.where(is_body, _BODY, other.argmax(axis=1))
    _keep_one_headline(labels, other)
    _find_headline(labels, probabilities, words)
    labels[words == 0] = _BOILERPLATE
    confidence = round(expected_f1(body, words, labels == _BODY), 4)
    return labels.astype(np.int64), confidence


def _find_headline(labels: IntArray, probabilities: FloatArray, words: IntArray) -> None:
    """The likeliest headline is given where no block is one. Changes ``labels``."""
    if not len(labels) or (labels == _HEADLINE).any():
        return
    likely = np.where(words > 0, probabilities[:, _HEADLINE], 0)
    best = int(likely.argmax())
    if likely[best] >= _HEADLINE_FLOOR:
        labels[best] = _HEADLINE


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

    To keep no word is right by 1 if the page has no body, else by 0.
    """
    size = float(words[kept].sum())
    if size == 0:
        return float(np.prod(1 - probability[words > 0], dtype=np.float64))
    expected = float(probability @ words)
    return 2 * float(probability[kept] @ words[kept]) / (size + expected)


def _best_cut(body: np.ndarray, words: IntArray) -> float:
    """The probability of body from which on blocks are kept; infinite if none is best kept."""
    order = np.argsort(-body, kind="stable")
    order = order[words[order] > 0]
    ranked, weight = body[order], words[order]
    if not len(ranked):
        return np.inf
    size = np.cumsum(weight)
    f1, nothing = np.zeros(len(ranked)), 0.0
    for factor, share in _SHIFTS:
        shifted = ranked * factor / (1 - ranked + ranked * factor)
        overlap = np.cumsum(shifted * weight)
        f1 += share * 2 * overlap / (size + overlap[-1])
        nothing += share * float(np.prod(1 - shifted))
    # Blocks of the same probability are kept together.
    f1[:-1][ranked[1:] == ranked[:-1]] = -1
    best = int(f1.argmax())
    return float(ranked[best]) if f1[best] > nothing else np.inf
