"""What a profile adds to a classifier's probabilities.

A multinomial logistic regression whose offset are the log probabilities: nothing is added without
a profile of the page's site, nor to a block that stands on no other page. It is fitted by
``segmenter.training.site_memory``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from segmenter.profiles.profile import Seen
from segmenter.types import FloatArray, IntArray

__all__ = ["MEMORY_NAMES", "SiteMemory", "memory_features"]

MEMORY_NAMES: Final[tuple[str, ...]] = (
    "repeated",
    "share",
    "repeated_by_words",
    "share_by_words",
)
_LEAST: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class SiteMemory:
    """The learned weights.

    Attributes:
        weights: shape (len(MEMORY_NAMES), 9), what each feature adds to each label's logit.
    """

    weights: FloatArray

    def applied(self, probabilities: FloatArray, seen: Seen | None, words: IntArray) -> FloatArray:
        """Shape (n, 9), rows sum to 1; the very same array where nothing was seen.

        Args:
            probabilities: shape (n, 9), the classifier's.
            seen: what the profile says of the page.
            words: shape (n,), words in each block.
        """
        if seen is None:
            return probabilities
        logits = np.log(np.maximum(probabilities, _LEAST))
        logits += memory_features(seen, words) @ self.weights
        exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
        result: FloatArray = (exponent / exponent.sum(axis=1, keepdims=True)).astype(np.float32)
        return result


def memory_features(seen: Seen, words: IntArray) -> FloatArray:
    """Shape (n, len(MEMORY_NAMES)), all 0 for a block that stands on no other page.

    ``repeated`` is 1 where another page of the site holds the block, ``share`` how many of them
    do, as if one more did not; ``by_words`` are the products with the log of the block's words.
    All are bounded for any number of pages.

    Args:
        seen: what the profile says of the page.
        words: shape (n,), words in each block.
    """
    repeated, share = seen.counts > 0, seen.counts / (seen.pages + 1)
    length = np.log1p(words)
    columns = [repeated, share, repeated * length, share * length]
    return np.stack(columns, axis=1).astype(np.float32)
