"""HTML to a ``Page``: one walk over the tree that Lexbor builds (the WHATWG parsing algorithm)."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Final

import numpy as np
from selectolax.lexbor import LexborHTMLParser, LexborNode

from segmenter.errors import LimitError
from segmenter.guards import BLOCK_BYTES, check_markup, check_memory
from segmenter.types import Limits, Markup, Page

__all__ = ["split_html"]

# Nothing below these is shown as text of the page.
_SKIPPED: Final = frozenset(
    """script style noscript template head title svg iframe object embed canvas audio video
    select datalist textarea noframes -comment #comment !doctype -doctype -cdata""".split()
)
_SKIPPED_WITHOUT_SCRIPTS: Final = _SKIPPED - {"noscript"}
# A block ends before and after these (HTML standard, "flow content" rendered as blocks; buttons
# and labels stand alone on a page).
_BLOCKS: Final = frozenset(
    """address article aside blockquote body button caption center dd details dialog dir div dl dt
    fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html label
    legend li listing main menu nav ol p plaintext pre search section summary table tbody tfoot
    thead tr ul xmp br""".split()
)
_CELLS: Final = frozenset(("td", "th"))
_STRONG: Final = frozenset(("b", "strong", "em", "i"))
_TOKEN_ATTRIBUTES: Final = ("class", "id", "role", "itemprop", "rel", "data-testid")
_REPLACEMENT: Final = "\ufffd".encode()
_LINK: Final = 1
_BOLD: Final = 2
_PREFORMATTED: Final = 4
# In place of the element that holds a block's text.
_NONE: Final = -1
_SEVERAL: Final = -2


def split_html(html: str, limits: Limits | None = None) -> Page:
    """Split a page into blocks: each run of inline text between block boundaries is one.

    A table's row is one block, its cells apart by a space; ``<br>`` and every block element part
    blocks; ``<pre>`` keeps its lines. Scripts and the like are left out; so are ``<noscript>`` and
    hidden elements, each unless most of the page's text stands there.

    Raises:
        LimitError: over ``blocks`` or ``memory``, or markup made to stall the parser.
    """
    limits = limits or Limits()
    data = html.encode("utf-8", "ignore")
    check_markup(html, data, limits)
    walk = _Walk(limits, len(html), _NOTHING)
    # Lexbor stops at NUL in some states; browsers drop or replace it.
    root = LexborHTMLParser(data.replace(b"\0", _REPLACEMENT) if b"\0" in data else data).root
    if root is not None:
        walk.run(root)
        missed = walk.missed()
        if missed != _NOTHING:
            walk = _Walk(limits, len(html), missed)
            walk.run(root)
    return walk.page()


@dataclass(frozen=True, slots=True)
class _Unseen:
    """Text that a browser with scripts does not show at first: which of it is taken, or missed."""

    noscript: bool = False
    hidden: bool = False


_NOTHING: Final = _Unseen()


