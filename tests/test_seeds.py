"""The labelled example pages: every file keeps to the schema of seeds/README.md."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from segmenter.types import LABELS

PAGES = Path(__file__).parents[1] / "seeds" / "pages"
FIRST_PAGE = "000_5c0e006fbbd7d074"
OWN_PAGES = sorted(
    name
    for path in PAGES.glob("*.labels.json")
    if (name := path.name.removesuffix(".labels.json")) != FIRST_PAGE
)
FORMS = {"lines", "paragraphs", "wrapped", "stripped"}
PAGE_TYPES = {
    "article",
    "forum",
    "product",
    "collection",
    "listing",
    "documentation",
    "service",
}
RESERVED_DOMAINS = (".example", ".test", ".invalid")


@cache
def load(name: str) -> dict[str, Any]:
    labels: dict[str, Any] = json.loads((PAGES / f"{name}.labels.json").read_text("utf-8"))
    return labels


@cache
def page_text(name: str) -> str:
    with (PAGES / f"{name}.txt").open(encoding="utf-8", newline="") as file:
        return file.read()


def input_kind(name: str) -> str:
    return "text" if "text_file" in load(name) else "html"


TEXT_PAGES = [name for name in OWN_PAGES if input_kind(name) == "text"]
HTML_PAGES = [name for name in OWN_PAGES if input_kind(name) == "html"]


@pytest.mark.parametrize("name", OWN_PAGES)
def test_fields(name: str) -> None:
    page = load(name)
    own_fields = {"text_file", "form"} if input_kind(name) == "text" else {"html_file"}
    assert set(page) == {"id", "language", "page_type", "url", "blocks"} | own_fields
    assert page["id"] == name
    assert page["page_type"] in PAGE_TYPES
    assert len(page["language"]) == 2
    assert page["language"].islower()
    assert page.get("form") in (FORMS if "form" in own_fields else {None})
    host = urlsplit(page["url"]).hostname or ""
    assert host.endswith(RESERVED_DOMAINS), "invented pages stand on reserved domains"


@pytest.mark.parametrize("name", OWN_PAGES)
def test_page_file_is_named_after_the_labels(name: str) -> None:
    suffix = ".txt" if input_kind(name) == "text" else ".html"
    field = "text_file" if input_kind(name) == "text" else "html_file"
    assert load(name)[field] == name + suffix
    assert (PAGES / (name + suffix)).is_file()


def test_no_page_file_without_labels() -> None:
    pages = {p.stem for p in PAGES.iterdir() if p.suffix in {".txt", ".html"}}
    assert pages == {*OWN_PAGES, FIRST_PAGE}


@pytest.mark.parametrize("name", [*TEXT_PAGES, FIRST_PAGE])
def test_text_offsets(name: str) -> None:
    text, end = page_text(name), 0
    for block in load(name)["blocks"]:
        assert set(block) == {"start", "end", "label", "text"}
        assert block["label"] in LABELS
        assert not text[end : block["start"]].strip(), "only white space between blocks"
        assert end <= block["start"] < block["end"] <= len(text)
        assert block["text"] == text[block["start"] : block["end"]]
        assert block["text"] == block["text"].strip()
        end = block["end"]
    assert not text[end:].strip(), "no text after the last block"


@pytest.mark.parametrize("name", HTML_PAGES)
def test_html_blocks(name: str) -> None:
    for block in load(name)["blocks"]:
        assert set(block) == {"label", "text"}
        assert block["label"] in LABELS
        assert block["text"] == " ".join(block["text"].split()) != ""


@pytest.mark.parametrize("name", OWN_PAGES)
def test_one_place_for_the_title(name: str) -> None:
    """A page has at most one headline; a long one may stand on two lines."""
    labels = [block["label"] for block in load(name)["blocks"]]
    positions = [i for i, label in enumerate(labels) if label == "headline"]
    assert len(positions) <= 2
    assert positions == list(range(positions[0], positions[-1] + 1)) if positions else True
    assert "body" in labels


def test_first_page() -> None:
    counts = Counter(block["label"] for block in load(FIRST_PAGE)["blocks"])
    assert counts == {
        "headline": 1,
        "deck": 2,
        "body": 28,
        "headline_fragment": 2,
        "byline": 1,
        "comment": 2,
        "teaser": 2,
    }
    assert counts.total() == 38


def test_enough_pages_and_languages() -> None:
    assert len(OWN_PAGES) >= 30
    assert len(TEXT_PAGES) >= 20
    assert len(HTML_PAGES) >= 10
    assert len({load(name)["language"] for name in OWN_PAGES}) >= 8
    assert {load(name)["page_type"] for name in OWN_PAGES} == PAGE_TYPES


@pytest.mark.parametrize("kind", ["text", "html"])
@pytest.mark.parametrize("label", LABELS)
def test_every_label_on_five_pages(kind: str, label: str) -> None:
    names = TEXT_PAGES if kind == "text" else HTML_PAGES
    having = [n for n in names if any(b["label"] == label for b in load(n)["blocks"])]
    assert len(having) >= 5


def test_every_form() -> None:
    forms = Counter(load(name)["form"] for name in TEXT_PAGES)
    assert set(forms) == FORMS
    assert min(forms.values()) >= 3


@pytest.mark.parametrize(
    ("what", "mark"),
    [
        ("CRLF", "\r\n"),
        ("tab", "\t"),
        ("no-break space", "\u00a0"),
        ("zero-width space", "\u200b"),
        ("right-to-left mark", "\u200f"),
        ("byte order mark", "\ufeff"),
        ("form feed", "\f"),
    ],
)
def test_marks_a_crawler_meets(what: str, mark: str) -> None:
    assert any(mark in page_text(name) for name in TEXT_PAGES), f"no page with a {what}"


def test_lone_carriage_returns() -> None:
    assert any("\r" in text and "\n" not in text for text in map(page_text, TEXT_PAGES))


def test_wrapped_paragraphs_are_one_block() -> None:
    for name in TEXT_PAGES:
        if load(name)["form"] == "wrapped":
            bodies = [b["text"] for b in load(name)["blocks"] if b["label"] == "body"]
            assert sum(len(text.splitlines()) > 1 for text in bodies) >= 5
