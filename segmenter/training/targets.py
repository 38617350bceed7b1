"""What each block is to be: what is known of its label, and a teacher's opinion of the rest.

Only HTML shows plainly what a caption, a deck or a comment is. A classifier of HTML therefore says
what it takes the blocks of pages to be whose labels are known in part or not at all, and the
classifier of raw text learns from that too (distillation, Hinton et al. 2015; with markup as
privileged information, Vapnik and Izmailov 2015).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from segmenter.training.alignment import in_main_text
from segmenter.training.corpora import LabelledPage
from segmenter.types import LABEL_INDEX, LABELS, FloatArray, IntArray

__all__ = ["block_targets", "by_corpus_too", "sure_labels"]

_BITS: Final = 1 << np.arange(len(LABELS))
_RULED_OUT: Final = 0.02
"""The teacher is not asked where it gives less than this to all labels allowed together."""
_SURE: Final = 0.6
_LEFT_OUT: Final = {"body": 0.1, "boilerplate": 0.45, "teaser": 0.45}
"""What body by the annotation guide is taken for where a corpus's main text leaves it out."""


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


def by_corpus_too(page: LabelledPage) -> LabelledPage:
    """A page with both kinds of gold, labelled by both where they differ on its body.

    Some blocks that are body by the annotation guide (specifications of products, say) stand in no
    main text of their corpus: their labels are then a distribution.
    """
    if page.gold is None or page.main_text is None:
        return page
    body = 1 << LABEL_INDEX["body"]
    left_out = (page.allowed == body) & ~in_main_text(page.page, page.main_text)
    shares = np.array([_LEFT_OUT.get(label, 0.0) for label in LABELS], dtype=np.float32)
    possible = int(_BITS[shares > 0].sum())
    return replace(
        page,
        allowed=np.where(left_out, possible, page.allowed),
        teacher=np.where(left_out[:, None], shares, np.float32(0)),
    )
