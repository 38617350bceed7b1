"""HTML to a ``Page``: one walk over the tree that Lexbor builds (the WHATWG parsing algorithm)."""

from __future__ import annotations

from typing import Final

import numpy as np
from selectolax.lexbor import LexborHTMLParser, LexborNode

from segmenter.errors import LimitError
from segmenter.guards import check_markup
from segmenter.types import Limits, Markup, Page

__all__ = ["split_html"]

# Nothing below these is shown as text of the page.
_SKIPPED: Final = frozenset(
    """script style noscript template head title svg iframe object embed canvas audio video
    select datalist textarea noframes -comment #comment !doctype -doctype -cdata""".split()
)
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
_LINK: Final = 1
_BOLD: Final = 2
_PREFORMATTED: Final = 4
# In place of the element that holds a block's text.
_NONE: Final = -1
_SEVERAL: Final = -2


def split_html(html: str, limits: Limits | None = None) -> Page:
    """Split a page into blocks: each run of inline text between block boundaries is one.

    A table's row is one block, its cells apart by a space; ``<br>`` and every block element part
    blocks; ``<pre>`` keeps its lines. Hidden elements, scripts and the like are left out.

    Raises:
        LimitError: more blocks than ``limits.blocks``, or markup made to stall the parser.
    """
    limits = limits or Limits()
    check_markup(html, limits)
    walk = _Walk(limits)
    # Lexbor stops at NUL in some states; browsers drop or replace it.
    root = LexborHTMLParser(html.replace("\0", "\ufffd") if "\0" in html else html).root
    if root is not None:
        walk.run(root)
    return walk.page()


class _Walk:
    """State of the walk; one use."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.parents: list[int] = []
        self.tags: list[str] = []
        self.nth: list[int] = []
        self.tokens: list[str] = []
        self.texts: list[str] = []
        self.block_element: list[int] = []
        self.link_chars: list[int] = []
        self.strong_chars: list[int] = []
        self.links: list[int] = []
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
        # One frame per open element: node, element, innermost block, flags, tag counts, ends_block
        stack: list[tuple[LexborNode, int, int, int, dict[str, int], bool]] = []
        element, container, flags, counts = 0, 0, 0, {}  # type: int, int, int, dict[str, int]
        node: LexborNode | None = root
        skipped, blocks, strong, depth_limit = _SKIPPED, _BLOCKS, _STRONG, self.limits.depth
        parts, flush, push, pop = self.parts, self.flush, stack.append, stack.pop
        add_parent, add_tag = self.parents.append, self.tags.append
        add_nth, add_tokens = self.nth.append, self.tokens.append
        number, white = 0, False
        while True:
            while node is None:
                if not stack:
                    flush(container)
                    return
                node, element, container_outer, flags, counts, ends_block = pop()
                if ends_block and (parts or white):
                    flush(container)
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
                node = node.next
                continue
            is_block = tag in blocks
            child = node.child
            if child is None:
                if is_block and (parts or white):
                    flush(container)
                    white = False
                node = node.next if stack else None
                continue
            told_apart = len(stack) < depth_limit
            attributes = node.attributes if told_apart else {}
            if attributes and tag not in ("html", "body") and _is_hidden(attributes):
                node = node.next
                continue
            if is_block:
                if parts or white:
                    flush(container)
                    white = False
            elif tag in _CELLS:
                parts.append(" ")
            push((node, element, container, flags, counts, is_block))
            if told_apart:
                if tag == "html":
                    self.head.language = attributes.get("lang") or ""
                counts[tag] = nth = counts.get(tag, 0) + 1
                add_parent(element)
                add_tag(tag)
                add_nth(nth)
                add_tokens(_tokens(attributes) if attributes else "")
                element = number
                number += 1
                counts = {}
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

    def flush(self, container: int) -> None:
        """End the block under construction, if there is text in it."""
        text = "".join(self.parts) if len(self.parts) > 1 else self.parts[0] if self.parts else ""
        self.parts.clear()
        text = _stripped_lines(text) if self.part_preformatted else " ".join(text.split())
        if text:
            if len(self.texts) >= self.limits.blocks:
                raise LimitError("blocks", self.limits.blocks, len(self.texts) + 1)
            self.texts.append(text)
            # Text of one inline element belongs to it: its class says more than the container's.
            self.block_element.append(self.part_element if self.part_element >= 0 else container)
            self.link_chars.append(min(self.part_link_chars, len(text)))
            self.strong_chars.append(min(self.part_strong_chars, len(text)))
            self.links.append(self.part_links)
        self.part_element = _NONE
        self.part_preformatted = False
        self.part_link_chars = self.part_strong_chars = self.part_links = 0

    def page(self) -> Page:
        if not self.tags:
            self.parents, self.tags, self.nth, self.tokens = [0], ["html"], [1], [""]
        lengths = np.array([len(text) for text in self.texts], dtype=np.int64)
        ends = np.cumsum(lengths + 1) - 1 if len(lengths) else lengths
        return Page(
            input="html",
            text="\n".join(self.texts),
            starts=ends - lengths,
            ends=ends,
            markup=Markup(
                block_element=np.array(self.block_element, dtype=np.int64),
                parent=np.array(self.parents, dtype=np.int64),
                tag=tuple(self.tags),
                nth=np.array(self.nth, dtype=np.int64),
                tokens=tuple(self.tokens),
                link_chars=np.array(self.link_chars, dtype=np.int64),
                strong_chars=np.array(self.strong_chars, dtype=np.int64),
                links=np.array(self.links, dtype=np.int64),
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
        return True
    style = attributes.get("style")
    return style is not None and "display:none" in style.replace(" ", "").lower()


def _tokens(attributes: dict[str, str | None]) -> str:
    if len(attributes) == 1:
        name, value = next(iter(attributes.items()))
        return value or "" if name in _TOKEN_ATTRIBUTES else ""
    found = [attributes.get(name) for name in _TOKEN_ATTRIBUTES]
    return " ".join([value for value in found if value is not None])


def _stripped_lines(text: str) -> str:
    lines = [line.rstrip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line).strip()
