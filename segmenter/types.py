"""The values that pass between the stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from segmenter.errors import InputError
from segmenter.paths import element_paths

__all__ = [
    "DEFAULT_KEEP",
    "LABELS",
    "LABEL_INDEX",
    "Block",
    "Document",
    "InputKind",
    "Limits",
    "Markup",
    "ModelId",
    "Page",
    "Segmentation",
    "check_keep",
]

InputKind = Literal["text", "html"]
IntArray = NDArray[np.signedinteger[Any]]
FloatArray = NDArray[np.floating[Any]]

LABELS: Final[tuple[str, ...]] = (
    "headline",
    "deck",
    "byline",
    "body",
    "caption",
    "headline_fragment",
    "comment",
    "teaser",
    "boilerplate",
)
LABEL_INDEX: Final[Mapping[str, int]] = {label: index for index, label in enumerate(LABELS)}
DEFAULT_KEEP: Final[tuple[str, ...]] = ("body",)


@dataclass(frozen=True, slots=True)
class Document:
    """One scraped page as received: exactly one of ``text`` and ``html`` is given.

    Bytes are decoded (see ``segmenter.decoding``); ``content_type`` is the value of the HTTP
    header of that name and only serves to find the character set.

    Raises:
        InputError: neither or both of ``text`` and ``html`` are given, or one of a wrong type.
    """

    text: str | bytes | None = None
    html: str | bytes | None = None
    url: str | None = None
    id: str | None = None
    content_type: str | None = None

    def __post_init__(self) -> None:
        if (self.text is None) == (self.html is None):
            raise InputError("a document has exactly one of 'text' and 'html'")
        content = self.text if self.html is None else self.html
        if not isinstance(content, str | bytes):
            name = "text" if self.html is None else "html"
            raise InputError(f"'{name}' is a string or bytes, not {type(content).__name__}")

    @property
    def input(self) -> InputKind:
        """Which of the two is given."""
        return "text" if self.html is None else "html"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one document; a document over one of them raises ``LimitError``.

    The defaults let through every page of the public corpora and stop what was made to stall.

    Attributes:
        document_bytes: size of the document as received (UTF-8 bytes for ``str``).
        blocks: blocks that one page is split into.
        memory: bytes that segmenting may take beyond 20 times the document's size, estimated: 700
            for a block, before parsing HTML 340 for an element and 260 for an attribute. It stops
            what is nothing but markup or line breaks; longer blocks are within 20 times.
        depth: nesting of HTML elements that is told apart; deeper text still becomes blocks.
        nesting: HTML elements open at once, as far as they are estimated before parsing.
        attributes: attributes of one HTML element.
        parser_steps: open elements and attributes that the HTML parser has to look at, estimated
            before parsing; one takes about 4 ns.
    """

    document_bytes: int = 50_000_000
    blocks: int = 500_000
    memory: int = 80_000_000
    depth: int = 512
    nesting: int = 20_000
    attributes: int = 5_000
    parser_steps: int = 400_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Markup:
    """What only HTML tells of a page and its n blocks.

    Attributes:
        block_element: shape (n,), index of each block's nearest block-level element.
        parent: shape (m,), index of each element's parent; the root is its own parent.
        kind: shape (m,), which of ``kinds`` each element is.
        kinds: the distinct pairs of a tag name in lower case and an element's class, id, role and
            itemprop tokens, one string.
        link_chars: shape (n,), characters of the block inside ``<a>``.
        strong_chars: shape (n,), characters of the block inside bold or emphasised text.
        links: shape (n,), links that begin in the block.
        titles: strings that name the page (``<title>``, ``og:title``), most specific first.
        description: the page's own summary (``description``, ``og:description``), maybe empty.
        author: the page's author by its meta elements, maybe empty.
        language: value of ``<html lang>``, maybe empty.
    """

    block_element: IntArray
    parent: IntArray
    kind: IntArray
    kinds: tuple[tuple[str, str], ...]
    link_chars: IntArray
    strong_chars: IntArray
    links: IntArray
    titles: tuple[str, ...]
    description: str
    author: str
    language: str

    def path(self, block: int) -> str:
        """The element of a block as an XPath, ``/html/body/div[2]/p[1]``."""
        return self._paths(self.block_element[[block]])[0]

    def paths(self) -> list[str]:
        """The element of each block as an XPath."""
        return self._paths(self.block_element)

    def _paths(self, elements: IntArray) -> list[str]:
        return element_paths(self.parent, [tag for tag, _ in self.kinds], self.kind, elements)


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A page split into n blocks: what both front ends make and all later stages take.

    Attributes:
        input: the front end it came through.
        text: raw text exactly as received, or the plain text made from the HTML.
        starts, ends: shape (n,), code point offsets of the blocks into ``text``, in order and
            without overlap; every character that is not white is in exactly one block.
        markup: what only HTML tells; ``None`` for raw text.
    """

    input: InputKind
    text: str
    starts: IntArray
    ends: IntArray
    markup: Markup | None = None

    def __len__(self) -> int:
        return len(self.starts)

    def block_texts(self) -> list[str]:
        """The text of each block."""
        text = self.text
        return [
            text[start:end]
            for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class ModelId:
    """Which model gave an answer."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Block:
    """One labelled block.

    Attributes:
        start, end: code point offsets into the page's text.
        label: one of ``LABELS``.
        probability: calibrated probability of ``label``, 0 to 1.
        text: ``page.text[start:end]``.
        path: XPath of the element the block came from; ``None`` for raw text.
        probabilities: calibrated probability of every label; they sum to 1.
    """

    start: int
    end: int
    label: str
    probability: float
    text: str
    path: str | None
    probabilities: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A page with its n blocks labelled.

    Attributes:
        page: the split page; offsets refer to ``page.text``.
        labels: shape (n,), index into ``LABELS`` for each block.
        probabilities: shape (n, 9), calibrated, each row sums to 1.
        confidence: expected word-F1 of the page's kept text, 0 to 1.
        language: ISO 639-1 code, or ``None`` where there is too little text to tell.
        keep: the labels whose blocks make up ``text``.
    """

    page: Page
    labels: IntArray
    probabilities: FloatArray
    confidence: float
    language: str | None
    model: ModelId
    keep: tuple[str, ...] = DEFAULT_KEEP
    id: str | None = None
    url: str | None = None

    @property
    def input(self) -> InputKind:
        """The front end that the page came through."""
        return self.page.input

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks, in reading order; probabilities to four decimals."""
        return tuple(
            Block(
                start=start,
                end=end,
                label=LABELS[label],
                probability=row[label],
                text=text,
                path=path,
                probabilities=dict(zip(LABELS, row, strict=True)),
            )
            for (start, end, label, text), path, row in zip(
                self._rows(),
                self._paths() or repeat(None),
                _rounded(self.probabilities),
                strict=False,
            )
        )

    def _paths(self) -> list[str]:
        """The element of each block; none for raw text."""
        return [] if self.page.markup is None else self.page.markup.paths()

    def _rows(self) -> Iterator[tuple[int, int, int, str]]:
        """Start, end, label and text of each block."""
        page = self.page
        return zip(
            page.starts.tolist(),
            page.ends.tolist(),
            self.labels.tolist(),
            page.block_texts(),
            strict=True,
        )

    def texts(self, label: str) -> list[str]:
        """The texts of the blocks with one label, in reading order, line breaks in them joined."""
        page, index = self.page, LABEL_INDEX[label]
        return [
            _unwrapped(page.text[int(page.starts[i]) : int(page.ends[i])], page.input)
            for i in np.flatnonzero(self.labels == index)
        ]

    @property
    def headline(self) -> str | None:
        """The page's title, ``None`` where none was found."""
        return next(iter(self.texts("headline")), None)

    @property
    def byline(self) -> list[str]:
        """The texts of the byline blocks."""
        return self.texts("byline")

    @property
    def text(self) -> str:
        """The kept blocks, line breaks inside a block joined, blocks apart by a blank line."""
        kept = np.isin(self.labels, [LABEL_INDEX[label] for label in self.keep])
        page = self.page
        return "\n\n".join(
            _unwrapped(page.text[int(page.starts[i]) : int(page.ends[i])], page.input)
            for i in np.flatnonzero(kept)
        )

    def to_dict(self, *, probabilities: bool = False, page_text: bool = False) -> dict[str, Any]:
        """The JSON form, the same from Python, CLI and HTTP.

        Args:
            probabilities: give every block the probabilities of all labels.
            page_text: include the text that the offsets refer to, as ``page_text``.
        """
        given = np.take_along_axis(self.probabilities, self.labels[:, None], axis=1)[:, 0]
        blocks: list[dict[str, Any]] = [
            {
                "start": start,
                "end": end,
                "label": LABELS[label],
                "probability": probability,
                "text": text,
            }
            for (start, end, label, text), probability in zip(
                self._rows(), _rounded(given), strict=True
            )
        ]
        for entry, path in zip(blocks, self._paths(), strict=False):
            entry["path"] = path
        if probabilities:
            for entry, row in zip(blocks, _rounded(self.probabilities), strict=True):
                entry["probabilities"] = dict(zip(LABELS, row, strict=True))
        result: dict[str, Any] = {
            "id": self.id,
            "url": self.url,
            "input": self.input,
            "language": self.language,
            "model": {"name": self.model.name, "version": self.model.version},
            "headline": self.headline,
            "byline": self.byline,
            "text": self.text,
            "confidence": self.confidence,
        }
        if page_text:
            result["page_text"] = self.page.text
        result["blocks"] = blocks
        return result


def check_keep(keep: object) -> tuple[str, ...]:
    """The labels to keep, checked.

    Raises:
        InputError: not a sequence of labels, or a label that does not exist.
    """
    if isinstance(keep, str) or not isinstance(keep, list | tuple | set | frozenset):
        raise InputError("'keep' is a list of labels")
    unknown = sorted(str(label) for label in keep if label not in LABEL_INDEX)
    if unknown:
        raise InputError(
            f"unknown label in 'keep': {', '.join(unknown)}; accepted are {', '.join(LABELS)}"
        )
    return tuple(label for label in LABELS if label in keep)


def _rounded(probabilities: FloatArray) -> list[Any]:
    """To four decimals."""
    return list(np.round(probabilities.astype(np.float64), 4).tolist())


def _unwrapped(text: str, input_kind: InputKind) -> str:
    """Raw text may be hard-wrapped inside a block, and begin with a byte order mark; ``<pre>`` in
    HTML keeps its lines."""
    return " ".join(text.strip("\ufeff").split()) if input_kind == "text" else text
