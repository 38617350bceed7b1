"""Pages that were made to stall the HTML parser, found before it starts.

A tree builder that keeps to the HTML standard looks through its stack of open elements at most
tags, opens formatting elements again in every new block, and compares each attribute with those
before it: a few hundred kilobytes can keep it busy for minutes. This is one pass over the tags,
in linear time, that adds up how much of this a page asks for.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segmenter.errors import LimitError
from segmenter.types import Limits

__all__ = ["BLOCK_BYTES", "check_markup", "check_memory"]

BLOCK_BYTES: Final = 700
"""What a block takes while it is classified, most of it the network's."""
# What Lexbor's tree takes for an element with its text, and for an attribute, at most.
_ELEMENT_BYTES: Final = 340
_ATTRIBUTE_BYTES: Final = 260
_TIMES_SIZE: Final = 20
_LONG_TAG: Final = 600
"""Characters of a tag from which its attributes are counted."""
_BEFORE_ATTRIBUTES: Final = b" \t\n\r\f/\"'"
"""An attribute stands behind one of these."""

# Below these sizes the worst page is parsed in a second or two, so no finer look is taken.
_FEW_TAGS: Final = 8_000
_FEW_REOPENED: Final = 1_000_000
"""Formatting elements times tags: no more elements than that can be opened again."""
_SMALL: Final = 100_000

