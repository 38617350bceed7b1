"""A page's blocks as hashes, by which they are known again on other pages."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segmenter.features import codepoints as cp
from segmenter.features.repetition import block_hashes
from segmenter.features.words import HashArray, Words, hash_words
from segmenter.types import Page

__all__ = ["Fingerprints", "content_digest", "page_fingerprints"]

_MOST: Final = 1_024
"""Blocks of a page that are remembered; of longer pages those with the smallest hashes."""


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprints:
    """The n blocks of a page, each as the hash of its words in lower case, every digit as 0.

    Attributes:
        hashes: shape (n,); it means nothing where a block has no words.
        words: shape (n,), words in each block.
    """

    hashes: HashArray
    words: NDArray[np.signedinteger]

    @classmethod
    def of(cls, words: Words) -> Fingerprints:
        """From the page's words."""
        if not len(words.hashes):
            return cls(np.zeros(len(words.counts), dtype=np.uint32), words.counts)
        return cls(block_hashes(words), words.counts)

    def distinct(self) -> HashArray:
        """What is remembered of the page: ascending, without repetition."""
        result: HashArray = np.unique(self.hashes[self.words > 0])[:_MOST]
        return result


def page_fingerprints(page: Page) -> Fingerprints:
    """Of a page that nothing was measured on yet."""
    points = cp.code_points(page.text)
    return Fingerprints.of(hash_words(points, cp.kinds(points), page.starts))


def content_digest(distinct: HashArray) -> int:
    """64-bit hash of what is remembered of a page."""
    data = distinct.astype("<u4").tobytes()
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")
