"""What scraped text often has and labelled pages seldom: made from a page's own blocks.

Running heads (the headline again, whole or cut short, inside the text), an agency's or site's
credit standing alone under the story, a deck in two lines, a comment form that nobody has used yet,
and a teaser or two behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segmenter.types import LABEL_INDEX

__all__ = ["LabelledText", "augmented"]

_HEADLINE: Final = 1 << LABEL_INDEX["headline"]
_FRAGMENT: Final = 1 << LABEL_INDEX["headline_fragment"]
_DECK: Final = 1 << LABEL_INDEX["deck"]
_BODY: Final = 1 << LABEL_INDEX["body"]
_BYLINE: Final = 1 << LABEL_INDEX["byline"]
_TEASER: Final = 1 << LABEL_INDEX["teaser"]
_COMMENT: Final = 1 << LABEL_INDEX["comment"]
_RUNNING_HEADS: Final = 0.35
_CREDIT: Final = 0.2
_UNUSED_FORM: Final = 0.4
_LATE_TEASER: Final = {True: 0.9, False: 0.3}
"""Behind a comment form that is unused, and behind comments."""
_TWO_DECKS: Final = 0.7
_POST: Final = 12
"""Words from which a comment is taken for a reader's, and not for a part of the form."""
_ENDINGS: Final = ("...", "…", " ...", " […]", "... ", "")
_CREDITS: Final = (
    "/{}", "/ {}", "/{} news", "({})", "[{}]", "{}", "- {}", "— {}", "Source: {}", "{} News Agency",
    "({} news)", "© {}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A block's text and the bit mask of the labels it may have."""

    text: str
    allowed: int


def augmented(
    blocks: Sequence[LabelledText], site: str, rng: np.random.Generator
) -> list[LabelledText]:
    """The blocks with some of the above put in; often just the blocks.

    Args:
        blocks: of one page, in reading order.
        site: whose name the credit bears.
        rng: decides what is put in, and where.
    """
    result = list(blocks)
    if sum(block.allowed == _BODY for block in result) < 3:
        return result
    unused = rng.random() < _UNUSED_FORM
    if unused:
        result = [block for block in result if not _is_post(block)]
    if rng.random() < _LATE_TEASER[unused]:
        result += _late_teasers(result, rng)
    body = [index for index, block in enumerate(result) if block.allowed == _BODY]
    if rng.random() < _CREDIT:
        name = site.split(".", maxsplit=1)[0]
        name = name.capitalize() if rng.random() < 0.5 else name
        result.insert(body[-1] + 1, LabelledText(str(rng.choice(_CREDITS)).format(name), _BYLINE))
    headline = next((block.text for block in result if block.allowed == _HEADLINE), "")
    if rng.random() < _RUNNING_HEADS and len(headline) >= 20:
        head = LabelledText(_cut(headline, rng), _FRAGMENT)
        places = rng.choice(body, size=int(rng.integers(1, 3)), replace=False)
        for place in sorted((int(place) + 1 for place in places), reverse=True):
            result.insert(place, head)
    if rng.random() < _TWO_DECKS:
        result = [part for block in result for part in _halves(block)]
    return result


def _is_post(block: LabelledText) -> bool:
    return block.allowed == _COMMENT and len(block.text.split()) >= _POST


def _halves(block: LabelledText) -> list[LabelledText]:
    """A deck of ten words or more as two; any other block as it is."""
    words = block.text.split()
    if block.allowed != _DECK or len(words) < 10:
        return [block]
    middle = len(words) // 2
    ends = [place for place in range(4, len(words) - 3) if words[place - 1][-1] in ".!?;:…"]
    cut = min(ends, key=lambda place: abs(place - middle)) if ends else middle
    return [LabelledText(" ".join(part), _DECK) for part in (words[:cut], words[cut:])]


def _cut(headline: str, rng: np.random.Generator) -> str:
    """The headline whole, or its beginning with an ellipsis, sometimes with its last word."""
    if rng.random() < 0.2:
        return headline
    words = headline.split()
    if len(words) < 4:
        return headline[: len(headline) * 2 // 3] + str(rng.choice(_ENDINGS[:3]))
    beginning = " ".join(words[: int(rng.integers(3, len(words)))])
    last = f"  {words[-1]}" if rng.random() < 0.3 else ""
    return beginning.rstrip(".…,") + str(rng.choice(_ENDINGS[:5])) + last


def _late_teasers(blocks: Sequence[LabelledText], rng: np.random.Generator) -> list[LabelledText]:
    """One to three teasers of the page that stand together, to follow its comments; long ones,
    which look like a reader's post, more often."""
    if not any(block.allowed == _COMMENT for block in blocks):
        return []
    teasers = [index for index, block in enumerate(blocks) if block.allowed == _TEASER]
    if not teasers:
        return []
    lengths = np.array([len(blocks[index].text) for index in teasers], dtype=float) + 1
    first = int(rng.choice(teasers, p=lengths / lengths.sum()))
    run = blocks[first : first + int(rng.integers(1, 4))]
    return [block for block in run if block.allowed == _TEASER]
