"""What training puts into labelled pages."""

from __future__ import annotations

from itertools import pairwise

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
            HEADLINE if label == "headline" else f"{label} {number}",
            1 << LABEL_INDEX[label],
            number,
        )
        for number, label in enumerate(labels)
    ]


@given(st.integers(0, 2000))
def test_the_pages_own_blocks_stay_in_order(seed: int) -> None:
    page = _page()
    made = augmented(page, "harbour-times.example", np.random.default_rng(seed))
    # A teaser put in behind the comments has its place a second time.
    teaser = 1 << LABEL_INDEX["teaser"]
    places = [b.place for b in made if b.place is not None and b.allowed != teaser]
    assert places == sorted(places)
    assert {block.place for block in made} >= set(range(len(page)))


@given(st.integers(0, 2000))
def test_what_is_put_in_is_labelled_for_what_it_is(seed: int) -> None:
    page = _page()
    made = augmented(page, "harbour-times.example", np.random.default_rng(seed))
    for block in made:
        label = LABELS[block.allowed.bit_length() - 1]
        if block.place is not None:
            assert block.allowed == page[block.place].allowed
            assert block.text.startswith(page[block.place].text[:6])
            continue
        if label == "teaser":
            assert made[made.index(block) - 1].allowed == block.allowed
            continue
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


def test_a_late_teaser_may_break_off_before_an_invitation_to_read_on() -> None:
    long = "The lighthouse keeper tells how storms of the last century changed the harbour"
    page = [*_page(), LabelledText(long, 1 << LABEL_INDEX["teaser"])]
    made = [augmented(page, "a.example", np.random.default_rng(seed)) for seed in range(80)]
    pairs = [
        (cut.text, invitation)
        for blocks in made
        for cut, invitation in pairwise(blocks)
        if invitation.place is None and invitation.allowed == page[-1].allowed
    ]
    assert any(text != long and text[:30] == long[:30] for text, _ in pairs)


def test_a_sentence_of_the_story_may_become_a_deck_in_clipped_style() -> None:
    body = 1 << LABEL_INDEX["body"]
    story = "Mayor Quimby said that pier {} would be closed, which nobody liked. So it was."
    told = [story.format(number) for number in range(8)]
    page = [LabelledText(HEADLINE, 1 << LABEL_INDEX["headline"])]
    page += [LabelledText(text, body) for text in told]
    seen = set()
    for seed in range(200):
        made = augmented(page, "a.example", np.random.default_rng(seed))
        decks = [block.text for block in made if block.allowed == 1 << LABEL_INDEX["deck"]]
        bodies = [block.text for block in made if block.allowed == body]
        assert len(bodies) + len(decks) >= len(told)
        if decks:
            assert made[1].allowed == 1 << LABEL_INDEX["deck"]
            assert not any(deck.endswith(".") for deck in decks)
            seen.add((len(decks) > 1, ": " in decks[0], "…" in decks[0]))
    assert len(seen) >= 4
