"""Template sites for measuring adaptation: invented text, one layout a site, all nine labels.

``python -m bench.sites SITE`` prints the pages of one.

Every site draws its own tags, class names, order of regions, menus and phrases; its pages differ
in everything else. A site's class names tell the label, say nothing, are shared by several labels
or are missing; some of its choices are unusual (teasers as long as paragraphs, bodies of short
lines), so that a model that never saw the site errs on it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import click

__all__ = ["SitePage", "site_pages"]

_NOUNS: Final = (
    "harbour bridge council orchard tram museum river teacher library engine winter market valley "
    "garden ferry forest kitchen concert festival mountain island village factory hospital school "
    "student farmer painter captain driver neighbour committee budget contract permit festival "
    "archive lighthouse bakery workshop stadium reservoir quarry meadow station platform canal"
).split()
_VERBS: Final = (
    "opened closed repaired visited described planned measured painted delayed supported moved "
    "announced questioned restored counted financed inspected postponed defended renewed"
).split()
_ADJECTIVES: Final = (
    "old new quiet northern narrow public wooden costly early late careful regional small bright "
    "empty crowded famous local temporary seasonal generous unexpected"
).split()
_PLACES: Final = (
    "Ardwick Belmora Castrel Dunhaven Eskby Farloch Grenvale Holmsea Ivarsk Jorvan".split()
)
_FIRST: Final = "Mira Jonas Adele Tomas Ines Karel Ruth Owen Petra Silas Nadia Bruno".split()
_LAST: Final = "Holt Varga Lindqvist Okafor Serrano Brandt Ilves Moreau Tanaka Weir".split()
_SYLLABLES: Final = (
    "ba co di fu ga hel in jor ka lum me no or pel qua ri sol ta ur vex wy zan".split()
)
_SHARED_NAMES: Final = "content text item box row inner card module".split()
_TELLING: Final = {
    "headline": "article-title",
    "deck": "standfirst",
    "byline": "author-line",
    "body": "story-text",
    "caption": "photo-caption",
    "comment": "comment-item",
    "teaser": "related-item",
    "boilerplate": "site-nav",
    "headline_fragment": "crumb",
}
_AREA_TAGS: Final = {
    "menu": "nav", "notice": "footer", "teasers": "aside", "figure": "figure", "body": "article",
    "comments": "section",
}  # fmt: skip
_ALL: Final = (
    "boilerplate", "teaser", "headline_fragment", "headline", "deck", "byline", "body",
    "caption", "comment",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SitePage:
    """A page of a template site.

    Attributes:
        id, url: on a reserved domain.
        html: the page.
        blocks: text and label of each block, in reading order.
    """

    id: str
    url: str
    html: str
    blocks: tuple[tuple[str, str], ...]

    def record(self) -> dict[str, Any]:
        """As a labelled page of a JSONL file."""
        blocks = [{"text": text, "label": label} for text, label in self.blocks]
        return {"id": self.id, "url": self.url, "html": self.html, "blocks": blocks}


def site_pages(site: int, pages: int, seed: int = 0) -> list[SitePage]:
    """The pages of one site; the same for the same arguments, the first ones whatever ``pages``."""
    layout = _Layout(random.Random(f"{seed} site {site}"))
    return [
        _page(layout, site, number, random.Random(f"{seed} site {site} page {number}"))
        for number in range(pages)
    ]


class _Layout:
    """What all pages of a site share."""

    def __init__(self, chance: random.Random) -> None:
        self.name = "".join(chance.choices(_SYLLABLES, k=3)).title()
        self.classes = {label: self._classes(chance, label) for label in _ALL}
        self.areas = {
            region: tag if chance.random() < 0.5 else "div" for region, tag in _AREA_TAGS.items()
        }
        self.tags = {
            "headline": chance.choice(["h1", "h1", "h2", "div"]),
            "deck": chance.choice(["p", "div", "h2"]),
            "byline": chance.choice(["div", "p", "span"]),
            "body": chance.choice(["p", "p", "p", "div"]),
            "caption": chance.choice(["div", "p", "figcaption"]),
            "comment": chance.choice(["div", "p", "li"]),
            "teaser": chance.choice(["div", "p", "li", "h3"]),
            "boilerplate": chance.choice(["li", "div", "p"]),
            "headline_fragment": chance.choice(["div", "p", "li"]),
        }
        self.menu = [_noun(chance).title() for _ in range(chance.randint(4, 12))]
        self.notices = [_sentence(chance, 6, 18) for _ in range(chance.randint(3, 6))]
        self.teaser_head = _phrase(chance, 2)
        self.comment_head = _phrase(chance, 2)
        self.comment_form = [_phrase(chance, chance.randint(1, 4)) for _ in range(4)]
        self.linked = chance.random() < 0.7
        self.promo = _noun(chance).title() + chance.choice([":", " →", " |"])
        self.byline = chance.choice(
            [
                "By {who} / {place}",
                "{when} · {who}",
                "{who}, {when}",
                "({who}) {when}",
                "{place}, {who}",
            ]
        )
        self.credit = chance.choice(["{text} ({who})", "{who}: {text}", "{text}", "↑ {text}"])
        self.body_words = chance.choice([(8, 20), (15, 40), (25, 60)])
        self.teaser_words = chance.choice([(4, 9), (6, 14), (15, 35)])
        self.comment_words = chance.choice([(5, 15), (15, 50)])
        top = ["menu", "running", "teasers", "notice"]
        head = ["headline", "deck", "byline", "figure"]
        tail = ["teasers", "comments", "notice", "bio", "menu"]
        for part in (top, head, tail):
            chance.shuffle(part)
        self.regions = [*top[: chance.randint(2, 4)], *head, "body", *tail]

    @staticmethod
    def _classes(chance: random.Random, label: str) -> str:
        scheme = chance.choice(["telling", "opaque", "shared", "none", "none"])
        if scheme == "telling":
            return _TELLING[label]
        if scheme == "shared":
            return chance.choice(_SHARED_NAMES)
        return f"{_phrase(chance, 1)}{chance.randrange(16**4):04x}" if scheme == "opaque" else ""


class _Draft:
    """A page being written."""

    def __init__(self, layout: _Layout) -> None:
        self._layout = layout
        self.html: list[str] = []
        self.blocks: list[tuple[str, str]] = []

    def add(self, label: str, text: str) -> None:
        tag, name = self._layout.tags[label], self._layout.classes[label]
        attribute = f' class="{name}"' if name else ""
        linked = label == "teaser" and self._layout.linked
        inner = f'<a href="/{len(text)}">{escape(text)}</a>' if linked else escape(text)
        self.html.append(f"<{tag}{attribute}>{inner}</{tag}>")
        self.blocks.append((text, label))

    def area(self, region: str, fill: Callable[[], None]) -> None:
        tag = self._layout.areas.get(region, "div")
        self.html.append(f"<{tag}>")
        fill()
        self.html.append(f"</{tag}>")


def _page(layout: _Layout, site: int, number: int, chance: random.Random) -> SitePage:
    draft = _Draft(layout)
    title = _sentence(chance, 5, 11).rstrip(".")
    writers = {
        "menu": lambda: _each(draft, "boilerplate", _some(chance, layout.menu)),
        "running": lambda: draft.add("headline_fragment", _cut(chance, title, layout.name)),
        "teasers": lambda: _teasers(draft, layout, chance),
        "notice": lambda: _each(draft, "boilerplate", _some(chance, layout.notices)),
        "headline": lambda: draft.add("headline", title),
        "deck": lambda: draft.add("deck", _sentence(chance, 10, 25)),
        "byline": lambda: draft.add("byline", _signed(layout.byline, chance)),
        "figure": lambda: _captions(draft, layout, chance, 1),
        "body": lambda: _body(draft, layout, chance, title),
        "comments": lambda: _comments(draft, layout, chance),
        "bio": lambda: draft.add("boilerplate", f"{_name(chance)} " + _sentence(chance, 12, 25)),
    }
    for region in layout.regions:
        draft.area(region, writers[region])
    body = "\n".join(draft.html)
    html = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)} - {layout.name}</title></head>\n<body>\n{body}\n</body></html>\n"
    )
    host = f"{layout.name.lower()}.example"
    identity = f"site{site:02}-{number:03}"
    return SitePage(identity, f"https://www.{host}/{identity}", html, tuple(draft.blocks))


def _each(draft: _Draft, label: str, texts: Sequence[str]) -> None:
    for text in texts:
        draft.add(label, text)


def _teasers(draft: _Draft, layout: _Layout, chance: random.Random) -> None:
    draft.add("teaser", layout.teaser_head)
    for _ in range(chance.randint(2, 6)):
        draft.add("teaser", _sentence(chance, *layout.teaser_words))


def _captions(draft: _Draft, layout: _Layout, chance: random.Random, count: int) -> None:
    for _ in range(count):
        text = _sentence(chance, 5, 14)
        draft.add("caption", layout.credit.format(text=text, who=_name(chance)))


def _body(draft: _Draft, layout: _Layout, chance: random.Random, title: str) -> None:
    count = chance.randint(5, 14)
    for place in range(count):
        draft.add("body", _sentence(chance, *layout.body_words))
        if chance.random() < 0.15 and place < count - 1:
            draft.add("teaser", f"{layout.promo} {_sentence(chance, 5, 12)}")
        if chance.random() < 0.12:
            _captions(draft, layout, chance, 1)
    if chance.random() < 0.5:
        draft.add("headline_fragment", _cut(chance, title, layout.name))


def _comments(draft: _Draft, layout: _Layout, chance: random.Random) -> None:
    draft.add("comment", layout.comment_head)
    for _ in range(chance.randint(0, 5)):
        draft.add("comment", _name(chance))
        draft.add("comment", _sentence(chance, *layout.comment_words))
    _each(draft, "comment", layout.comment_form)


def _some(chance: random.Random, texts: Sequence[str]) -> list[str]:
    """Most of the texts, in their order."""
    return [text for text in texts if chance.random() < 0.85] or [texts[0]]


def _cut(chance: random.Random, title: str, name: str) -> str:
    words = title.split()
    kept = words[: max(3, len(words) - chance.randint(0, 3))]
    return " ".join(kept) + chance.choice(["…", f" - {name}", ""])


def _signed(form: str, chance: random.Random) -> str:
    when = f"{chance.randint(1, 28)}.{chance.randint(1, 12)}.{chance.randint(2015, 2025)}"
    return form.format(who=_name(chance), when=when, place=chance.choice(_PLACES))


def _name(chance: random.Random) -> str:
    return f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"


def _noun(chance: random.Random) -> str:
    return chance.choice(_NOUNS)


def _phrase(chance: random.Random, words: int) -> str:
    """A phrase of the site's own, of words that no language has."""
    made = ["".join(chance.choices(_SYLLABLES, k=2)) for _ in range(words)]
    return " ".join([made[0].title(), *made[1:]])


def _sentence(chance: random.Random, least: int, most: int) -> str:
    """About so many words, as sentences of up to twenty."""
    wanted = chance.randint(least, most)
    words: list[str] = []
    while len(words) < wanted:
        words += [
            chance.choice(["the", "a", "one", "this", "every"]),
            chance.choice(_ADJECTIVES),
            _noun(chance),
            chance.choice(_VERBS),
            chance.choice(["the", "its", "their", "another"]),
            _noun(chance),
            chance.choice(["in", "near", "before", "for"]),
            chance.choice(_PLACES),
        ]
    text = " ".join(words[:wanted])
    return text[0].upper() + text[1:] + "."


@click.command()
@click.argument("site", type=click.IntRange(min=0))
@click.option("--pages", type=click.IntRange(min=1), default=10, show_default=True)
def main(site: int, pages: int) -> None:
    """Print labelled pages of a template site, one JSON object a line."""
    for page in site_pages(site, pages):
        click.echo(json.dumps(page.record(), ensure_ascii=False))


if __name__ == "__main__":
    main()
