"""Documents of a wanted size, made from the seed pages."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from bench.pages import seed_texts

__all__ = ["SERIES", "Series"]

_SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Series:
    """Documents that grow in one way.

    Attributes:
        unit: what ``sizes`` count.
        make: a document of a size.
    """

    title: str
    kind: Literal["text", "html"]
    unit: Literal["bytes", "blocks", "levels"]
    sizes: tuple[int, ...]
    make: Callable[[int], str]


@cache
def _lines() -> tuple[str, ...]:
    """Lines of the seed pages in many scripts."""
    return tuple(line for text in seed_texts() for line in text.splitlines() if line.strip())


def _drawn_lines(size: int) -> list[str]:
    """Lines of together about ``size`` UTF-8 bytes, white space between them included."""
    chance = random.Random(_SEED)
    lines: list[str] = []
    total = 0
    while total < size:
        line = chance.choice(_lines())
        lines.append(line)
        total += len(line.encode()) + 1
    return lines


def _many_lines(size: int) -> str:
    return "\n".join(_drawn_lines(size))


def _one_line(size: int) -> str:
    return " ".join(_drawn_lines(size))


def _html(size: int) -> str:
    """Articles of a heading and five paragraphs, a third of the bytes markup."""
    lines = _drawn_lines(size * 2 // 3)
    parts = ["<!doctype html><html lang=en><title>Large</title><body><main class=content>"]
    for start in range(0, len(lines), 6):
        head, *rest = lines[start : start + 6]
        parts.append(f'<article class="post entry"><h2 class="title"><a href="#">{head}</a></h2>')
        parts += [f'<p class="text">{line} <b>and so on</b></p>' for line in rest]
        parts.append("</article>")
    parts.append("</main></body></html>")
    return "\n".join(parts)


def _html_blocks(blocks: int) -> str:
    return "<body>" + "".join(f"<p>Block number {index}</p>" for index in range(blocks))


def _html_levels(levels: int) -> str:
    opening = "".join(f'<div class="level">Level {level} ' for level in range(levels))
    return "<body>" + opening + "</div>" * levels


_BYTES: Final = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
SERIES: Final[Mapping[str, Series]] = {
    "text_lines": Series("raw text, many lines", "text", "bytes", _BYTES, _many_lines),
    "text_one_line": Series("raw text, one line", "text", "bytes", _BYTES, _one_line),
    "html_bytes": Series("HTML, articles", "html", "bytes", _BYTES, _html),
    "html_blocks": Series(
        "HTML, short blocks", "html", "blocks", (10, 100, 1_000, 10_000, 100_000), _html_blocks
    ),
    "html_levels": Series(
        "HTML, nested elements", "html", "levels", (10, 100, 1_000, 10_000), _html_levels
    ),
}
