"""What blocks are to be where the annotation guide and a corpus's main text differ."""

from __future__ import annotations

import numpy as np
import pytest

from segmenter.html import split_html
from segmenter.training.corpora import ALL_LABELS, LabelledPage
from segmenter.training.targets import block_targets, by_corpus_too
from segmenter.types import LABEL_INDEX

STORY = "The ferry had left the quay before anyone saw that the lower deck was taking in water."
SPECIFICATIONS = "Weight four kilograms, height ninety centimetres, colour grey or dark green."
CREDIT = "Written by Ada Quill for the harbour paper"
TEXTS = (STORY, SPECIFICATIONS, CREDIT, "Imprint and privacy")
LABELS_GIVEN = ("body", "body", "byline", None)


def _page(main_text: str | None) -> LabelledPage:
    page = split_html("".join(f"<p>{text}</p>" for text in TEXTS))
    known = [label is not None for label in LABELS_GIVEN]
    allowed = [1 << LABEL_INDEX[label] if label else ALL_LABELS for label in LABELS_GIVEN]
    gold = [(text, label) for text, label in zip(TEXTS, LABELS_GIVEN, strict=True) if label]
    return LabelledPage(
        id="page",
        site="site",
        source="gold",
        language="en",
        page_type="product",
        page=page,
        allowed=np.array(allowed),
        weight=np.array(known, dtype=np.float32),
        gold=tuple(gold),
        main_text=main_text,
    )


def test_body_that_the_main_text_leaves_out_is_body_by_a_share() -> None:
    page = by_corpus_too(_page(STORY))
    targets = block_targets(page.allowed, page.teacher)
    assert targets[0, LABEL_INDEX["body"]] == 1
    left_out = targets[1]
    assert left_out.sum() == pytest.approx(1)
    assert 0 < left_out[LABEL_INDEX["body"]] < 0.5
    assert left_out[LABEL_INDEX["boilerplate"]] > 0
    assert left_out[LABEL_INDEX["teaser"]] > 0


def test_other_labels_are_those_of_the_guide() -> None:
    # The corpus counts the credit to its main text.
    page = by_corpus_too(_page(f"{STORY} {SPECIFICATIONS} {CREDIT}"))
    targets = block_targets(page.allowed, page.teacher)
    assert targets[2, LABEL_INDEX["byline"]] == 1
    assert (targets[3] == 1).all(), "nothing is known of it, before and after"


def test_a_page_with_one_kind_of_gold_stays_as_it_is() -> None:
    page = _page(None)
    assert by_corpus_too(page) is page
