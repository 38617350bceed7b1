"""One prediction against the gold of its page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segmenter.sequence import decide
from segmenter.training.alignment import in_main_text
from segmenter.training.corpora import LabelledPage
from segmenter.training.metrics import Counts, word_counts, word_f1
from segmenter.types import LABEL_INDEX, LABELS, FloatArray, IntArray

__all__ = ["MAIN_TEXT_FORMS", "PageScore", "Prediction", "gold_body", "known_labels", "score"]

MAIN_TEXT_FORMS: Final = ("html", "lines")
"""Forms that pages with only a main text are scored in."""
_BODY: Final = 1 << LABEL_INDEX["body"]


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a model that had not seen its site says of a page.

    Attributes:
        labelled: the page as it was measured.
        form: ``html``, or the form of the raw text.
        probabilities: shape (n, 9).
        words: shape (n,), words in each block.
    """

    labelled: LabelledPage
    form: str
    probabilities: FloatArray
    words: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class PageScore:
    """A prediction scored.

    Attributes:
        page: the page it is of.
        form: of the input.
        confidence: the page's, as it is given to users.
        body: word-F1 of the body against gold blocks; ``None`` where there are none of body.
        main_text: word-F1 of the body against the corpus's main text, where there is one.
        body_ceiling, main_text_ceiling: the same of the best label for each block by alignment:
            what is lost by the splitting into blocks and by the gold alone.
        main_text_readers: word-F1 of the gold blocks of body against the main text, where a page
            has both: what one reaches who follows the annotation guide.
        found, ideal, gold: words of each label as given, as best by alignment, and of the gold;
            empty where the page is not labelled block by block.
        probability: shape (k,), of the label given, for the k blocks whose label is known.
        given, known: shape (k,), indexes into ``LABELS``.
        words: shape (k,), words of those blocks.
    """

    page: LabelledPage
    form: str
    confidence: float
    body: float | None
    main_text: float | None
    body_ceiling: float | None
    main_text_ceiling: float | None
    main_text_readers: float | None
    found: Mapping[str, Counts]
    ideal: Mapping[str, Counts]
    gold: Mapping[str, Counts]
    probability: FloatArray
    given: IntArray
    known: IntArray
    words: IntArray


def known_labels(page: LabelledPage) -> IntArray:
    """Shape (n,): the label of each block that is known exactly, else -1."""
    exact = (page.allowed & (page.allowed - 1)) == 0
    return np.where(exact, np.log2(np.maximum(page.allowed, 1)).astype(np.int64), -1)


def gold_body(page: LabelledPage, form: str) -> Counts | None:
    """Words of the body by the gold blocks that are scored; ``None`` where they have none."""
    if not page.scored:
        return None
    return _gold_words(page, form).get("body")


def score(prediction: Prediction) -> PageScore:
    """Score one page; one without any block has nothing right. A page that is not to be scored by
    its blocks is scored by its main text alone.

    Against gold blocks, only blocks that have a gold label count: readers did not see what stands
    in hidden elements.
    """
    page, form = prediction.labelled, prediction.form
    labels, confidence = (
        decide(prediction.probabilities, prediction.words)
        if len(page.page)
        else (np.zeros(0, dtype=np.int64), 1.0)
    )
    blocks = [word_counts(text) for text in page.page.block_texts()]
    known = known_labels(page)
    seen = np.flatnonzero(known >= 0).tolist()
    seen_blocks = [blocks[index] for index in seen]
    found_words = _label_words(seen_blocks, labels[seen])
    ideal_words = _label_words(seen_blocks, known[seen])
    gold = _gold_words(page, form) if page.scored else {}
    body = gold.get("body")
    main = word_counts(page.main_text) if page.main_text and form in MAIN_TEXT_FORMS else None
    sure = seen if page.scored else []
    return PageScore(
        page=page,
        form=form,
        confidence=confidence,
        body=None if body is None else word_f1(_body(found_words), body),
        main_text=None if main is None else word_f1(_body(_label_words(blocks, labels)), main),
        body_ceiling=None if body is None else word_f1(_body(ideal_words), body),
        main_text_ceiling=None if main is None else word_f1(_main_words(page, blocks), main),
        main_text_readers=word_f1(_body(gold), main) if gold and main is not None else None,
        found=found_words if gold else {},
        ideal=ideal_words if gold else {},
        gold=gold,
        probability=prediction.probabilities[sure, labels[sure]],
        given=labels[sure],
        known=known[sure],
        words=prediction.words[sure],
    )


def _label_words(blocks: Sequence[Counts], labels: Iterable[int]) -> dict[str, Counts]:
    result: dict[str, Counts] = defaultdict(Counter)
    for words, label in zip(blocks, labels, strict=True):
        result[LABELS[label]].update(words)
    return dict(result)


def _gold_words(page: LabelledPage, form: str) -> dict[str, Counts]:
    """Of the gold blocks; for a page that lost blocks to stripping, of those that are left."""
    assert page.gold is not None
    if form != "stripped":
        words = [word_counts(text) for text, _ in page.gold]
        return _label_words(words, [LABEL_INDEX[label] for _, label in page.gold])
    known = known_labels(page)
    texts = page.page.block_texts()
    left = np.flatnonzero(known >= 0).tolist()
    return _label_words([word_counts(texts[i]) for i in left], known[left].tolist())


def _main_words(page: LabelledPage, blocks: Sequence[Counts]) -> Counts:
    """Words of the blocks that are part of the main text by alignment."""
    words: Counts = Counter()
    if not blocks:
        return words
    # Where there are gold blocks, their labels are what is allowed.
    gold = page.gold is not None
    inside = in_main_text(page.page, page.main_text or "") if gold else page.allowed == _BODY
    for index in np.flatnonzero(inside).tolist():
        words.update(blocks[index])
    return words


def _body(words: Mapping[str, Counts]) -> Counts:
    return words.get("body", Counter())