_VALUE: Final = r"=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+)?+"
_COMMENT: Final = r"!--(?:-?>|(?:[^-]++|-(?!-!?>))*+)|[!?][^>]*+"
_TOKEN: Final = re.compile(
    rf"<(?:{_COMMENT}|(/?)([a-z][^\s/>]*+)([^>=]*+(?:{_VALUE}[^>=]*+)*+))",
    re.IGNORECASE | re.DOTALL,
)
# A tag of at most 40 values and 60 characters before each: it has few attributes.
_GAP: Final = r"(?:[^>=]{0,60}+(?=[>=])|(?:[\s/]*+[^\s/>=]++){0,60}+[\s/]*+)"
_SHORT: Final = rf"{_GAP}(?:{_VALUE}{_GAP}){{0,40}}+>"
_ONLY_SHORT_TAGS: Final = re.compile(
    rf"""(?:[^<]++
        | </[^\s>=/]{{1,40}}+>
        | <(?!svg[\s/>]|math[\s/>]|script[\s/>])(?:{_COMMENT}|(?![a-z/])|/?{_SHORT})
        | <script(?=[\s/>]){_SHORT}(?:[^<]++|<(?!/script))*+
        | <(?:svg|math)(?=[\s/>]){_SHORT}
          (?:[^<]++|<(?!script|/svg|/math)(?:{_COMMENT}|(?![a-z/])|/?{_SHORT}))*+(?!<script)
    )*+""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_ATTRIBUTE: Final = re.compile(
    r"[^\s/>][^\s/>=]*+\s*+(?:=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+|[^\s>]*+))?+"
)
_FORMATTING_NAMES: Final = "b big code em font i nobr s small strike strong tt u"
# Both cases spelled out: that is twice as fast as IGNORECASE.
_BOTH_CASES: Final = re.sub("[a-z]", lambda m: f"[{m[0]}{m[0].upper()}]", _FORMATTING_NAMES)
_FORMATTING_TAG: Final = re.compile(rf"<(?:{_BOTH_CASES.replace(' ', '|')})[\s/>]")

_LOWER: Final = 0x20
"""The bit that makes ASCII letters small."""


def _formatting_pairs() -> NDArray[np.bool_]:
    """Shape (65536,): whether a formatting tag begins with these two bytes, in lower case."""
    table = np.zeros((256, 256), dtype=bool)
    for name in _FORMATTING_NAMES.split():
        # Behind a name of one letter stands white space, "/" or ">".
        for second in name[1:2] or " \t\n\r\v\f/>":
            table[ord(name[0]), ord(second) | _LOWER] = True
    return table.ravel()


_FORMATTING_PAIRS: Final = _formatting_pairs()

_RAW: Final = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
}
_VOID: Final = frozenset(
    """area base basefont bgsound br col embed frame hr image img input keygen link meta param
    source track wbr""".split()
)
_FORMATTING: Final = frozenset(_FORMATTING_NAMES.split())
# A start tag ends an open element of its group, unless one of the bounds stands between.
_SIBLINGS: Final = {
    name: tuple(group.split())
    for group in (
        "p", "a", "li", "dd dt", "td th", "tr", "tbody thead tfoot", "option", "optgroup", "rt rp",
        "body", "html", "head", "form", "colgroup", "caption", "button", "select", "table",
        "h1 h2 h3 h4 h5 h6", "rb rtc",
    )
    for name in group.split()
}  # fmt: skip
_TABLE: Final = frozenset("table tbody thead tfoot tr td th caption".split())
_ROWS: Final = frozenset("tr tbody thead tfoot".split())
_CELLS: Final = frozenset(("td", "th", "caption"))
_TABLE_SCOPES: Final = frozenset(("table", "template"))
# Any of these ends <svg> and <math>.
_BREAKOUT: Final = frozenset(
    "b blockquote body center code dd div dl dt em h1 h2 h3 h4 h5 h6 head i img li menu ol p pre "
    "span strong table u ul".split()
)
# An end tag inside one of these can't close what is outside ("has an element in scope").
_SCOPES: Final = frozenset("table td th caption template object marquee applet".split())
_BOUNDS: Final = _SCOPES | frozenset("ul ol menu dl".split())

# What the slower steps cost, in looks at one open element (4 ns). Opening an element again takes
# about 2 µs and 600 bytes with Lexbor and the walk; it counts for more because of the memory.
_REOPEN_COST: Final = 1_000
_COMPARE_COST: Final = 5
_OPTION_COST: Final = 3
_LEVEL_COST: Final = 25


def check_memory(estimated: int, size: int, limits: Limits) -> None:
    """Refuse a document that would take too much memory for its size.

    Args:
        estimated: bytes that it would take.
        size: characters of the document.

    Raises:
        LimitError: over ``memory``.
    """
    beyond = estimated - _TIMES_SIZE * size
    if beyond > limits.memory:
        raise LimitError("memory", limits.memory, beyond)


def check_markup(html: str, data: bytes, limits: Limits) -> None:
    """Refuse a page that would stall the HTML parser, or take too much memory in it.

    Args:
        data: the same in UTF-8; signs are counted several times faster in an array of it.

    Raises:
        LimitError: over ``nesting``, ``attributes``, ``parser_steps`` or ``memory``.
    """
    signs = np.frombuffer(data, dtype=np.uint8)
    tags, maybe_formatting = _count_tags(signs)
    check_memory(tags * _ELEMENT_BYTES, len(html), limits)
    _check_attribute_memory(html, signs, tags, limits)
    if (
        tags > min(_FEW_TAGS, limits.nesting)
        or (
            tags * maybe_formatting > _FEW_REOPENED
            and tags * _formatting_tags(html) > _FEW_REOPENED
        )
        or (len(html) > min(_SMALL, limits.attributes) and not _has_only_short_tags(html))
    ):
        _Scan(limits).run(html)


def _count_tags(signs: NDArray[np.uint8]) -> tuple[int, int]:
    """How many ``<`` there are but for those of end tags, and how many of them may begin a
    formatting element as far as the first two letters tell."""
    places = np.flatnonzero(signs == ord("<"))
    first = signs.take(places + 1, mode="clip")
    second = signs.take(places + 2, mode="clip")
    tags = len(places) - int(np.count_nonzero(first == ord("/")))
    pairs = (first.astype(np.uint16) << 8 | second) | (_LOWER << 8 | _LOWER)
    return tags, int(np.count_nonzero(_FORMATTING_PAIRS.take(pairs)))


def _check_attribute_memory(html: str, signs: NDArray[np.uint8], tags: int, limits: Limits) -> None:
    """Count the attributes, unless their bound shows that there are few enough."""
    beyond = tags * _ELEMENT_BYTES - _TIMES_SIZE * len(html)
    allowed = (limits.memory - beyond) // _ATTRIBUTE_BYTES
    # An attribute has at least two characters, one of them before its name.
    if len(html) // 2 > allowed and (
        sum(int(np.count_nonzero(signs == sign)) for sign in _BEFORE_ATTRIBUTES) > allowed
    ):
        attributes = _Scan(limits, count_all=True).run(html)
        check_memory(attributes * _ATTRIBUTE_BYTES + beyond, 0, limits)


def _formatting_tags(html: str) -> int:
    return sum(1 for _ in _FORMATTING_TAG.finditer(html))


def _has_only_short_tags(html: str) -> bool:
    match = _ONLY_SHORT_TAGS.match(html)
    return match is not None and match.end() == len(html)


class _Scan:
    """Open elements about as a tree builder has them; one use."""

    def __init__(self, limits: Limits, *, count_all: bool = False) -> None:
        """``count_all``: count the attributes of short tags too."""
        self.limits = limits
        self.counted_from = 0 if count_all else _LONG_TAG
        self.steps = 0
        self.stack: list[str] = []
        # For each open bound: its name, and how many of each name are open inside it.
        self.levels: list[tuple[str, Counter[str]]] = [("", Counter())]
        # Formatting elements stay open when what they stand in ends: by name, their tags.
        self.formatting: dict[str, list[str]] = {}
        self.formatting_count = 0
        self.alike: Counter[str] = Counter()
        self.reopen = False
        self.foreign = False
        self.attributes = 0
        self.root_attributes = 0
        self.options = 0
        self.in_select = False

    def run(self, html: str) -> int:
        """Look at all tags; returns how many attributes were counted."""
        matched = _TOKEN.search(html)
        while matched is not None:
            position = matched.end()
            slash, name, rest = matched.groups()
            if name is not None:
                name = name.lower()
                if slash:
                    self.end(name)
                else:
                    self.start(name, rest)
                    if name in _RAW and not self.foreign:
                        closing = _RAW[name].search(html, position)
                        position = len(html) if closing is None else closing.start()
                self.add(len(self.stack) + 1)
            matched = _TOKEN.search(html, position)
        return self.attributes

    def start(self, name: str, rest: str) -> None:
        if len(rest) > self.counted_from or (rest and name in ("html", "body")):
            self.count_attributes(name, rest)
        if self.reopen:
            self.add(self.formatting_count * _REOPEN_COST)
            self.reopen = False
        if name in _VOID or (self.foreign and rest.endswith("/")):
            return
        if name in ("svg", "math"):
            self.foreign = True
        elif name in _BREAKOUT:
            self.foreign = False
        if name in _FORMATTING:
            self.start_formatting(name, rest)
        else:
            self.open(name)

    def start_formatting(self, name: str, rest: str) -> None:
        self.add(self.formatting_count * _COMPARE_COST)
        key = name + rest
        # Of equal ones only three are opened again ("Noah's Ark clause").
        if self.alike[key] < 3:
            self.alike[key] += 1
            self.formatting.setdefault(name, []).append(key)
            self.formatting_count += 1

    def open(self, name: str) -> None:
        if name == "select":
            self.options, self.in_select = 0, True
        elif name == "option" and self.in_select:
            self.options += 1
            self.add(self.options * _OPTION_COST)
        if name in _ROWS and self.levels[-1][0] in _CELLS:
            self.close(self.levels[-1][0])
        for sibling in _SIBLINGS.get(name, ()):
            if self.levels[-1][0] == sibling or self.levels[-1][1][sibling]:
                self.close(sibling)
        self.stack.append(name)
        if len(self.stack) > self.limits.nesting:
            raise LimitError("nesting", self.limits.nesting, len(self.stack))
        self.levels[-1][1][name] += 1
        if name in _BOUNDS:
            self.levels.append((name, Counter()))

    def end(self, name: str) -> None:
        if name in ("svg", "math"):
            self.foreign = False
        elif name == "select":
            self.in_select = False
        if name in _FORMATTING:
            if self.formatting.get(name):
                self.alike[self.formatting[name].pop()] -= 1
                self.formatting_count -= 1
            return
        scopes = _TABLE_SCOPES if name in _TABLE else _SCOPES
        for bound, names in reversed(self.levels):
            if names[name] or bound == name:
                self.close(name)
                return
            if bound in scopes:
                return
            self.add(_LEVEL_COST)

    def close(self, name: str) -> None:
        """Take open elements off the stack up to the innermost of a name, which is on it."""
        while True:
            closed = self.stack.pop()
            if closed in _BOUNDS:
                self.levels.pop()
            self.levels[-1][1][closed] -= 1
            if closed == name:
                break
        self.reopen = True

    def count_attributes(self, name: str, rest: str) -> None:
        count = sum(1 for _ in _ATTRIBUTE.finditer(rest))
        self.attributes += count
        total = count
        if name in ("html", "body"):
            # Attributes of a second <body> are added to the first, the same for <html>.
            self.root_attributes += count
            total = self.root_attributes
        if total > self.limits.attributes:
            raise LimitError("attributes", self.limits.attributes, total)
        self.add(count * total)

    def add(self, steps: int) -> None:
        self.steps += steps
        if self.steps > self.limits.parser_steps:
            raise LimitError("parser_steps", self.limits.parser_steps, self.steps)
