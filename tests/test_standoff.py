"""Labels without texts: hashes, and putting them back onto a page."""

from __future__ import annotations

import json
import lzma
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.errors import CorpusError
from segmenter.html import split_html
from segmenter.training.agreement import agreement
from segmenter.training.provenance import source_of
from segmenter.training.standoff import (
    Annotation,
    annotations_of,
    block_hash,
    found_blocks,
    read_annotations,
    write_annotations,
)
from segmenter.types import LABELS

SHIPPED = Path(__file__).parents[1] / "seeds" / "standoff" / "gold.jsonl.xz"
PAGE = """<html><head><title>Geese return to the moor</title><style>p{margin:0}</style></head><body>
<nav><a href="/">Home</a> <a href="/birds">Birds</a></nav><h1>Geese return to the moor</h1>
<p>By <b>Ada</b>Moor</p><p>The first geese\n   were heard at dawn.</p><pre>one
two</pre><p hidden>Log in to see more</p><p>Home</p></body></html>"""
ANNOTATION = Annotation(
    "wcxb-9999", "wcxb-dev", "https://moor.example/1", "en", "article",
    ((block_hash("Home"), "boilerplate"), (block_hash("The first geese"), "body")),
)  # fmt: skip


def test_readers_agree_on_blocks_that_both_labelled() -> None:
    one = replace(ANNOTATION, blocks=(("a" * 8, "body"), ("b" * 8, "deck"), ("a" * 8, "teaser")))
    other = replace(
        ANNOTATION,
        blocks=(("a" * 8, "body"), ("b" * 8, "body"), ("a" * 8, "teaser"), ("c" * 8, "body")),
    )
    found = agreement([one, replace(one, id="wcxb-1")], [other])
    assert (found.pages, found.blocks) == (1, 3)
    assert found.share == pytest.approx(2 / 3)
    # By hand: chance 1/3 * 2/3 (body) + 1/3 * 1/3 (teaser) = 1/3.
    assert found.kappa == pytest.approx((2 / 3 - 1 / 3) / (1 - 1 / 3))
    assert found.labels["deck", "body"] == 1
    assert agreement([one], [one]).kappa == 1
    with pytest.raises(CorpusError, match="no block stands in both"):
        agreement([one], [replace(other, id="wcxb-2")])


def test_hash_is_of_the_normalised_text() -> None:
    assert block_hash(" The\u00a0First  GEESE\n") == block_hash("the first geese")
    assert block_hash("ﬁrst") == block_hash("first")
    assert block_hash("first") != block_hash("second")
    assert len(block_hash("")) == 8


@given(st.text())
def test_hash_does_not_know_white_space(text: str) -> None:
    assert block_hash(text) == block_hash(f"\n {text}\t") == block_hash(" ".join(text.split()))


def test_the_pages_own_blocks_are_found_in_order() -> None:
    texts = [" ".join(text.split()) for text in split_html(PAGE).block_texts()]
    assert found_blocks(PAGE, [block_hash(text) for text in texts]) == texts


@pytest.mark.parametrize(
    "text",
    [
        "Geese return to the moor By AdaMoor",  # two blocks as one
        "Ada",  # part of a block
        "Log in to see more",  # hidden
        "Home Birds Geese return to the moor",  # joined by spaces only
    ],
)
def test_blocks_that_were_cut_otherwise_are_found_too(text: str) -> None:
    assert found_blocks(PAGE, [block_hash(text)]) == [text]


def test_a_block_that_is_not_on_the_page_is_missing() -> None:
    hashes = [block_hash("Home"), block_hash("Swans leave the moor"), block_hash("one two")]
    assert found_blocks(PAGE, hashes) == ["Home", None, "one two"]
    assert found_blocks("", hashes) == [None, None, None]


def test_equal_texts_are_each_taken_once() -> None:
    page = "<p>Reply</p><p>A long answer</p><p>REPLY</p>"
    hashes = [block_hash(text) for text in ("reply", "a long answer", "reply")]
    assert found_blocks(page, hashes) == ["Reply", "A long answer", "REPLY"]


@pytest.mark.parametrize("name", ["some.jsonl", "some.jsonl.xz"])
def test_annotations_are_read_as_they_were_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert write_annotations(path, [ANNOTATION]) == 1
    assert list(read_annotations(path)) == [ANNOTATION]
    data = path.read_bytes()
    text = (lzma.decompress(data) if name.endswith(".xz") else data).decode()
    assert "geese" not in text.lower()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks": [["12345678", "advert"]]}, "advert"),
        ({"blocks": [["The first geese", "body"]]}, "The first geese"),
        ({"blocks": 3}, "not an annotation"),
        ({"id": None, "page_type": None, "blocks": [[1, 2]]}, "not an annotation"),
    ],
)
def test_malformed_annotations_are_named(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = tmp_path / "some.jsonl"
    write_annotations(path, [ANNOTATION])
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change), "utf-8")
    with pytest.raises(CorpusError, match="line 1") as caught:
        list(read_annotations(path))
    assert message in str(caught.value)


def test_annotations_of_gold_pages(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    blocks = [
        {"text": "Home", "label": "boilerplate"},
        {"text": "The first\ngeese", "label": "body"},
    ]
    row = {"id": "wcxb-9999", "url": "https://moor.example/1", "lang": "en", "html": PAGE}
    gold.write_text(json.dumps(row | {"blocks": blocks}), "utf-8")
    assert list(annotations_of(gold)) == [ANNOTATION]
    gold.write_text(json.dumps(row | {"blocks": blocks, "id": "mine-1"}), "utf-8")
    with pytest.raises(CorpusError, match="names no public source"):
        list(annotations_of(gold))


def test_the_shipped_annotations_are_whole_and_hold_no_text() -> None:
    pages = list(read_annotations(SHIPPED))
    assert len(pages) == len({page.id for page in pages}) > 700
    for page in pages:
        source = source_of(page.id)
        assert source is not None
        assert source.name == page.source
        assert page.blocks
    assert {label for page in pages for _, label in page.blocks} == set(LABELS)
    with lzma.open(SHIPPED, "rt", encoding="utf-8") as lines:
        keys = {key for line in lines for key in json.loads(line)}
    assert keys == {"id", "source", "url", "lang", "page_type", "blocks"}
    assert SHIPPED.stat().st_size < 1_000_000
