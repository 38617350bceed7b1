"""Several pages as one, so that what is done with arrays is done once for all of them.

A page's arrays are short: most of what measuring them one by one costs is the calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segmenter.types import IntArray, Markup, Page

__all__ = ["Pages", "bundled"]


@dataclass(frozen=True, slots=True, eq=False)
class Pages:
    """How n blocks are divided into p pages.

    Attributes:
        first: shape (p + 1,), the first block of each page; the last entry is n.
        of_block: shape (n,), the page of each block.
        place: shape (n,), the number of each block on its page, from 0.
    """

    first: IntArray
    of_block: IntArray
    place: IntArray

    def __len__(self) -> int:
        return len(self.first) - 1

    @classmethod
    def of(cls, sizes: Sequence[int]) -> Pages:
        """Of pages with these numbers of blocks, at least one each."""
        first = np.concatenate([[0], np.cumsum(sizes)])
        of_block = np.repeat(np.arange(len(sizes)), sizes)
        return cls(first, of_block, np.arange(len(of_block)) - first.take(of_block))


def bundled(pages: Sequence[Page]) -> Page:
    """Some pages of one kind, each with at least one block, as one page of all their blocks.

    Its elements are a forest: the root of each page stays its own parent. What names a page
    (titles, language and the like) is left out.
    """
    if len(pages) == 1:
        return pages[0]
    text = "\n".join(page.text for page in pages)
    shifts = _shifts([len(page.text) + 1 for page in pages])
    return Page(
        input=pages[0].input,
        text=text,
        starts=_joined([page.starts for page in pages], shifts),
        ends=_joined([page.ends for page in pages], shifts),
        markup=_forest([page.markup for page in pages if page.markup is not None]),
    )


def _forest(trees: Sequence[Markup]) -> Markup | None:
    if not trees:
        return None
    shifts = _shifts([len(tree.kind) for tree in trees])
    kinds: dict[tuple[str, str], int] = {}
    renumbered = [
        np.array([kinds.setdefault(kind, len(kinds)) for kind in tree.kinds], dtype=np.intc)
        for tree in trees
    ]
    return Markup(
        block_element=_joined([tree.block_element for tree in trees], shifts),
        parent=_joined([tree.parent for tree in trees], shifts),
        kind=np.concatenate(
            [new.take(tree.kind) for new, tree in zip(renumbered, trees, strict=True)]
        ),
        kinds=tuple(kinds),
        link_chars=np.concatenate([tree.link_chars for tree in trees]),
        strong_chars=np.concatenate([tree.strong_chars for tree in trees]),
        links=np.concatenate([tree.links for tree in trees]),
        titles=(),
        description="",
        author="",
        language="",
    )


def _shifts(sizes: Sequence[int]) -> list[int]:
    """Where each of some runs begins when they stand one behind the other."""
    return [0, *np.cumsum(sizes[:-1]).tolist()]


def _joined(arrays: Sequence[IntArray], shifts: Sequence[int]) -> IntArray:
    return np.concatenate([array + shift for array, shift in zip(arrays, shifts, strict=True)])
