"""Pages that a candidate labels otherwise than the active model, block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segmenter.sequence import decide
from segmenter.training.corpora import LabelledPage
from segmenter.training.replay import TokenPage
from segmenter.types import LABELS, FloatArray

__all__ = ["BlockChange", "PageChange", "changed_pages"]

_MOST_PAGES: Final = 100
_MOST_BLOCKS: Final = 200
_TEXT_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class BlockChange:
    """A block that the two models label differently.

    Attributes:
        start, end: code point offsets into the page's text.
        text: its beginning, up to 200 characters.
        known: the user's label; ``None`` where it is not known.
        active, candidate: the labels that the two give.
    """

    start: int
    end: int
    text: str
    known: str | None
    active: str
    candidate: str


@dataclass(frozen=True, slots=True)
class PageChange:
    """A page with such blocks.

    Attributes:
        page: its id.
        changed, blocks: how many of how many blocks have another label.
        better, worse: how many of these the candidate got right and the active model wrong, and
            the other way round.
        changes: the blocks in reading order, up to 200.
    """

    page: str
    changed: int
    blocks: int
    better: int
    worse: int
    changes: tuple[BlockChange, ...]


def changed_pages(
    labelled: Sequence[LabelledPage],
    measured: Sequence[TokenPage],
    active: Sequence[FloatArray],
    candidate: Mapping[int, FloatArray],
) -> tuple[PageChange, ...]:
    """The pages with most changed blocks first, up to 100.

    Args:
        labelled, measured: the same pages.
        active: probabilities, shape (n, 9), of each page.
        candidate: the same by the page's place in ``labelled``.
    """
    found = [
        _changed(labelled[place], measured[place], active[place], rows)
        for place, rows in candidate.items()
    ]
    some = [page for page in found if page.changed]
    return tuple(sorted(some, key=lambda page: (-page.changed, page.page))[:_MOST_PAGES])


def _changed(
    page: LabelledPage, measured: TokenPage, active: FloatArray, candidate: FloatArray
) -> PageChange:
    before, after = (decide(rows, measured.words)[0].tolist() for rows in (active, candidate))
    known = [_known(allowed) for allowed in page.allowed.tolist()]
    texts = page.page.block_texts()
    changes = tuple(
        BlockChange(
            start=int(page.page.starts[i]),
            end=int(page.page.ends[i]),
            text=texts[i][:_TEXT_LENGTH],
            known=known[i],
            active=LABELS[before[i]],
            candidate=LABELS[after[i]],
        )
        for i in np.flatnonzero(np.not_equal(before, after)).tolist()
    )
    return PageChange(
        page=page.id,
        changed=len(changes),
        blocks=len(texts),
        better=sum(change.candidate == change.known for change in changes),
        worse=sum(change.active == change.known for change in changes),
        changes=changes[:_MOST_BLOCKS],
    )


def _known(allowed: int) -> str | None:
    """The one label of a bit set, ``None`` where it allows several."""
    return LABELS[allowed.bit_length() - 1] if allowed.bit_count() == 1 else None
