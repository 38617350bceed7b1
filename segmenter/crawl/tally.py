"""What a run counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

__all__ = ["CONFIDENCE_BINS", "Tally", "confidence_bin"]

CONFIDENCE_BINS: Final = 10


def confidence_bin(confidence: float) -> int:
    """The bin of a page's confidence: tenths, the last one with 1.0 in it."""
    return min(int(confidence * CONFIDENCE_BINS), CONFIDENCE_BINS - 1)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of a run or a part of one.

    Attributes:
        pages: pages segmented.
        labels: blocks by label.
        errors: records without a result, by the name of the error.
        damaged: places where the input itself is cut short or broken.
        passed_over: records of the input that are no pages.
        confidence: pages by tenths of confidence.
    """

    pages: int = 0
    labels: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    damaged: int = 0
    passed_over: int = 0
    confidence: Sequence[int] = (0,) * CONFIDENCE_BINS

    @property
    def rows(self) -> int:
        """Records dealt with, good and bad."""
        return self.pages + sum(self.errors.values())

    def plus(self, other: Tally) -> Tally:
        """The sum of two counts."""
        return Tally(
            self.pages + other.pages,
            dict(Counter(self.labels) + Counter(other.labels)),
            dict(Counter(self.errors) + Counter(other.errors)),
            self.damaged + other.damaged,
            self.passed_over + other.passed_over,
            tuple(a + b for a, b in zip(self.confidence, other.confidence, strict=True)),
        )
