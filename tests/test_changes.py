"""Which pages a candidate labels otherwise, and the words that each model confuses."""

from __future__ import annotations

import numpy as np
from labelled_pages import BLOCKS, labelled, predicted

from segmenter.features.vocabulary import Tokens
from segmenter.training.changes import changed_pages
from segmenter.training.corpora import LabelledPage
from segmenter.training.gate import compare
from segmenter.training.replay import TokenPage
from segmenter.types import LABEL_INDEX, FloatArray


def measured(page: LabelledPage) -> TokenPage:
    """A page as a comparison reads it: its words and known labels."""
    made = predicted(page)
    nothing = np.zeros(0, dtype=np.int32)
    return TokenPage(
        site=page.site, text=Tokens(nothing, nothing, len(page.page)), structure=None, inputs=None,
        log_p=np.log(made.probabilities), allowed=page.allowed, weight=page.weight,
        words=made.words,
    )  # fmt: skip


def answers(page: LabelledPage, wrong: dict[int, str]) -> FloatArray:
    """Right for every block but some."""
    given = [LABEL_INDEX[wrong.get(n, label)] for n, (_, label) in enumerate(BLOCKS)]
    return predicted(page, np.array(given)).probabilities


def test_changed_blocks_with_known_and_given_labels() -> None:
    pages = [labelled("same"), labelled("some"), labelled("most")]
    active = [answers(page, wrong) for page, wrong in zip(
        pages, ({0: "teaser"}, {2: "teaser"}, {3: "comment", 4: "comment"}), strict=True
    )]  # fmt: skip
    candidate = {
        0: answers(pages[0], {0: "teaser"}),
        1: answers(pages[1], {5: "caption"}),
        2: answers(pages[2], {}),
    }
    most, some = changed_pages(pages, [measured(page) for page in pages], active, candidate)
    # As many changes, in the order of their names; a page without a change is left out.
    assert [(p.page, p.changed, p.better, p.worse) for p in (most, some)] == [
        ("most", 2, 2, 0),
        ("some", 2, 1, 1),
    ]
    assert [(c.text, c.known, c.active, c.candidate) for c in some.changes] == [
        ("By Tom Reed", "byline", "teaser", "byline"),
        ("More on rivers", "teaser", "teaser", "caption"),
    ]
    first = some.changes[0]
    assert pages[1].page.text[first.start : first.end] == first.text


def test_of_a_page_without_known_labels_only_the_change_is_told() -> None:
    page = labelled("page", gold=False)
    (found,) = changed_pages(
        [page], [measured(page)], [answers(page, {0: "teaser"})], {0: answers(page, {})}
    )
    assert (found.changed, found.better, found.worse) == (1, 0, 0)
    assert found.changes[0].known is None


def test_long_texts_are_shortened() -> None:
    blocks = [("word " * 100, "body"), *BLOCKS[1:]]
    page = labelled("page", blocks)
    (found,) = changed_pages(
        [page], [measured(page)], [answers(page, {0: "teaser"})], {0: answers(page, {0: "body"})}
    )
    assert len(found.changes[0].text) == 200
    assert found.changes[0].end > 400


def test_confusions_are_in_words_by_known_and_given_label() -> None:
    page = labelled("page")
    before, after = answers(page, {3: "comment"}), answers(page, {})
    found = compare([measured(page)], [before], [after]).confusion
    body, comment = LABEL_INDEX["body"], LABEL_INDEX["comment"]
    words = [len(text.split()) for text, label in BLOCKS if label == "body"]
    assert (found["active"][body][comment], found["active"][body][body]) == (words[0], words[1])
    assert found["candidate"][body][body] == sum(words)
    assert sum(map(sum, found["candidate"])) == sum(len(text.split()) for text, _ in BLOCKS)
