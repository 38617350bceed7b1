"""Raw text to blocks."""

from __future__ import annotations

import textwrap
import time
import warnings

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segmenter.errors import LimitError
from segmenter.text import split_text
from segmenter.types import Limits

PARAGRAPHS = [
    "The ferry to the outer islands was held back for two hours this morning, because fog lay so "
    "thick over the sound that the skipper could not make out the harbour lights from the quay.",
    "Passengers were given coffee in the waiting room, and most of them took the delay with good "
    "humour; a school class from the mainland sang until the signal to board was given at last.",
    "The company says that fares will be paid back to everybody who missed a train on the other "
    "side, and that the evening boat will wait for those who want to return on the same day.",
]
MENU = ["Home", "Timetable", "Fares", "Contact"]

ANY_CHARACTER = st.one_of(
    st.characters(exclude_categories=()),
    st.sampled_from(
        "\0\u200b\u200d\u202e\ufeff\r\n\f\v\u2028\u2029\u00a0\x85\x1c\t .。!\ud800\udfff"
    ),
)
ANY_TEXT = st.one_of(
    st.text(ANY_CHARACTER),
    st.lists(st.sampled_from(["\r\n", "\n", "\n\n", " ", "word", "第一", "x" * 50, "a b. "])).map(
        "".join
    ),
)


@given(ANY_TEXT)
@example("\ufeffa\r\nb")
@example("a\u2028b\u00a0")
@example("\ud800")
@example("x" * 6_001)
@example("a. " * 5_000)
def test_blocks_hold_every_visible_character_once(text: str) -> None:
    page = split_text(text)
    assert page.text == text
    position = 0
    for start, end in zip(page.starts.tolist(), page.ends.tolist(), strict=True):
        assert position <= start < end <= len(text)
        assert not text[position:start].strip()
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        position = end
    assert not text[position:].strip()


def one_line(texts: list[str]) -> list[str]:
    return [" ".join(text.split()) for text in texts]


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\r", "\n\n", "\n \t\n\n", "\u2028", "\f"])
def test_one_paragraph_a_line(separator: str) -> None:
    blocks = [*MENU, *PARAGRAPHS]
    assert split_text(separator.join(blocks)).block_texts() == blocks


@pytest.mark.parametrize("width", [60, 66, 72, 80])
@pytest.mark.parametrize("indent", ["", "    "])
def test_wrapped_paragraphs_apart_by_blank_lines(width: int, indent: str) -> None:
    wrapped = [textwrap.fill(text, width) for text in PARAGRAPHS]
    text = textwrap.indent("\n\n".join(wrapped), indent)
    assert one_line(split_text(text).block_texts()) == PARAGRAPHS


@pytest.mark.parametrize("width", [60, 66, 72, 80])
def test_wrapped_paragraphs_without_blank_lines(width: int) -> None:
    # Only a short last line tells where such a paragraph ends.
    paragraphs = [f"{' '.join([paragraph] * 4)} {'End.' * 2}" for paragraph in PARAGRAPHS]
    lines = [textwrap.wrap(paragraph, width) for paragraph in paragraphs]
    told = [text for text, wrapped in zip(paragraphs, lines, strict=True) if len(wrapped[-1]) < 30]
    blocks = one_line(split_text("\n".join("\n".join(wrapped) for wrapped in lines)).block_texts())
    assert " ".join(blocks) == " ".join(paragraphs)
    assert len(blocks) <= len(paragraphs)
    assert len(blocks) >= len(told)


def test_short_lines_of_a_menu_are_not_joined() -> None:
    text = "\n".join([*MENU, *(textwrap.fill(p, 72) for p in PARAGRAPHS), *MENU])
    assert one_line(split_text(text).block_texts()) == [*MENU, *PARAGRAPHS, *MENU]


def test_wrapped_chinese() -> None:
    paragraph = "渡轮因为大雾在今天早晨推迟了两个小时才离开码头，乘客们在候船室里喝着咖啡等待。" * 4
    lines = [paragraph[i : i + 40] for i in range(0, len(paragraph), 40)]
    (block,) = split_text("\n".join(lines)).block_texts()
    assert "".join(block.split()) == paragraph


def test_page_on_one_long_line_is_cut_at_sentences_in_time() -> None:
    text = "The boat left the quay at nine. " * 32_000
    begin = time.perf_counter()
    blocks = split_text(text).block_texts()
    assert time.perf_counter() - begin < 5
    assert len(blocks) > 800
    assert all(block.endswith(".") for block in blocks)


def test_long_line_without_any_space_is_cut() -> None:
    blocks = split_text("x" * 1_000_000).block_texts()
    assert max(map(len, blocks)) <= 1_500
    assert "".join(blocks) == "x" * 1_000_000


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\r\n\t\u00a0\u2003", "\u2028"])
def test_text_without_a_visible_character_has_no_blocks(text: str) -> None:
    assert len(split_text(text)) == 0


def test_blocks_at_the_limit() -> None:
    limits = Limits(blocks=3)
    assert len(split_text("a\nb\nc", limits)) == 3
    with pytest.raises(LimitError, match="blocks"):
        split_text("a\nb\nc\nd", limits)


def test_lines_none_of_which_is_nearly_full_are_not_wrapped() -> None:
    lines = ["a" * 40, "b" * 40, "c" * 66]
    with warnings.catch_warnings(action="error"):
        assert split_text("\n".join(lines)).block_texts() == lines
