"""Pages put together into the batches of an epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segmenter.types import LABELS, FloatArray

__all__ = ["Batch", "Example", "epoch_batches", "windows"]

_BATCH_BLOCKS: Final = 4096
Batch = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]
"""Features, shape (rows, length, features); mask, shape (rows, length, 1), 1 for a block and 0 for
padding; targets, shape (rows, length, 9); weight, shape (rows, length); what is known of each page
as a whole, shape (rows, k)."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A page's features and labels.

    Attributes:
        features: shape (n, features).
        targets: shape (n, 9), a distribution, or 1 for each label that the block may have.
        weight: shape (n,).
        whole: shape (k,), what is known of the page as a whole (see ``whole_page``).
    """

    features: NDArray[np.floating]
    targets: FloatArray
    weight: FloatArray
    whole: FloatArray


def windows(example: Example, longest: int) -> Iterator[Example]:
    """A page longer than the longest batch row is cut into pieces of that length."""
    for start in range(0, len(example.weight), longest):
        part = slice(start, start + longest)
        yield replace(
            example,
            features=example.features[part],
            targets=example.targets[part],
            weight=example.weight[part],
        )


def epoch_batches(
    pages: Sequence[Example], lengths: Sequence[int], always: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """Pages of like length together, padded; few shapes, so that little is compiled.

    Args:
        pages: of one block at least, and not longer than the last of ``lengths``.
        lengths: blocks to which pages are padded, ascending.
        always: blocks up to which a page is in every epoch; one of twice the length is in half of
            them, and counts for two then.
        rng: decides the order, and which long pages are in this epoch.
    """
    buckets: dict[int, list[int]] = {length: [] for length in lengths}
    chance = np.array([min(always / len(page.weight), 1) for page in pages])
    for index in np.flatnonzero(rng.random(len(pages)) < chance).tolist():
        blocks = len(pages[index].weight)
        buckets[next(length for length in lengths if length >= blocks)].append(index)
    groups: list[tuple[int, list[int]]] = []
    for length, members in buckets.items():
        size = _BATCH_BLOCKS // length
        order = rng.permutation(members).astype(int).tolist() if members else []
        groups += [(length, order[at : at + size]) for at in range(0, len(order), size)]
    width = pages[0].features.shape[1]
    for place in rng.permutation(len(groups)):
        length, members = groups[place]
        rows = _BATCH_BLOCKS // length
        inputs = np.zeros((rows, length, width), dtype=np.float32)
        mask = np.zeros((rows, length, 1), dtype=np.float32)
        targets = np.ones((rows, length, len(LABELS)), dtype=np.float32)
        weight = np.zeros((rows, length), dtype=np.float32)
        whole = np.zeros((rows, len(pages[0].whole)), dtype=np.float32)
        for row, index in enumerate(members):
            page = pages[index]
            count = len(page.weight)
            inputs[row, :count] = page.features
            mask[row, :count] = 1
            targets[row, :count] = page.targets
            weight[row, :count] = page.weight / chance[index]
            whole[row] = page.whole
        yield inputs, mask, targets, weight, whole
