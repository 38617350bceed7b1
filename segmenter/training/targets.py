"""What each block is to be: what is known of its label, and a teacher's opinion of the rest.

Only HTML shows plainly what a caption, a deck or a comment is. A classifier of HTML therefore says
what it takes the blocks of pages to be whose labels are known in part or not at all, and the
classifier of raw text learns from that too (distillation, Hinton et al. 2015; with markup as
privileged information, Vapnik and Izmailov 2015).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from segmenter.types import LABELS, FloatArray, IntArray

__all__ = ["block_targets", "sure_labels"]

_BITS: Final = 1 << np.arange(len(LABELS))
_RULED_OUT: Final = 0.02
"""The teacher is not asked where it gives less than this to all labels allowed together."""
_SURE: Final = 0.6


def block_targets(allowed: IntArray, teacher: FloatArray | None) -> FloatArray:
    """Shape (n, 9): a distribution where the label is known or the teacher gives one, else 1 for
    each label that the block may have.

    Args:
        allowed: shape (n,), bit masks.
        teacher: shape (n, 9), probabilities.
    """
    possible = ((allowed[:, None] & _BITS) > 0).astype(np.float32)
    if teacher is None:
        return possible
    opinion = possible * teacher
    total = opinion.sum(axis=1, keepdims=True)
    asked = (possible.sum(axis=1, keepdims=True) > 1) & (total > _RULED_OUT)
    return np.where(asked, opinion / np.maximum(total, 1e-6), possible)


def sure_labels(
    allowed: IntArray, weight: FloatArray, teacher: FloatArray | None
) -> tuple[IntArray, FloatArray]:
    """Bit masks and weights, with the teacher's label where it is fairly sure of one.

    Args:
        allowed: shape (n,), bit masks.
        weight: shape (n,).
        teacher: shape (n, 9), probabilities.
    """
    if teacher is None:
        return allowed, weight
    targets = block_targets(allowed, teacher)
    best = targets.argmax(axis=1)
    share = targets.max(axis=1)
    learned = (share >= _SURE) & (np.abs(targets.sum(axis=1) - 1) < 1e-3)
    return np.where(learned, 1 << best, allowed), np.where(learned, weight * share, weight)
