"""Which pages to label next: those that stand for what the model is unsure of, by template.

A page covers the pages that are like it; covering a page more often is worth less each time, and a
template is worth the same whether the pool has two of its pages or two hundred. Chosen greedily, by
the uncertainty of what a page covers more than is covered already: a submodular gain
(Wei, Iyer and Bilmes 2015, "Submodularity in data subset selection and active learning"). Two pages
are alike as far as their short blocks and markup have the same tokens, so that a template is
covered by some of its pages and not by twenty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segmenter.errors import LimitError
from segmenter.features import page_features
from segmenter.features.words import mixed
from segmenter.labels.pages import split
from segmenter.labels.records import LabelRecord
from segmenter.segmenter import Segmenter
from segmenter.types import FloatArray, Segmentation

__all__ = [
    "SKETCH_SIZE",
    "Ranked",
    "Rating",
    "Sketch",
    "Suggestion",
    "rank",
    "sketch",
    "suggest",
    "uncertainty",
]

Sketch = NDArray[np.uint32]
"""Shape (SKETCH_SIZE,): the least hash of a page's template tokens under each of many hashes."""
SKETCH_SIZE: Final = 128
"""Values of a page's sketch (Broder 1997); their agreement is off by about a tenth."""
_SHORT_BLOCK: Final = 8
_SHARPNESS: Final = 2
"""Pages of other templates have some tokens in common too: squared, that counts for little."""
_COVERAGE: Final = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Rating:
    """All that ranking takes of a page.

    Attributes:
        sketch: what pages like it have in common with it.
        uncertainty: as ``Suggestion`` has it.
    """

    sketch: Sketch
    uncertainty: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A page's place among those to label.

    Attributes:
        index: of its rating.
        novelty, score: as ``Suggestion`` has them.
    """

    index: int
    novelty: float
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Suggestion:
    """A page to label.

    Attributes:
        record: the page.
        segmentation: the model's labels, to be corrected.
        uncertainty: mean over its characters' roots of 1 - the probability of the label given, 0
            to 1.
        novelty: 1 - likeness to the most alike page labelled or suggested before it, 0 to 1.
        score: the gain that it was chosen by.
    """

    record: LabelRecord
    segmentation: Segmentation
    uncertainty: float
    novelty: float
    score: float


def suggest(
    pool: Sequence[LabelRecord],
    segmenter: Segmenter,
    count: int,
    labelled: Iterable[LabelRecord] = (),
) -> list[Suggestion]:
    """The pages to label next, the most helpful first.

    Args:
        pool: pages without labels; one that can't be segmented is passed over.
        segmenter: the model whose labels are uncertain.
        count: how many at most.
        labelled: pages that are labelled already.
    """
    pages: list[tuple[LabelRecord, Segmentation]] = []
    ratings: list[Rating] = []
    for record in pool:
        drawn = sketch(record)
        if drawn is not None:
            segmentation = segmenter.segment_document(record.document())
            pages.append((record, segmentation))
            ratings.append(Rating(drawn, uncertainty(segmentation)))
    known = [drawn for record in labelled if (drawn := sketch(record)) is not None]
    return [
        Suggestion(*pages[best.index], ratings[best.index].uncertainty, best.novelty, best.score)
        for best in rank(ratings, count, known)
    ]


def rank(ratings: Sequence[Rating], count: int, labelled: Sequence[Sketch] = ()) -> list[Ranked]:
    """The places of the pages to label next, the most helpful first.

    Args:
        ratings: of the pages without labels.
        count: how many at most.
        labelled: sketches of pages that are labelled already.
    """
    if not ratings:
        return []
    sketches = np.stack([rating.sketch for rating in ratings])
    crowd = np.array([_alike(sketches, index).sum() for index in range(len(ratings))])
    weight = np.array([rating.uncertainty for rating in ratings]) / crowd
    nearest, covered = np.zeros(len(ratings)), np.zeros(len(ratings))
    for known in labelled:
        alike = (sketches == known).mean(axis=1)
        nearest, covered = np.maximum(nearest, alike), covered + alike**_SHARPNESS

    def gain(index: int) -> float:
        more = np.log1p(_COVERAGE * (covered + _alike(sketches, index))) - worth
        # A copy of what is there tells nothing, however much it covers.
        return float(weight @ more * (1 - nearest[index]))

    result: list[Ranked] = []
    # No gain ever rises, so that few have to be computed anew each time (Minoux 1978).
    worth = np.log1p(_COVERAGE * covered)
    bounds = [(-gain(index), index, 0) for index in range(len(ratings))]
    heapify(bounds)
    while bounds and len(result) < count:
        bound, best, known_at = heappop(bounds)
        if known_at < len(result):
            heappush(bounds, (-gain(best), best, len(result)))
            continue
        result.append(Ranked(best, float(1 - nearest[best]), -bound))
        covered = covered + _alike(sketches, best)
        worth = np.log1p(_COVERAGE * covered)
        nearest = np.maximum(nearest, (sketches == sketches[best]).mean(axis=1))
    return result


def uncertainty(segmentation: Segmentation) -> float:
    """Of the labels of a page with at least one block, as ``Suggestion`` has it."""
    given = np.take_along_axis(segmentation.probabilities, segmentation.labels[:, None], axis=1)
    weight = np.sqrt(segmentation.page.ends - segmentation.page.starts)
    return float(((1 - given[:, 0]) * weight).sum() / weight.sum())


def sketch(record: LabelRecord) -> Sketch | None:
    """What pages of one template have in common; ``None`` for a page that can't be compared: over
    the limits of labelled pages, or empty."""
    try:
        page = split(record)
    except LimitError:
        return None
    if not len(page):
        return None
    features = page_features(page)
    text = features.text_tokens
    short = features.words.counts[text.row] <= _SHORT_BLOCK
    tokens = [np.unique(text.index[short])]
    if features.structure_tokens is not None:
        # Apart from the text's tokens, which have the same numbers.
        tokens.append(np.unique(features.structure_tokens.tokens().index) + (1 << 20))
    all_tokens = np.concatenate(tokens).astype(np.uint32)
    if not len(all_tokens):
        return None
    salts = mixed(np.arange(1, SKETCH_SIZE + 1, dtype=np.uint32))
    result: Sketch = mixed(all_tokens[None, :] ^ salts[:, None]).min(axis=1)
    return result


def _alike(sketches: Sketch, index: int) -> FloatArray:
    """Shape (pages,): how far each page is covered by one of them."""
    result: FloatArray = (sketches == sketches[index]).mean(axis=1) ** _SHARPNESS
    return result
