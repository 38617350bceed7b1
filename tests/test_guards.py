"""Pages made to stall the parser are refused quickly; large honest pages are not."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from segmenter.errors import LimitError
from segmenter.html import split_html
from segmenter.types import Limits

SECONDS = 10.0
"""Generous for slow machines; unguarded, each attack below takes minutes or all memory."""

ATTACKS: dict[str, tuple[str, Callable[[], str]]] = {
    "nested div": ("nesting", lambda: "<div>" * 200_000),
    "nested lists": ("nesting", lambda: "<ul><li>" * 100_000),
    "div kept open by end tags out of scope": (
        "parser_steps",
        lambda: "<div><object></div></object>" * 100_000,
    ),
    "end tags of elements that are not open": ("parser_steps", lambda: "<div></x>" * 100_000),
    "deep and then wide": (
        "parser_steps",
        lambda: "<div>" * 15_000 + "<div></div>" * 200_000,
    ),
    "attributes of one element": (
        "attributes",
        lambda: "<p " + " ".join(f"a{i}" for i in range(100_000)) + ">",
    ),
    "attributes behind quoted angle brackets": (
        "attributes",
        lambda: "<p " + " ".join(f'a{i}=">"' for i in range(100_000)) + ">",
    ),
    "attributes behind a quote in a comment": (
        "attributes",
        lambda: '<!-- <p x=" --><p ' + " ".join(f"a{i}=1" for i in range(100_000)) + ">",
    ),
    "attributes behind a script in svg": (
        "attributes",
        lambda: "<svg><script><p " + " ".join(f"a{i}=1" for i in range(100_000)) + ">",
    ),
    "attributes added to body": (
        "attributes",
        lambda: "".join(f"<body a{i}=1>" for i in range(50_000)),
    ),
    "attributes of many elements": (
        "parser_steps",
        lambda: ("<p " + " ".join(f"a{i}" for i in range(4_900)) + ">") * 100,
    ),
    "formatting opened again in each paragraph": (
        "parser_steps",
        lambda: "".join(f"<p><font size={i}>x" for i in range(20_000)),
    ),
    "few formatting elements opened again in many paragraphs": (
        "parser_steps",
        lambda: "<p>" + "".join(f"<font size={i}>" for i in range(290)) + "<p>x" * 7_500,
    ),
    "formatting that is never closed": (
        "parser_steps",
        lambda: "".join(f"<font size={i}>" for i in range(50_000)),
    ),
    "options of one select": ("parser_steps", lambda: "<select>" + "<option>x" * 100_000),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_refused_in_time(name: str) -> None:
    limit, make = ATTACKS[name]
    html = make()
    begin = time.perf_counter()
    with pytest.raises(LimitError, match=limit) as caught:
        split_html(html)
    assert time.perf_counter() - begin < SECONDS
    assert caught.value.limit == limit
    assert caught.value.actual > caught.value.allowed


HARMLESS: dict[str, str] = {
    "paragraphs without end tags": "<p>x" * 50_000,
    "list items without end tags": "<ul>" + "<li>x" * 50_000,
    "table rows without end tags": "<table>" + "<tr><td>x<td>y" * 30_000,
    "definitions without end tags": "<dl>" + "<dt>x<dd>y" * 30_000,
    "void elements": "<body>" + "x<br>" * 50_000,
    "bold in each paragraph, never closed": "<p><b>x" * 20_000,
    "bold, closed": "<p><b>x</b> y</p>" * 30_000,
    "links without end tags": "<a href=x>y" * 30_000,
    "unclosed bold": "<b>x" * 30_000,
    "tables inside tables, not closed": "<table>" * 30_000 + "x",
    "svg shapes that close themselves": "<svg>" + '<path d="M0 0"/>' * 30_000 + "</svg><p>x",
    "one long attribute": f'<p title="{"x " * 2_000_000}">x',
    "svg and paragraphs": "<svg><p>x" * 20_000,
    "select after select": "<select><option>a<option>b</select>x<br>" * 20_000,
    "comments": "<!-- a --><p>x</p>" * 20_000,
    "script that looks like markup": "<script>" + "i<b && '<div>';" * 30_000 + "</script><p>x",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_large_page_is_segmented_in_time(name: str) -> None:
    begin = time.perf_counter()
    page = split_html(HARMLESS[name])
    assert time.perf_counter() - begin < SECONDS
    assert len(page) >= 1


def test_nesting_at_the_limit() -> None:
    limits = Limits(nesting=50)
    assert split_html("<div>" * 50 + "x", limits).block_texts() == ["x"]
    with pytest.raises(LimitError, match="nesting"):
        split_html("<div>" * 51 + "x", limits)


def test_ten_thousand_deep_page_is_segmented() -> None:
    page = split_html("<div>" * 10_000 + "deep")
    assert page.block_texts() == ["deep"]


@pytest.mark.parametrize("shape", ["a{}", "a{}=1", 'a{}=">"', "a{}='<p>'"])
def test_attributes_at_the_limit(shape: str) -> None:
    def tag(count: int) -> str:
        return "<p " + " ".join(shape.format(i) for i in range(count)) + ">x</p>"

    limits = Limits(attributes=1_000)
    assert split_html(tag(1_000), limits).block_texts() == ["x"]
    with pytest.raises(LimitError, match="attributes"):
        split_html(tag(1_001), limits)


@pytest.mark.parametrize("unit", ["<", "<!--", "<a ", "<a b='", "</", "<a b=", "<svg>", "=\"'>"])
def test_scan_itself_is_linear(unit: str) -> None:
    begin = time.perf_counter()
    with suppress(LimitError):
        split_html(unit * 300_000)
    assert time.perf_counter() - begin < SECONDS