class _Walk:
    """State of the walk; one use."""

    def __init__(self, limits: Limits, size: int, takes: _Unseen) -> None:
        self.limits = limits
        self.size = size
        self.takes = takes
        self.noscript_chars = 0
        self.hidden_chars = 0
        self.parents = array("i")
        self.kind = array("i")
        # Pages have few pairs of a tag and tokens, each very often.
        self.kinds: dict[tuple[str, str], int] = {}
        self.texts: list[str] = []
        self.block_element = array("i")
        self.link_chars = array("i")
        self.strong_chars = array("i")
        self.links = array("i")
        self.head = _Head()
        # The block under construction.
        self.parts: list[str] = []
        self.part_element = _NONE
        self.part_preformatted = False
        self.part_link_chars = 0
        self.part_strong_chars = 0
        self.part_links = 0

    def run(self, root: LexborNode) -> None:  # noqa: C901, PLR0912, PLR0915 - the hot loop
        """Walk the tree without recursion: its depth is the page's, which may be hostile."""
        # One frame per open element: node, element, innermost block, flags, ends_block
        stack: list[tuple[LexborNode, int, int, int, bool]] = []
        element, container, flags = 0, 0, 0
        node: LexborNode | None = root
        skipped, blocks, strong, depth_limit = _SKIPPED, _BLOCKS, _STRONG, self.limits.depth
        takes = self.takes
        if takes.noscript:
            skipped = _SKIPPED_WITHOUT_SCRIPTS
        parts, flush, push, pop = self.parts, self.flush, stack.append, stack.pop
        add_parent, add_kind, kinds = self.parents.append, self.kind.append, self.kinds
        number, white = 0, False
        while True:
            while node is None:
                if not stack:
                    flush(container)
                    return
                node, element, container_outer, flags, ends_block = pop()
                if ends_block:
                    if parts:
                        flush(container)
                    elif white:
                        self.part_links = 0
                    white = False
                container = container_outer
                node = node.next if stack else None
            tag = node.tag
            if tag == "-text":
                text = node.text_content or ""
                node = node.next
                if text.isspace() or not text:
                    # White space before a block's first text is not part of it.
                    if parts:
                        parts.append(text)
                    else:
                        white = True
                    continue
                parts.append(text)
                if self.part_element == _NONE:
                    self.part_element = element
                    self.part_preformatted = flags >= _PREFORMATTED
                elif self.part_element != element:
                    self.part_element = _SEVERAL
                if flags:
                    length = len(text.strip())
                    if flags & _LINK:
                        self.part_link_chars += length
                    if flags & _BOLD:
                        self.part_strong_chars += length
                continue
            if tag is None or tag in skipped:
                if tag == "head":
                    self.head.read(node)
                elif tag == "noscript":
                    self.noscript_chars += len(node.text().strip())
                node = node.next
                continue
            is_block = tag in blocks
            child = node.first_child
            told_apart = len(stack) < depth_limit
            attributes = node.attributes if child is not None and told_apart else {}
            if ("style" in attributes or "hidden" in attributes) and (
                _is_hidden(attributes) and tag not in ("html", "body") and not takes.hidden
            ):
                # Nested ones are not counted again: that would be quadratic.
                self.hidden_chars += len(node.text().strip())
                node = node.next
                continue
            if is_block:
                if parts:
                    flush(container)
                elif white:
                    self.part_links = 0
                white = False
            if child is None:
                node = node.next if stack else None
                continue
            if tag in _CELLS:
                parts.append(" ")
            push((node, element, container, flags, is_block))
            if told_apart:
                if tag == "html":
                    self.head.language = attributes.get("lang") or ""
                add_parent(element)
                tokens = _tokens(attributes) if attributes else ""
                add_kind(kinds.setdefault((tag, tokens), len(kinds)))
                element = number
                number += 1
            if is_block:
                container = element
                if tag == "pre":
                    flags |= _PREFORMATTED
            elif tag == "a":
                flags |= _LINK
                self.part_links += 1
            elif tag in strong:
                flags |= _BOLD
            node = child

    def missed(self) -> _Unseen:
        """Where more text stands than in all blocks of the walk."""
        seen = sum(map(len, self.texts))
        return _Unseen(noscript=self.noscript_chars > seen, hidden=self.hidden_chars > seen)

    def flush(self, container: int) -> None:
        """End the block under construction, if there is text in it."""
        text = "".join(self.parts)
        self.parts.clear()
        text = _stripped_lines(text) if self.part_preformatted else " ".join(text.split())
        if text:
            if len(self.texts) >= self.limits.blocks:
                raise LimitError("blocks", self.limits.blocks, len(self.texts) + 1)
            self.texts.append(text)
            # Text of one inline element belongs to it: its class says more than the container's.
            self.block_element.append(self.part_element if self.part_element >= 0 else container)
            self.link_chars.append(self.part_link_chars)
            self.strong_chars.append(self.part_strong_chars)
            self.links.append(self.part_links)
        self.part_element = _NONE
        self.part_preformatted = False
        self.part_link_chars = self.part_strong_chars = self.part_links = 0

    def page(self) -> Page:
        check_memory(len(self.texts) * BLOCK_BYTES, self.size, self.limits)
        if not self.kinds:
            self.kinds = {("html", ""): 0}
            self.parents.append(0)
            self.kind.append(0)
        lengths = np.fromiter(map(len, self.texts), dtype=np.int64, count=len(self.texts))
        ends = np.cumsum(lengths + 1) - 1 if len(lengths) else lengths
        return Page(
            input="html",
            text="\n".join(self.texts),
            starts=ends - lengths,
            ends=ends,
            markup=Markup(
                block_element=np.frombuffer(self.block_element, dtype=np.intc),
                parent=np.frombuffer(self.parents, dtype=np.intc),
                kind=np.frombuffer(self.kind, dtype=np.intc),
                kinds=tuple(self.kinds),
                # White space is gone from the blocks by now, but not from these.
                link_chars=np.minimum(np.frombuffer(self.link_chars, dtype=np.intc), lengths),
                strong_chars=np.minimum(np.frombuffer(self.strong_chars, dtype=np.intc), lengths),
                links=np.frombuffer(self.links, dtype=np.intc),
                titles=tuple(self.head.titles),
                description=self.head.description,
                author=self.head.author,
                language=self.head.language,
            ),
        )


class _Head:
    """What ``<head>`` says of the page."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.description = ""
        self.author = ""
        self.language = ""

    def read(self, head: LexborNode) -> None:
        title = ""
        node = head.child
        while node is not None:
            if node.tag == "title" and not title:
                title = " ".join(node.text().split())
            elif node.tag == "meta":
                self._read_meta(node.attributes)
            node = node.next
        if title:
            self.titles.append(title)

    def _read_meta(self, attributes: dict[str, str | None]) -> None:
        name = (attributes.get("property") or attributes.get("name") or "").lower()
        if name not in _META:
            return
        content = " ".join((attributes.get("content") or "").split())
        if not content:
            return
        if name in ("og:title", "twitter:title"):
            if content not in self.titles:
                self.titles.append(content)
        elif name == "author":
            self.author = content
        elif len(content) > len(self.description):
            self.description = content


_META: Final = frozenset(
    ("og:title", "twitter:title", "author", "description", "og:description", "twitter:description")
)


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    if "hidden" in attributes:
        # What React streams is hidden until a script puts it in its place.
        return not (attributes.get("id") or "").startswith("S:")
    style = attributes.get("style")
    return style is not None and "display:none" in style.replace(" ", "").lower()


def _tokens(attributes: dict[str, str | None]) -> str:
    if len(attributes) == 1:
        name, value = next(iter(attributes.items()))
        return value or "" if name in _TOKEN_ATTRIBUTES else ""
    values = map(attributes.get, _TOKEN_ATTRIBUTES)
    return " ".join([value for value in values if value is not None])


def _stripped_lines(text: str) -> str:
    lines = [line.rstrip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line).strip()
