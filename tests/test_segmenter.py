"""The segmenter with the shipped model."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from segmenter import LABELS, Document, InputError, LimitError, Limits, Segmentation, Segmenter

PAGES = Path(__file__).parents[1] / "seeds" / "pages"
OWNERS_PAGE = "000_5c0e006fbbd7d074"


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter.load()


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def documents() -> list[Document]:
    made = [Document(text=text_of(path), id=path.stem) for path in sorted(PAGES.glob("*.txt"))[:12]]
    made += [
        Document(html=text_of(path), id=path.stem) for path in sorted(PAGES.glob("*.html"))[:6]
    ]
    made.append(
        Document(html="<h1>Title</h1><p>Some text of a page.</p>", url="https://a.example/")
    )
    return made


def answer(result: Any) -> dict[str, Any]:
    assert isinstance(result, Segmentation)
    return result.to_dict(probabilities=True, page_text=True)


def test_labels_are_the_nine_in_order() -> None:
    assert LABELS == (
        "headline", "deck", "byline", "body", "caption", "headline_fragment", "comment", "teaser",
        "boilerplate",
    )  # fmt: skip


def test_batch_gives_what_each_page_gives_alone(segmenter: Segmenter) -> None:
    pages = documents()
    alone = [answer(segmenter.segment_document(page)) for page in pages]
    assert [answer(result) for result in segmenter.segment_documents(pages)] == alone
    backwards = [answer(result) for result in segmenter.segment_documents(pages[::-1])]
    assert backwards[::-1] == alone
    assert answer(Segmenter.load().segment_document(pages[0])) == alone[0]


def test_threads_give_the_same(segmenter: Segmenter) -> None:
    pages = documents()
    alone = [answer(segmenter.segment_document(page)) for page in pages]
    with ThreadPoolExecutor(4) as pool:
        assert [answer(r) for r in pool.map(segmenter.segment_document, pages * 2)] == alone * 2


def test_answer_is_consistent(segmenter: Segmenter) -> None:
    for page in documents():
        result = segmenter.segment_document(page)
        row = json.loads(json.dumps(answer(result)))
        assert (row["id"], row["url"], row["input"]) == (page.id, page.url, page.input)
        assert 0 <= row["confidence"] <= 1
        for block in row["blocks"]:
            assert block["text"] == row["page_text"][block["start"] : block["end"]]
            assert list(block["probabilities"]) == list(LABELS)
            assert sum(block["probabilities"].values()) == pytest.approx(1, abs=0.001)
            assert block["probability"] == block["probabilities"][block["label"]]
            assert ("path" in block) == (page.input == "html")


def test_keep(segmenter: Segmenter) -> None:
    text = text_of(PAGES / f"{OWNERS_PAGE}.txt")
    everything = segmenter.segment(text, keep=LABELS)
    assert everything.text.split() == text.split()
    assert segmenter.segment(text, keep=[]).text == ""
    with pytest.raises(InputError, match=r"nonsense.*accepted are headline"):
        segmenter.segment(text, keep=["nonsense"])


@pytest.mark.parametrize("content", ["", " \n\t", b""])
def test_empty_input(segmenter: Segmenter, content: str | bytes) -> None:
    for result in (segmenter.segment(content), segmenter.segment_html(content)):
        row = answer(result)
        assert (row["blocks"], row["text"], row["headline"], row["language"]) == (
            [],
            "",
            None,
            None,
        )


def test_bytes_give_what_their_text_gives(segmenter: Segmenter) -> None:
    html = "<meta charset=utf-8><h1>Überfahrt</h1><p>Die Fähre fährt später."
    assert answer(segmenter.segment_html(html.encode())) == answer(segmenter.segment_html(html))


def test_bad_document_in_a_batch_gives_its_error(segmenter: Segmenter) -> None:
    pages = [Document(text="a"), Document(text=b"\xff", content_type="text/plain; charset=utf-8")]
    first, second = segmenter.segment_documents(pages)
    assert isinstance(first, Segmentation)
    assert isinstance(second, InputError)


def test_document_at_the_size_limit() -> None:
    small = Segmenter.load(limits=Limits(document_bytes=4))
    assert len(small.segment("abcd").blocks) == 1
    with pytest.raises(LimitError, match="document_bytes"):
        small.segment("abcde")
    with pytest.raises(LimitError, match="document_bytes"):
        small.segment("éééé")


@pytest.mark.parametrize(
    "arguments", [{}, {"text": "a", "html": "b"}, {"text": 3}, {"html": ["a"]}]
)
def test_document_of_a_wrong_form(arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Document(**arguments)


def test_first_seed_page_is_right_in_every_block(segmenter: Segmenter) -> None:
    gold = json.loads(text_of(PAGES / f"{OWNERS_PAGE}.labels.json"))["blocks"]
    found = segmenter.segment(text_of(PAGES / f"{OWNERS_PAGE}.txt")).blocks
    assert len(gold) == 38
    assert [(b.start, b.end, b.label) for b in found] == [
        (b["start"], b["end"], b["label"]) for b in gold
    ]
