"""The public sources of labelled pages: where they are, and on which terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["PUBLIC_SOURCES", "PublicSource", "source_of"]


@dataclass(frozen=True, slots=True)
class PublicSource:
    """One public repository with pages.

    Attributes:
        name: of the source.
        corpus: of the file its pages go to, ``CORPUS.jsonl.xz``.
        prefix: of the pages' ids, before the first hyphen.
        repository: owner and name on GitHub.
        folders: names under which a checkout is looked for.
        licence: as the repository states it.
        citation: how its authors are named.
        holds: what is in it.
        has_gold: its own main-text gold is used; else its pages alone, and our labels of some.
    """

    name: str
    corpus: str
    prefix: str
    repository: str
    folders: tuple[str, ...]
    licence: str
    citation: str
    holds: str
    has_gold: bool


PUBLIC_SOURCES: Final[tuple[PublicSource, ...]] = (
    PublicSource(
        name="wcxb-dev",
        corpus="wcxb-dev",
        prefix="wcxb",
        repository="Murrough-Foley/web-content-extraction-benchmark",
        folders=("web-content-extraction-benchmark", "wcxb"),
        licence="CC-BY-4.0",
        citation="Murrough Foley: WCXB, Web Content Extraction Benchmark, 2026",
        holds="development split: main text, page type",
        has_gold=True,
    ),
    PublicSource(
        name="fundus",
        corpus="fundus",
        prefix="fundus",
        repository="flairNLP/fundus",
        folders=("fundus",),
        licence="MIT",
        citation="Dallabetta et al.: Fundus, a simple-to-use news scraper, ACL 2024 demonstrations",
        holds="test pages of news publishers with the parsers' output",
        has_gold=True,
    ),
    PublicSource(
        name="andythefactory",
        corpus="andythefactory",
        prefix="atf",
        repository="AndyTheFactory/article-extraction-dataset",
        folders=("article-extraction-dataset", "andythefactory"),
        licence="Apache-2.0",
        citation="Andrei Paraschiv: article-extraction-dataset, 2024",
        holds="news articles with their text",
        has_gold=True,
    ),
    PublicSource(
        name="readability",
        corpus="readability",
        prefix="readability",
        repository="mozilla/readability",
        folders=("readability",),
        licence="Apache-2.0",
        citation="Mozilla: Readability.js, test pages",
        holds="test pages with the reviewed output of the tool",
        has_gold=True,
    ),
    PublicSource(
        name="zh-handcrafted",
        corpus="zh-handcrafted",
        prefix="zhwce",
        repository="immortal-autumn/Chinese-Web-Content-Extraction-Dataset",
        folders=("Chinese-Web-Content-Extraction-Dataset", "zh-handcrafted"),
        licence="MIT",
        citation="immortal-autumn: Chinese Web Content Extraction Dataset",
        holds="Chinese pages with their text, copied by hand",
        has_gold=True,
    ),
    PublicSource(
        name="trafeval",
        corpus="trafeval",
        prefix="trafeval",
        repository="adbar/trafilatura",
        folders=("trafilatura",),
        licence="Apache-2.0",
        citation="Barbaresi: Trafilatura, a web scraping library and command-line tool, ACL 2021 "
        "demonstrations",
        holds="evaluation pages with snippets that belong to the text or not",
        has_gold=False,
    ),
    PublicSource(
        name="postlight",
        corpus="postlight",
        prefix="postlight",
        repository="postlight/parser",
        folders=("parser", "postlight"),
        licence="MIT or Apache-2.0",
        citation="Postlight: Parser, fixtures",
        holds="test pages",
        has_gold=False,
    ),
    PublicSource(
        name="goose3",
        corpus="goose-newspaper",
        prefix="goose3",
        repository="goose3/goose3",
        folders=("goose3",),
        licence="Apache-2.0",
        citation="Goose3, test data",
        holds="test pages",
        has_gold=False,
    ),
    PublicSource(
        name="newspaper4k",
        corpus="goose-newspaper",
        prefix="np4k",
        repository="AndyTheFactory/newspaper4k",
        folders=("newspaper4k",),
        licence="MIT",
        citation="Andrei Paraschiv: Newspaper4k, test data",
        holds="test pages",
        has_gold=False,
    ),
)


def source_of(page_id: str) -> PublicSource | None:
    """The source that a page's id names, if it is one of these."""
    prefix = page_id.split("-", 1)[0]
    return next((source for source in PUBLIC_SOURCES if source.prefix == prefix), None)
