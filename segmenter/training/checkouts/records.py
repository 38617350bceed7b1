"""What all layouts share: records, what could not be read, and how gold is looked for on a page."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from segmenter.decoding import decode_html
from segmenter.html import split_html

__all__ = [
    "Missing",
    "PageText",
    "Record",
    "declared_language",
    "full_lines",
    "read_html",
    "read_json",
    "text_lines",
]

Record = dict[str, Any]
"""A page as one line of a corpus file: ``id`` and ``html``, and what its repository tells of it."""

_HTML_LANG: Final = re.compile(
    r"<html[^>]*?\blang\s*=\s*[\"']?([a-z]{2,3})\b", re.IGNORECASE | re.DOTALL
)
_META: Final = re.compile(r"<meta\b[^>]*>", re.IGNORECASE)
_META_LANG: Final = re.compile(r"[\"'](?:content-language|language|og:locale)[\"']", re.IGNORECASE)
_META_CONTENT: Final = re.compile(
    r"content\s*=\s*[\"']?([a-z]{2,3})(?=[\"'_\s]|-[a-z])", re.IGNORECASE
)
_HEAD_CHARACTERS: Final = 20_000
_BETWEEN_LETTERS: Final = re.compile(r"\W+")
_CODE: Final = frozenset(("script", "style"))
_LINE_ENDS: Final = frozenset(
    """address article aside blockquote body br button caption center dd details dialog dir div dl
    dt fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html
    label legend li listing main menu nav ol p plaintext pre search section summary table tbody td
    tfoot th thead tr ul xmp""".split()
)


@dataclass(frozen=True, slots=True)
class Missing:
    """A page, or a whole file, that no record could be made of."""

    id: str
    reason: str


class PageText:
    """The text of a page, to look for gold in it: letters and digits, whatever stands between."""

    def __init__(self, html: str) -> None:
        self._shown = _letters(split_html(html).text)
        self._whole = _letters("".join(text_lines(html)))

    def shows(self, text: str) -> bool:
        """Whether a text is among what the page shows."""
        letters = _letters(text)
        return bool(letters) and letters in self._shown

    def shares(self, texts: Sequence[str]) -> tuple[float, float]:
        """How many of some texts it holds, hidden or not: share of the texts, and of their
        characters."""
        if not texts:
            return 0.0, 0.0
        held = [text for text in texts if _letters(text) in self._whole]
        characters = sum(map(len, held)) / max(sum(map(len, texts)), 1)
        return round(len(held) / len(texts), 3), round(characters, 3)


def text_lines(html: str) -> list[str]:
    """The text of a page, one run of inline text a line; cells of a table are lines of their own.

    It is kept apart from the segmenter's own splitter, which may change: gold text must not.
    """
    root = LexborHTMLParser(html.replace("\0", "\ufffd")).root
    lines: list[str] = []
    parts: list[str] = []
    container = 0
    for node in root.traverse(include_text=True) if root is not None else ():
        if node.tag == "-text":
            parent = node.parent
            if parent is not None and parent.tag in _CODE:
                continue
            around = _block_around(node)
            if around != container:
                _end_line(lines, parts)
                container = around
            parts.append(node.text_content or "")
        elif node.tag in _LINE_ENDS:
            _end_line(lines, parts)
    _end_line(lines, parts)
    return lines


def read_html(path: Path, content: bytes | None = None) -> str:
    """A page's HTML, decoded; UTF-8 where it is that, else by what the page declares.

    Args:
        path: the file.
        content: its bytes, where it had to be decompressed.

    Raises:
        OSError: it can't be read.
        DecodingError: it is not text in the declared character set.
    """
    data = path.read_bytes() if content is None else content
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return decode_html(data)


def read_json(path: Path) -> Any:
    """A JSON file.

    Raises:
        OSError: it can't be read.
        ValueError: it is not JSON.
    """
    return json.loads(path.read_text("utf-8"))


def declared_language(html: str) -> str | None:
    """ISO 639 code that a page gives itself: ``<html lang>``, else its meta elements."""
    head = html[:_HEAD_CHARACTERS]
    match = _HTML_LANG.search(head)
    if match:
        return match.group(1).lower()
    for meta in _META.findall(head):
        content = _META_CONTENT.search(meta) if _META_LANG.search(meta) else None
        if content:
            return content.group(1).lower()
    return None


def full_lines(text: str) -> list[str]:
    """The lines of a text without white space around them, the empty ones left out."""
    return [line for line in map(str.strip, text.splitlines()) if line]


def _end_line(lines: list[str], parts: list[str]) -> None:
    text = " ".join("".join(parts).split())
    parts.clear()
    if text:
        lines.append(text)


def _block_around(node: LexborNode) -> int:
    """Identity of the innermost element around a text that ends lines."""
    parent = node.parent
    while parent is not None and parent.tag not in _LINE_ENDS:
        parent = parent.parent
    return 0 if parent is None else int(parent.mem_id)


def _letters(text: str) -> str:
    return _BETWEEN_LETTERS.sub("", unicodedata.normalize("NFKC", text).lower())
