"""What a run counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Tally"]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of a run or a part of one.

    Attributes:
        pages: pages segmented.
        labels: blocks by label.
        errors: rows without a result, by the name of the error.
        damaged: places where the input itself is cut short or broken.
    """

    pages: int = 0
    labels: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    damaged: int = 0

    @property
    def rows(self) -> int:
        """Rows dealt with, good and bad."""
        return self.pages + sum(self.errors.values())

    def plus(self, other: Tally) -> Tally:
        """The sum of two counts."""
        return Tally(
            self.pages + other.pages,
            dict(Counter(self.labels) + Counter(other.labels)),
            dict(Counter(self.errors) + Counter(other.errors)),
            self.damaged + other.damaged,
        )
