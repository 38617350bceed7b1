"""Columns side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmenter.types import FloatArray

__all__ = ["Column", "stacked"]

Column = NDArray[Any]
"""Shape (rows,), or (rows, some) for several columns."""


def stacked(columns: Sequence[Column], rows: int) -> FloatArray:
    """Shape (rows, k), float32, of arrays of shape (rows,) or (rows, some).

    Each is converted by itself: a wide matrix of 64-bit numbers would be most of the memory that a
    page of short blocks takes.
    """
    widths = [1 if column.ndim == 1 else column.shape[1] for column in columns]
    result = np.empty((rows, sum(widths)), dtype=np.float32)
    place = 0
    for column, width in zip(columns, widths, strict=True):
        if column.ndim == 1:
            result[:, place] = column
        else:
            result[:, place : place + width] = column
        place += width
    return result
