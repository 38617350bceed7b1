"""What scraped text often has and labelled pages seldom: made from a page's own blocks.

Running heads (the headline again, whole or cut short, inside the text), an agency's or site's
credit standing alone under the story, a deck in two lines or in the clipped style of the wires, a
comment form that nobody has used yet, and behind it a teaser or two, which may break off in the
middle of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
_UNUSED_FORM: Final = 0.5
_LATE_TEASER: Final = {True: 0.9, False: 0.3}
"""Behind a comment form that is unused, and behind comments."""
_RIGHT_BEHIND: Final = 0.6
"""Right behind the comments, for at the page's end."""
_TWO_DECKS: Final = 0.7
_CLIPPED_DECK: Final = 0.15
_CLIPPED_LENGTH: Final = (30, 220)
"""Characters of a sentence that is taken for a clipped deck."""
_BROKEN_OFF: Final = 0.5
"""Of the teasers put in, those that are cut short and followed by an invitation to read on."""
_SENTENCE: Final = re.compile(r"[^.!?。！？؟।]+")
_NAME: Final = re.compile(r"\b[^\W\d_a-z]\w{3,}")
_PAUSE: Final = re.compile(r", |、|，|، | [—–-] ")
_POST: Final = 12
"""Words from which a comment is taken for a reader's, and not for a part of the form."""
_ENDINGS: Final = ("...", "…", " ...", " […]", "... ", "")
_READ_ON: Final = (
    "Read more", "Continue reading", "Keep reading", "Full story", "More", "Weiterlesen",
    "Lire la suite", "Leer más", "Sigue leyendo", "Leia mais", "Continua a leggere", "Lees verder",
    "Läs mer", "Czytaj więcej", "Читать далее", "Читати далі", "Devamını oku", "اقرأ المزيد",
    "ادامه مطلب", "קרא עוד", "और पढ़ें", "อ่านต่อ", "Xem thêm", "Selengkapnya", "続きを読む", "阅读全文",
    "더 보기",
)  # fmt: skip
_ARROWS: Final = ("", "", " »", " →", "...", " >", " [...]")
_CREDITS: Final = (
    "/{}", "/ {}", "/{} news", "({})", "[{}]", "{}", "- {}", "— {}", "Source: {}", "{} News Agency",
    "({} news)", "© {}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A block's text and the bit mask of the labels it may have.

    Attributes:
        place: the block's place among those it was made from; ``None`` where it is new.
    """

    text: str
    allowed: int
    place: int | None = None


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
        at = _behind_comments(result) if rng.random() < _RIGHT_BEHIND else len(result)
        result[at:at] = _late_teasers(result, rng)
    if rng.random() < _CLIPPED_DECK:
        result = _with_clipped_deck(result, rng)
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
    return [replace(block, text=" ".join(part)) for part in (words[:cut], words[cut:])]


def _with_clipped_deck(
    blocks: Sequence[LabelledText], rng: np.random.Generator
) -> list[LabelledText]:
    """A sentence or two of the story's second half, without a full stop, moved under the headline;
    the blocks as they are where there is no single headline or no fitting sentence."""
    headlines = [index for index, block in enumerate(blocks) if block.allowed == _HEADLINE]
    body = [index for index, block in enumerate(blocks) if block.allowed == _BODY]
    if len(headlines) != 1 or len(body) < 6 or any(block.allowed == _DECK for block in blocks):
        return list(blocks)
    shortest, longest = _CLIPPED_LENGTH
    sentences = {index: _first_sentence(blocks[index].text) for index in body[len(body) // 2 :]}
    fitting = [index for index, text in sentences.items() if shortest <= len(text) <= longest]
    if not fitting:
        return list(blocks)
    count = min(int(rng.integers(1, 3)), len(fitting))
    moved = [int(index) for index in rng.choice(fitting, size=count, replace=False)]
    decks = [LabelledText(_clipped(sentences[index], rng), _DECK) for index in moved]
    kept = [(index, block) for index, block in enumerate(blocks) if index not in moved]
    at = next(place for place, (index, _) in enumerate(kept) if index == headlines[0]) + 1
    rest = [block for _, block in kept]
    return [*rest[:at], *decks, *rest[at:]]


def _first_sentence(text: str) -> str:
    found = _SENTENCE.search(text)
    return found.group().strip() if found else ""


def _clipped(sentence: str, rng: np.random.Generator) -> str:
    """As wire services write decks: dots for a pause, the speaker's name and a colon in front."""
    if rng.random() < 0.4:
        sentence = _PAUSE.sub(str(rng.choice(["…", "... ", " … "])), sentence, count=1)
    names = _NAME.findall(sentence)
    if names and rng.random() < 0.4:
        sentence = f"{rng.choice(names)}: {sentence}"
    return sentence


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


def _behind_comments(blocks: Sequence[LabelledText]) -> int:
    comments = [index for index, block in enumerate(blocks) if block.allowed == _COMMENT]
    return comments[-1] + 1 if comments else len(blocks)


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
    run = [block for block in run if block.allowed == _TEASER]
    return _broken_off(run, rng) if rng.random() < _BROKEN_OFF else run


def _broken_off(run: Sequence[LabelledText], rng: np.random.Generator) -> list[LabelledText]:
    """The longest teaser alone, cut after half of its words or later, and an invitation."""
    teaser = max(run, key=lambda block: len(block.text))
    words = teaser.text.split()
    kept = words[: int(rng.integers((len(words) + 1) // 2, len(words) + 1))]
    text = " ".join(kept) + str(rng.choice(["", *_ENDINGS]))
    invitation = f"{rng.choice(_READ_ON)}{rng.choice(_ARROWS)}"
    return [replace(teaser, text=text), LabelledText(invitation, _TEASER)]
