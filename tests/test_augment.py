"""What training puts into labelled pages."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segmenter.training.augment import LabelledText, augmented
from segmenter.types import LABEL_INDEX, LABELS

HEADLINE = "Harbour council votes to keep the old lighthouse lit through winter"


def _page() -> list[LabelledText]:
    labels = ["headline", *["body"] * 6, "comment", "teaser", "teaser", "boilerplate"]
    return [
        LabelledText(
            HEADLINE if label == "headline" else f"{label} {number}", 1 << LABEL_INDEX[label]
        )
        for number, label in enumerate(labels)
    ]


@given(st.integers(0, 2000))
def test_the_pages_own_blocks_stay_in_order(seed: int) -> None:
    page = _page()
    made = augmented(page, "harbour-times.example", np.random.default_rng(seed))
    rest = iter(made)
    assert all(block in rest for block in page)


@given(st.integers(0, 2000))
def test_what_is_put_in_is_labelled_for_what_it_is(seed: int) -> None:
    page = _page()
    made = augmented(page, "harbour-times.example", np.random.default_rng(seed))
    for block in made:
        if block in page:
            continue
        label = LABELS[block.allowed.bit_length() - 1]
        assert label in ("headline_fragment", "byline")
        if label == "headline_fragment":
            assert block.text == HEADLINE or block.text[:8] == HEADLINE[:8]
        else:
            assert "harbour-times" in block.text.lower()


def test_every_kind_is_put_in_sometimes() -> None:
    lengths = {
        len(augmented(_page(), "a.example", np.random.default_rng(seed))) for seed in range(60)
    }
    assert len(_page()) in lengths
    assert max(lengths) >= len(_page()) + 3


def test_a_page_without_body_stays_as_it_is() -> None:
    page = [LabelledText("Home", 1 << LABEL_INDEX["boilerplate"])] * 4
    assert augmented(page, "a.example", np.random.default_rng(0)) == page


def test_a_deck_may_come_in_two_lines_and_a_comment_form_unused() -> None:
    deck = "The vote was closer than expected; the harbour master calls it a relief for all"
    post = "I have sailed past it for forty years and would miss it more than my own house"
    page = _page()
    page.insert(1, LabelledText(deck, 1 << LABEL_INDEX["deck"]))
    page.append(LabelledText(post, 1 << LABEL_INDEX["comment"]))
    first, second = deck.split("; ")
    made = [augmented(page, "a.example", np.random.default_rng(seed)) for seed in range(40)]
    decks = {tuple(b.text for b in m if b.allowed == 1 << LABEL_INDEX["deck"]) for m in made}
    assert decks == {(deck,), (first + ";", second)}
    assert {any(block.text == post for block in m) for m in made} == {True, False}
