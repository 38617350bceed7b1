"""Columns side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from segmenter.types import FloatArray

__all__ = ["stacked"]


def stacked(columns: Sequence[Any], rows: int) -> FloatArray:
    """Shape (rows, k), float32, of arrays of shape (rows,) or (rows, some).

    Each is converted by itself: a wide matrix of 64-bit numbers would be most of the memory that a
    page of short blocks takes.
    """
    widths = [1 if np.ndim(column) == 1 else np.shape(column)[1] for column in columns]
    result = np.empty((rows, sum(widths)), dtype=np.float32)
    place = 0
    for column, width in zip(columns, widths, strict=True):
        result[:, place : place + width] = column if np.ndim(column) > 1 else column[:, None]
        place += width
    return result
