"""Other tools that take the main text out of a page, each behind the same small protocol.

They come with the extra ``compare``; trafilatura is installed anyway. All run with the settings
that their documentation begins with, but for two that are in their favour: trafilatura leaves out
readers' comments, which the gold does too, and jusText has the stop words of the page's language.
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from segmenter.extras import extra
from segmenter.html import split_html

__all__ = [
    "Rival",
    "as_html",
    "html_rivals",
    "installed_html_rivals",
    "line_rivals",
    "text_units",
]

Extract = Callable[[str, str | None], str | None]

_BLANK_LINE: Final = re.compile(r"\n\s*\n")
_LONG_LINE: Final = 80
_C4_WORDS: Final = 5
_C4_ENDS: Final = (".", "!", "?", '"', "”", "。", "！", "？", "」")
_STOP_WORDS: Final = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "cs": "Czech", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian",
    "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi",
    "hu": "Hungarian", "it": "Italian", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian",
    "nb": "Norwegian_Bokmal", "nl": "Dutch", "no": "Norwegian_Bokmal", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "tr": "Turkish",
    "uk": "Ukrainian", "vi": "Vietnamese",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rival:
    """One tool.

    Attributes:
        name: of its package or rule.
        version: of its package, empty for a rule.
        title: what is called, for readers.
        extract: takes the page and its language; returns the main text, or ``None`` where it
            finds none. What it raises on a bad page is its own affair.
    """

    name: str
    version: str
    title: str
    extract: Extract


def html_rivals() -> list[Rival]:
    """The tools that take HTML.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    with extra("compare"):
        return [Rival(name, version(name), title, make()) for name, title, make in _tools()]


def installed_html_rivals() -> list[Rival]:
    """Those of the tools that are installed."""
    found = []
    for name, title, make in _tools():
        with suppress(ModuleNotFoundError):
            found.append(Rival(name, version(name), title, make()))
    return found


def line_rivals() -> list[Rival]:
    """Rules that take raw text and keep some of its lines (or paragraphs, see ``text_units``)."""
    return [
        Rival("C4 line rules", "", "lines of five words that end a sentence", _kept(_c4)),
        Rival(
            "80 characters",
            "",
            "lines of 80 characters or more",
            _kept(lambda unit: len(unit) >= _LONG_LINE),
        ),
        Rival("keep everything", "", "all lines", _kept(bool)),
    ]


def text_units(text: str) -> list[str]:
    """The paragraphs of raw text that has blank lines, else its lines; each without line feeds."""
    units = _BLANK_LINE.split(text) if _BLANK_LINE.search(text) else text.split("\n")
    return [" ".join(unit.split()) for unit in units if unit.strip()]


def as_html(text: str) -> str:
    """Raw text for a tool that takes HTML: each unit in a ``<p>``."""
    paragraphs = "\n".join(f"<p>{html.escape(unit)}</p>" for unit in text_units(text))
    return f"<!DOCTYPE html><html><head><title></title></head><body>\n{paragraphs}\n</body></html>"


def _tools() -> list[tuple[str, str, Callable[[], Extract]]]:
    """Package, title, and what imports it."""
    return [
        ("trafilatura", "trafilatura.extract without comments", _trafilatura),
        ("resiliparse", "resiliparse extract_plain_text, main content", _resiliparse),
        ("justext", "jusText", _justext),
        ("readability-lxml", "readability-lxml", _readability),
        ("boilerpy3", "boilerpy3 ArticleExtractor", _boilerpy3),
    ]


def _kept(keep: Callable[[str], bool]) -> Extract:
    return lambda text, _: "\n".join(unit for unit in text_units(text) if keep(unit))


def _c4(line: str) -> bool:
    """The rules for one line of Raffel et al. 2020, section 2.2."""
    return (
        line.endswith(_C4_ENDS)
        and (len(line.split()) >= _C4_WORDS or not line.isascii())
        and "javascript" not in line.lower()
    )


def _trafilatura() -> Extract:
    import trafilatura

    return lambda page, _: trafilatura.extract(page, include_comments=False)


def _resiliparse() -> Extract:
    from resiliparse.extract.html2text import extract_plain_text

    return lambda page, _: str(extract_plain_text(page, main_content=True))


def _justext() -> Extract:
    import justext

    stop_words = {name: frozenset(justext.get_stoplist(name)) for name in set(_STOP_WORDS.values())}

    def extract(page: str, language: str | None) -> str:
        name = _STOP_WORDS.get(language or "en", "English")
        paragraphs: Any = justext.justext(page, stop_words[name])
        return "\n".join(p.text for p in paragraphs if not p.is_boilerplate)

    return extract


def _readability() -> Extract:
    from readability import Document

    return lambda page, _: split_html(str(Document(page).summary())).text


def _boilerpy3() -> Extract:
    from boilerpy3.extractors import ArticleExtractor

    # It warns of every page that is not well-formed.
    logging.getLogger("boilerpy3").setLevel(logging.ERROR)
    extractor = ArticleExtractor(raise_on_failure=False)
    return lambda page, _: str(extractor.get_content(page))
