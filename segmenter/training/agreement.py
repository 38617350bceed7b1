"""How far two readers of the same pages agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from segmenter.errors import CorpusError
from segmenter.training.standoff import Annotation

__all__ = ["Agreement", "agreement"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Labels of two readers, block by block.

    Attributes:
        pages: that both have labelled.
        labels: how often each pair of labels was given, the first reader's and the second's.
    """

    pages: int
    labels: Counter[tuple[str, str]]

    @property
    def blocks(self) -> int:
        """Blocks that both have labelled."""
        return self.labels.total()

    @property
    def share(self) -> float:
        """Share of the blocks with the same label."""
        return sum(n for (one, other), n in self.labels.items() if one == other) / self.blocks

    @property
    def kappa(self) -> float:
        """Agreement beyond chance (Cohen 1960), 1 where it is complete."""
        first: Counter[str] = Counter()
        second: Counter[str] = Counter()
        for (one, other), count in self.labels.items():
            first[one] += count
            second[other] += count
        chance = sum(first[label] * second[label] for label in first) / self.blocks**2
        return 1.0 if chance == 1 else (self.share - chance) / (1 - chance)


def agreement(first: Iterable[Annotation], second: Iterable[Annotation]) -> Agreement:
    """Compare the pages that stand in both.

    Blocks are the same by their hash; of equal ones the first with the first, and so on.

    Raises:
        CorpusError: no block was labelled by both.
    """
    others = {annotation.id: annotation for annotation in second}
    labels: Counter[tuple[str, str]] = Counter()
    pages = 0
    for annotation in first:
        other = others.get(annotation.id)
        if other is None:
            continue
        pages += 1
        theirs: defaultdict[str, list[str]] = defaultdict(list)
        for hash_, label in reversed(other.blocks):
            theirs[hash_].append(label)
        labels.update(
            (label, theirs[hash_].pop()) for hash_, label in annotation.blocks if theirs[hash_]
        )
    if not labels:
        raise CorpusError("no block stands in both files of labels")
    return Agreement(pages, labels)
