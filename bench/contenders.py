"""What is timed side by side: each takes a chunk of pages through one tool."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import trafilatura
from selectolax.lexbor import LexborHTMLParser

from segmenter import Document, Segmentation, Segmenter, SegmenterError

__all__ = ["PARSER", "REFERENCE", "Contender", "contenders"]

REFERENCE: Final = "trafilatura"
PARSER: Final = "lexbor"


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to take pages.

    Attributes:
        name: key in the results.
        title: what it does, for readers.
        takes: whether it is given the HTML or the raw text of the pages.
        run: takes a chunk of pages, returns how many of them failed.
        every: it runs on one chunk in this many; slow tools are only sampled.
    """

    name: str
    title: str
    takes: Literal["html", "text"]
    run: Callable[[Sequence[str]], int]
    every: int = 1


def contenders(segmenter: Segmenter, *, sample: int) -> list[Contender]:
    """Everything that is installed.

    Args:
        sample: what is not compared with a bound runs on one chunk in this many.
    """
    found = [
        Contender(PARSER, "Lexbor: parse and visit every node", "html", _each(_parse)),
        Contender(REFERENCE, "trafilatura.extract", "html", _each(trafilatura.extract)),
        *_own(segmenter, sample),
    ]
    for name, title, make in _OTHERS:
        try:
            take = make()
        except ImportError:
            continue
        found.append(Contender(name, title, "html", _each(take), every=sample))
    return found


def _own(segmenter: Segmenter, sample: int) -> list[Contender]:
    return [
        Contender(
            "html", "HTML, page by page", "html", _each(lambda h: segmenter.segment_html(h).text)
        ),
        Contender(
            "html_batch",
            "HTML, in batches",
            "html",
            _batch(segmenter, lambda page: Document(html=page), lambda result: result.text),
        ),
        Contender(
            "html_json",
            "HTML, page by page, all blocks as JSON values",
            "html",
            _each(lambda h: segmenter.segment_html(h).to_dict()),
            every=sample,
        ),
        Contender(
            "text", "raw text, page by page", "text", _each(lambda t: segmenter.segment(t).text)
        ),
        Contender(
            "text_batch",
            "raw text, in batches",
            "text",
            _batch(segmenter, lambda page: Document(text=page), lambda result: result.text),
        ),
        Contender(
            "text_json",
            "raw text, page by page, all blocks as JSON values",
            "text",
            _each(lambda t: segmenter.segment(t).to_dict()),
            every=sample,
        ),
    ]


def _each(take: Callable[[str], object]) -> Callable[[Sequence[str]], int]:
    def run(pages: Sequence[str]) -> int:
        failed = 0
        for page in pages:
            try:
                take(page)
            except Exception:  # what a tool raises on a bad page is its own affair
                failed += 1
        return failed

    return run


def _batch(
    segmenter: Segmenter,
    document: Callable[[str], Document],
    use: Callable[[Segmentation], object],
) -> Callable[[Sequence[str]], int]:
    def run(pages: Sequence[str]) -> int:
        failed = 0
        for result in segmenter.segment_documents(document(page) for page in pages):
            if isinstance(result, SegmenterError):
                failed += 1
            else:
                use(result)
        return failed

    return run


def _parse(html: str) -> int:
    root = LexborHTMLParser(html).root
    return 0 if root is None else sum(1 for _ in root.traverse(include_text=True))


def _resiliparse() -> Callable[[str], object]:
    module: Any = importlib.import_module("resiliparse.extract.html2text")
    return lambda html: module.extract_plain_text(html, main_content=True)


def _justext() -> Callable[[str], object]:
    module: Any = importlib.import_module("justext")
    words = module.get_stoplist("English")
    return lambda html: module.justext(html, words)


def _readability() -> Callable[[str], object]:
    module: Any = importlib.import_module("readability")
    return lambda html: module.Document(html).summary()


def _boilerpy3() -> Callable[[str], object]:
    module: Any = importlib.import_module("boilerpy3.extractors")
    extractor = module.ArticleExtractor(raise_on_failure=False)
    take: Callable[[str], object] = extractor.get_content
    return take


_OTHERS: Final[tuple[tuple[str, str, Callable[[], Callable[[str], object]]], ...]] = (
    ("resiliparse", "resiliparse extract_plain_text, main content", _resiliparse),
    ("justext", "jusText", _justext),
    ("readability", "readability-lxml", _readability),
    ("boilerpy3", "boilerpy3 ArticleExtractor", _boilerpy3),
)
