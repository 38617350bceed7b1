"""The pages that are measured: a folder, a JSON lines file, or made from the seed pages."""

from __future__ import annotations

import gzip
import json
import lzma
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from segmenter.decoding import decode_html

__all__ = [
    "PageSet",
    "PagesError",
    "chosen_pages",
    "pages_option",
    "read_pages",
    "seed_pages",
    "seed_texts",
]

SEEDS: Final = Path(__file__).resolve().parents[1] / "seeds" / "pages"
_TIMES: Final = (1, 4, 16, 64)
_OPENERS: Final[Mapping[str, Callable[..., Iterable[bytes]]]] = {
    ".gz": gzip.open,
    ".xz": lzma.open,
    ".jsonl": open,
}
_SEED: Final = 20


pages_option: Final = click.option(
    "--pages",
    "sources",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A folder of .html and .html.gz files, or a .jsonl file (also .jsonl.gz and .jsonl.xz) "
    "with a field html; may be given more than once.  [default: made from the seed pages]",
)


class PagesError(Exception):
    """A source of pages can't be read, or holds none; the message says what is accepted."""


@dataclass(frozen=True, slots=True)
class PageSet:
    """The pages of one run.

    Attributes:
        html: decoded pages, in an order that mixes the sources.
        origin: where they are from, without folders.
    """

    html: tuple[str, ...]
    origin: str


def chosen_pages(sources: Sequence[Path], limit: int | None = None) -> PageSet:
    """The pages that ``pages_option`` names, or the seed pages.

    Raises:
        click.ClickException: a source can't be read or has no page.
    """
    try:
        return read_pages(sources, limit) if sources else seed_pages(limit)
    except PagesError as error:
        raise click.ClickException(str(error)) from error


def read_pages(sources: Sequence[Path], limit: int | None = None) -> PageSet:
    """Read pages from folders of ``.html`` and ``.html.gz`` files and from JSON lines files.

    Args:
        sources: at least one; a ``.jsonl`` file may end in ``.gz`` or ``.xz``.
        limit: at most this many pages, drawn in equal shares from the sources, always the same.

    Raises:
        PagesError: a source can't be read or has no page.
    """
    chance = random.Random(_SEED)
    drawn: list[str] = []
    counts: list[str] = []
    for index, source in enumerate(sources):
        share = None if limit is None else (limit - len(drawn)) // (len(sources) - index)
        pages = _drawn(_pages_of(source), share, chance)
        if not pages:
            raise PagesError(f"no pages in {source}; accepted are {_ACCEPTED}")
        drawn += pages
        counts.append(f"{len(pages)} of {source.name}")
    chance.shuffle(drawn)
    return PageSet(tuple(drawn), ", ".join(counts))


def seed_pages(limit: int | None = None) -> PageSet:
    """The HTML seed pages, as they are and with the content of their body repeated."""
    pages = [
        _repeated(path.read_text("utf-8"), times)
        for path in sorted(SEEDS.glob("*.html"))
        for times in _TIMES
    ]
    random.Random(_SEED).shuffle(pages)
    scaled = ", ".join(str(times) for times in _TIMES)
    return PageSet(tuple(pages[:limit]), f"the HTML seed pages, their bodies {scaled} times")


def seed_texts() -> tuple[str, ...]:
    """The raw-text seed pages."""
    return tuple(path.read_text("utf-8") for path in sorted(SEEDS.glob("*.txt")))


_ACCEPTED: Final = "folders of .html and .html.gz files, and .jsonl, .jsonl.gz and .jsonl.xz files"


def _drawn(pages: Iterator[str], share: int | None, chance: random.Random) -> list[str]:
    """An even draw from a stream of unknown length (Vitter 1985, algorithm R)."""
    if share is None:
        return list(pages)
    kept: list[str] = []
    for seen, page in enumerate(pages):
        if len(kept) < share:
            kept.append(page)
        else:
            place = chance.randint(0, seen)
            if place < share:
                kept[place] = page
    return kept


def _pages_of(source: Path) -> Iterator[str]:
    if source.is_dir():
        return _folder(source)
    if ".jsonl" in source.suffixes and source.suffix in _OPENERS and source.is_file():
        return _json_lines(source)
    raise PagesError(f"{source} is no source of pages; accepted are {_ACCEPTED}")


def _folder(folder: Path) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        if path.suffix == ".html":
            yield decode_html(path.read_bytes())
        elif path.name.endswith(".html.gz"):
            yield decode_html(gzip.decompress(path.read_bytes()))


def _json_lines(path: Path) -> Iterator[str]:
    try:
        with _OPENERS[path.suffix](path, "rb") as lines:  # type: ignore[attr-defined]
            for number, line in enumerate(lines, 1):
                row = json.loads(line)
                if not isinstance(row, dict) or not isinstance(row.get("html"), str):
                    raise PagesError(f"{path}, line {number}: no string in the field 'html'")
                yield row["html"]
    except (OSError, EOFError, lzma.LZMAError, ValueError) as error:
        raise PagesError(f"{path} can't be read: {error}") from error


def _repeated(html: str, times: int) -> str:
    opening = html.index(">", html.index("<body")) + 1
    closing = html.rindex("</body>")
    return html[:opening] + html[opening:closing] * times + html[closing:]
