"""Pages that are measured together get, bit by bit, what each gets alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmenter import Document, Segmentation, Segmenter
from segmenter.features import BUNDLE_BLOCKS, bundle_features, page_features
from segmenter.html import split_html
from segmenter.text import split_text
from segmenter.types import Page

PAGES = Path(__file__).parents[1] / "seeds" / "pages"
LINE = "The lower lock was opened again on Monday, the canal trust said in a long statement. "
ODD_TEXTS = ("* * *", "…\n!\n?", "one word", "a\n\nb\n\n\nc\n* *", LINE * 3, "\ufeff" + LINE)
ODD_HTML = (
    "<p>* * *",
    "<title>Locks</title><h1>Locks</h1><p>" + LINE * 3,
    "<title>Locks</title><p>Other<p>!",
    "<div><div><p>a</p></div></div>",
    "<ul><li>Locks<li>Locks<li>Locks</ul>",
    '<meta name=author content="Canal Trust"><p>Canal Trust<p>' + LINE,
)


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter.load()


def seed_pages(suffix: str) -> list[str]:
    return [path.read_text("utf-8") for path in sorted(PAGES.glob(f"*.{suffix}"))[:8]]


def texts() -> list[Page]:
    return [split_text(text) for text in (*seed_pages("txt"), *ODD_TEXTS)]


def htmls() -> list[Page]:
    return [split_html(html) for html in (*seed_pages("html"), *ODD_HTML)]


@pytest.mark.parametrize("pages", [texts(), htmls(), htmls()[::-1]], ids=["text", "html", "back"])
def test_features_are_those_of_each_page(pages: list[Page]) -> None:
    together = bundle_features(pages)
    alone = [page_features(page) for page in pages]
    assert np.array_equal(together.measured, np.concatenate([one.measured for one in alone]))
    assert together.runs(0, len(together))[-1][1] == sum(map(len, pages))


WORDS = st.sampled_from(["lock", "Canal", "12", "*", "!", "opened again on Monday", LINE, "\n"])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=12).map(" ".join), min_size=2, max_size=6))
def test_features_of_any_texts_are_those_of_each(made: list[str]) -> None:
    pages = [page for page in map(split_text, made) if len(page)]
    if pages:
        alone = np.concatenate([page_features(page).measured for page in pages])
        assert np.array_equal(bundle_features(pages).measured, alone)


def test_answers_are_those_of_each_document(segmenter: Segmenter) -> None:
    documents = [Document(text=text) for text in (*seed_pages("txt"), *ODD_TEXTS, "")]
    documents += [Document(html=html) for html in (*ODD_HTML, *seed_pages("html"), " ")]
    mixed = documents[::2] + documents[1::2]
    for document, found in zip(mixed, segmenter.segment_documents(mixed), strict=True):
        alone = segmenter.segment_document(document)
        assert isinstance(found, Segmentation)
        assert np.array_equal(found.probabilities, alone.probabilities)
        assert np.array_equal(found.labels, alone.labels)
        assert found.to_dict() == alone.to_dict()


def test_bad_document_stays_in_its_place(segmenter: Segmenter) -> None:
    bad = Document(text=b"\xff\xfe\xfa", content_type="text/plain; charset=ascii")
    answers = list(segmenter.segment_documents([Document(text="a"), bad, Document(html="<p>b")]))
    assert [isinstance(answer, Segmentation) for answer in answers] == [True, False, True]
    assert isinstance(answers[2], Segmentation)
    assert answers[2].page.text == "b"


@pytest.mark.parametrize(
    ("text", "most"), [("short", 33), ("a line of words\n\n" * (BUNDLE_BLOCKS // 2), 3)]
)
def test_few_documents_are_read_ahead(segmenter: Segmenter, text: str, most: int) -> None:
    read = 0

    def endless() -> Iterator[Document]:
        nonlocal read
        while True:
            read += 1
            yield Document(text=text)

    next(segmenter.segment_documents(endless()))
    assert read <= most
