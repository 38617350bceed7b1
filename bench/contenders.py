"""What is timed side by side: each takes a chunk of pages through one tool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import trafilatura
from selectolax.lexbor import LexborHTMLParser

from bench.floors import products, read_every_node
from segmenter import Document, Segmentation, Segmenter, SegmenterError
from segmenter.model_package import Model
from segmenter.training.rivals import installed_html_rivals

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


def contenders(segmenter: Segmenter, model: Model, *, sample: int) -> list[Contender]:
    """Everything that is installed.

    Args:
        segmenter: with the model.
        model: the same, for what its parts cost at least.
        sample: what is not compared with a bound runs on one chunk in this many.
    """
    found = [
        Contender(PARSER, "Lexbor: parse and visit every node", "html", _each(_parse)),
        Contender(REFERENCE, "trafilatura.extract", "html", _each(trafilatura.extract)),
        *_own(segmenter, sample),
        Contender(
            "read",
            "floor of splitting: parse, read every element's attributes and every text",
            "html",
            _each(read_every_node),
            every=sample,
        ),
        Contender(
            "products",
            "floor of the raw-text classifier: its network's matrix products",
            "text",
            _each(products(model.classifiers["text"].network)),
            every=sample,
        ),
    ]
    found += [
        Contender(rival.name, rival.title, "html", _each(_taken(rival.extract)), every=sample)
        for rival in installed_html_rivals()
        if rival.name != REFERENCE
    ]
    return found


def _taken(extract: Callable[[str, str | None], object]) -> Callable[[str], object]:
    return lambda page: extract(page, None)


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
