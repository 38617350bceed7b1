"""What a block shares with the rest of its page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.features import MEASURED_NAMES, page_features
from segmenter.text import split_text

NAMES = MEASURED_NAMES["text"]
SHARES = [name for name in NAMES if name.startswith("shared_")]
LONG = "harbour bridge " + "of the sea and its men " * 5
"""A long block whose telling words are two."""


def shares(*lines: str) -> list[dict[str, float]]:
    """The shares of telling words of each line."""
    measured = page_features(split_text("\n".join(lines))).measured
    assert len(measured) == len(lines)
    return [{name: float(row[NAMES.index(name)]) for name in SHARES} for row in measured]


def test_words_of_a_neighbour_are_shared_nearby() -> None:
    first, second, third = shares("harbour tunnel", "tunnel", "market")
    assert first["shared_nearby"] == first["shared_just_after"] == 0.5
    assert first["shared_just_before"] == 0
    assert second["shared_nearby"] == second["shared_just_before"] == 1
    assert second["shared_just_after"] == 0
    assert third == dict.fromkeys(SHARES, 0)


@pytest.mark.parametrize(("between", "near"), [(4, 1), (5, 0)])
def test_nearby_is_up_to_five_blocks_away(between: int, near: int) -> None:
    fillers = [f"lorem{number}" for number in range(between)]
    found = shares("harbour", *fillers, "harbour")
    assert found[0]["shared_just_after"] == found[-1]["shared_just_before"] == near
    assert found[0]["shared_nearby"] == found[-1]["shared_nearby"] == near


def test_words_of_running_text_are_shared_at_any_distance() -> None:
    fillers = [f"lorem{number}" for number in range(9)]
    before, *_, after = shares("bridge", *fillers, LONG, *fillers, "bridge market")
    assert before["shared_with_running_text"] == before["shared_with_text_after"] == 1
    assert before["shared_with_text_before"] == 0
    assert after["shared_with_running_text"] == after["shared_with_text_before"] == 0.5
    assert after["shared_with_text_after"] == 0


def test_a_long_block_does_not_share_with_itself() -> None:
    (alone,) = shares(LONG)
    assert alone == dict.fromkeys(SHARES, 0)


def test_short_words_say_nothing_of_the_subject() -> None:
    first, second = shares("and the sea", "and the sea")
    assert first == second == dict.fromkeys(SHARES, 0)


@given(st.lists(st.text(alphabet="abcdef ", min_size=1, max_size=40), min_size=1, max_size=12))
def test_shares_are_shares(lines: list[str]) -> None:
    page = split_text("\n".join(lines))
    if not len(page):
        return
    measured = page_features(page).measured[:, [NAMES.index(name) for name in SHARES]]
    assert ((measured >= 0) & (measured <= 1)).all()
    # Whoever shares a word just before or after shares it nearby.
    column = {name: measured[:, place] for place, name in enumerate(SHARES)}
    assert (column["shared_nearby"] >= column["shared_just_before"]).all()
    assert (column["shared_nearby"] >= column["shared_just_after"]).all()
