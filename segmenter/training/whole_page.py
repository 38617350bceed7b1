"""What is known of a page as a whole: its type, and how much of it is body."""

from __future__ import annotations

from typing import Final

import numpy as np

from segmenter.training.corpora import ALL_LABELS, LabelledPage
from segmenter.types import LABEL_INDEX, FloatArray, IntArray

__all__ = ["PAGE_TYPES", "whole_page"]

PAGE_TYPES: Final = (
    "article", "forum", "product", "collection", "listing", "documentation", "service",
)  # fmt: skip
"""The types of WCXB (Foley 2026); a page of any other counts as of unknown type."""
_BODY: Final = 1 << LABEL_INDEX["body"]


def whole_page(page: LabelledPage, words: IntArray) -> FloatArray:
    """Shape (8,): 1 for the page's type and 0 for the others, all 0 where it is unknown; then the
    share of its words that may be body, -1 where nothing is known of its labels.

    Args:
        page: of n blocks.
        words: shape (n,), words in each block.
    """
    kinds = [float(page.page_type == name) for name in PAGE_TYPES]
    known = page.allowed != ALL_LABELS
    body = known & ((page.allowed & _BODY) > 0)
    share = float(words[body].sum()) / max(float(words.sum()), 1) if known.any() else -1.0
    return np.array([*kinds, share], dtype=np.float32)
