"""What the markup around a block tells: tags, class tokens, links, and where the trunk is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segmenter.features import codepoints as cp
from segmenter.features.bundle import Pages
from segmenter.features.columns import Column, stacked
from segmenter.features.repetition import LONG_BLOCK
from segmenter.features.vocabulary import Tokens, WeightTable, joined_tokens, salted_index
from segmenter.features.words import Words, hash_words
from segmenter.types import FloatArray, IntArray, Markup

__all__ = ["NAMES", "MarkupTokens", "Structure", "Tree", "markup_tokens"]

_OWN_TAGS: Final = (
    "h1", "h2", "h3", "h4", "p", "li", "div", "span", "a", "tr", "td", "figcaption", "blockquote",
    "pre", "dt", "dd", "button", "label", "time", "em", "strong", "code", "article", "section",
)  # fmt: skip
_ANCESTOR_TAGS: Final = (
    "nav", "header", "footer", "aside", "main", "article", "form", "ul", "ol", "table", "figure",
    "blockquote", "section", "a", "h1", "h2", "h3", "dl", "li", "p", "button", "details",
)  # fmt: skip
_BITS: Final = 1 << np.arange(len(_ANCESTOR_TAGS), dtype=np.int32)
_BIT: Final = dict(zip(_ANCESTOR_TAGS, _BITS.tolist(), strict=True))
_LEVELS: Final = 3
NAMES: Final[tuple[str, ...]] = (
    *(f"tag_{name}" for name in _OWN_TAGS),
    *(f"in_{name}" for name in _ANCESTOR_TAGS),
    "link_share",
    "strong_share",
    "log_links",
    "log_depth",
    "in_trunk",
    "log_above_trunk",
    "same_parent_before",
    "same_parent_after",
    "log_same_signature",
    "signature_words",
    "signature_place",
    *(
        f"{name}_{level}"
        for level in range(1, _LEVELS + 1)
        for name in ("words_share", "link_share_up", "long_share", "log_blocks_up")
    ),
)
_NEAR: Final = 101
_FAR: Final = 211
_NEAR_LEVELS: Final = 2
_FAR_LEVELS: Final = 8
# For each salt, the levels that it stands for.
_SALTED: Final = (
    *((_NEAR + level, slice(level, level + 1)) for level in range(_NEAR_LEVELS)),
    (_FAR, slice(_NEAR_LEVELS, None)),
)
_TRUNK_SHARE: Final = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """The m elements of some pages, each before those in it and behind those before it.

    Attributes:
        depth: shape (m,).
        size: shape (m,), elements in it, itself included.
        inside: shape (m,), bit set of the ``_ANCESTOR_TAGS`` that it is or stands in.
        signature: shape (m,), equal where the tags and classes on the way from the root are.
    """

    depth: IntArray
    size: IntArray
    inside: IntArray
    signature: IntArray

    @classmethod
    def of(cls, markup: Markup) -> Tree:
        """Build it in one pass down and one up."""
        kinds, kind, parent = len(markup.kinds), markup.kind.tolist(), markup.parent.tolist()
        bits = [_BIT.get(tag, 0) for tag, _ in markup.kinds]
        depth: list[int] = []
        inside: list[int] = []
        signature: list[int] = []
        signatures: dict[int, int] = {}
        for element, (around, own) in enumerate(zip(parent, kind, strict=True)):
            if around == element:
                depth.append(0)
                inside.append(bits[own])
                signature.append(0)
                continue
            depth.append(depth[around] + 1)
            inside.append(inside[around] | bits[own])
            step = signature[around] * kinds + own
            signature.append(signatures.setdefault(step, len(signatures) + 1))
        size = [1] * len(kind)
        for element in range(len(kind) - 1, 0, -1):
            if depth[element]:
                size[parent[element]] += size[element]
        return cls(
            depth=np.array(depth, dtype=np.int32),
            size=np.array(size, dtype=np.int32),
            inside=np.array(inside, dtype=np.int32),
            signature=np.array(signature, dtype=np.int32),
        )


@dataclass(frozen=True, slots=True, eq=False)
class MarkupTokens:
    """The markup tokens of n blocks: each block's element's and those of the elements around it.

    Elements of one kind have the same tokens, so that a kind is hashed and scored once.

    Attributes:
        kinds: the words of each kind of element.
        kind: shape (m,), the kind of each element.
        parent: shape (m,), each element's parent; the root is its own.
        element: shape (n,), each block's element.
    """

    kinds: Words
    kind: IntArray
    parent: IntArray
    element: IntArray

    def chain(self, start: int, end: int) -> IntArray:
        """Shape (levels, end - start): the kinds of the blocks' elements and of those around
        them; ``len(kinds.counts)`` above the root."""
        element = self.element[start:end]
        chain = np.empty((_NEAR_LEVELS + _FAR_LEVELS, len(element)), dtype=np.int32)
        above = np.zeros(len(element), dtype=bool)
        for level in chain:
            self.kind.take(element, out=level)
            level[above] = len(self.kinds.counts)
            moved = self.parent.take(element)
            above |= moved == element
            element = moved
        return chain

    def tokens(self) -> Tokens:
        """One by one, for training."""
        words, count = self.kinds, len(self.element)
        counts = np.append(words.counts, 0)
        parts: list[tuple[IntArray, IntArray]] = []
        for level, kind in enumerate(self.chain(0, count)):
            lengths = counts[kind]
            row = np.repeat(np.arange(count, dtype=np.int32), lengths)
            place = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            values = words.hashes[np.repeat(words.first[kind], lengths) + place]
            parts.append((salted_index(values, _salt(level)), row))
        return joined_tokens(parts, count)

    def scores(self, table: WeightTable) -> FloatArray:
        """The same as ``table.scores(self.tokens())``."""
        return self.scorer(table).scores(0, len(self.element))

    def scorer(self, table: WeightTable) -> MarkupScorer:
        """Scores some blocks at a time."""
        words = self.kinds
        some = np.flatnonzero(words.counts)
        sums = []
        for salt, _ in _SALTED:
            of_kinds = np.zeros((len(words.counts) + 1, table.weights.shape[1]), dtype=np.int32)
            gathered = table.weights.take(salted_index(words.hashes, salt), axis=0)
            of_kinds[some] = np.add.reduceat(gathered, words.first[some], axis=0, dtype=np.int32)
            sums.append(of_kinds)
        return MarkupScorer(self, table, tuple(sums), np.append(words.counts, 0))


@dataclass(frozen=True, slots=True, eq=False)
class MarkupScorer:
    """A table's scores of one page's markup.

    Attributes:
        sums: for each of the salts, shape (kinds + 1, k), the sums of each kind's weights.
        counts: shape (kinds + 1,), tokens of each kind.
    """

    tokens: MarkupTokens
    table: WeightTable
    sums: tuple[NDArray[np.int32], ...]
    counts: IntArray

    def scores(self, start: int, end: int) -> FloatArray:
        """Shape (end - start, k)."""
        chain = self.tokens.chain(start, end)
        total = np.zeros((end - start, self.table.weights.shape[1]), dtype=np.int32)
        for sums, (_, levels) in zip(self.sums, _SALTED, strict=True):
            for kind in chain[levels]:
                total += sums.take(kind, axis=0)
        return self.table.scaled(total, self.counts.take(chain).sum(axis=0))


def markup_tokens(markup: Markup) -> MarkupTokens:
    """Hash the kinds of elements."""
    words = _kind_words(markup.kinds)
    return MarkupTokens(words, markup.kind, markup.parent, markup.block_element)


def _salt(level: int) -> int:
    return _NEAR + level if level < _NEAR_LEVELS else _FAR


def _kind_words(kinds: tuple[tuple[str, str], ...]) -> Words:
    """The tag and the words in the attribute tokens of each kind; words end at capitals too
    (articleBody), and "_" parts them."""
    items = [f"<{tag} {tokens}" for tag, tokens in kinds]
    points = cp.code_points("\n".join(items))
    lengths = np.array([len(item) for item in items], dtype=np.int64)
    starts = np.cumsum(lengths + 1) - lengths - 1
    kind = cp.kinds(points)
    upper = (kind & cp.UPPER) > 0
    hump = upper.copy()
    hump[1:] &= ~upper[:-1]
    kind[points == ord("_")] = 0
    return hash_words(points, kind, starts, hump)


class Structure:
    """Measures of some pages' markup; ``columns`` gives those of ``NAMES`` for some of its blocks.

    Shares are 0 to 1. The trunk is the deepest element that holds most of the running text; a
    signature is the tags and classes from the root to the block.
    """

    def __init__(
        self, markup: Markup, tree: Tree, words: Words, chars: IntArray, pages: Pages
    ) -> None:
        self._markup, self._chars, self._pages = markup, chars, pages
        self._depth = tree.depth
        self._totals = _subtree_totals(markup, tree, words, chars)
        roots = np.flatnonzero(tree.depth == 0)
        self._whole = np.maximum(self._totals.take(roots, axis=0), 1)
        self._in_trunk, self._above = _trunks(tree, self._totals[:, 2], roots)
        self._signatures = _signatures(tree.signature.take(markup.block_element), words, pages)
        self._own = _one_hot(markup.kinds)
        self._inside = tree.inside
        around = markup.parent.take(markup.block_element)
        self._same = np.concatenate([[False], around[1:] == around[:-1], [False]])

    def columns(self, start: int, end: int) -> list[Column]:
        """Of the blocks from ``start`` to ``end``."""
        markup = self._markup
        chars = np.maximum(self._chars[start:end], 1)
        element = markup.block_element[start:end]
        columns: list[Column] = [
            self._own.take(markup.kind.take(element), axis=0),
            (self._inside.take(element)[:, None] & _BITS) > 0,
            markup.link_chars[start:end] / chars,
            markup.strong_chars[start:end] / chars,
            np.log1p(markup.links[start:end]),
            np.log1p(self._depth.take(element)),
            self._in_trunk.take(element),
            np.log1p(self._above.take(element)),
            self._same[start:end],
            self._same[start + 1 : end + 1],
            self._signatures[start:end],
        ]
        whole = self._whole.take(self._pages.of_block[start:end], axis=0)
        for _ in range(_LEVELS):
            element = markup.parent.take(element)
            here = self._totals.take(element, axis=0)
            columns += [
                here[:, 0] / whole[:, 0],
                here[:, 1] / np.maximum(here[:, 3], 1),
                here[:, 2] / whole[:, 2],
                np.log1p(here[:, 4]),
            ]
        return columns


def _one_hot(kinds: tuple[tuple[str, str], ...]) -> NDArray[np.bool_]:
    """Shape (kinds, own tags): whether it is the kind's tag."""
    place = {name: index for index, name in enumerate(_OWN_TAGS)}
    codes = np.array([place.get(tag, len(place)) for tag, _ in kinds], dtype=np.int64)
    return np.eye(len(place) + 1, len(place), dtype=bool).take(codes, axis=0)


def _subtree_totals(markup: Markup, tree: Tree, words: Words, chars: IntArray) -> IntArray:
    """Shape (m, 5): words, link characters, words in long blocks, characters and blocks of each
    element with all that is in it."""
    count = len(markup.kind)
    long = np.where(words.counts >= LONG_BLOCK, words.counts, 0)
    totals = np.empty((count, 5), dtype=np.int32)
    end = np.arange(count) + tree.size
    for column, values in enumerate((words.counts, markup.link_chars, long, chars, None)):
        own = np.bincount(markup.block_element, weights=values, minlength=count)
        sums = np.append(0, np.cumsum(own))
        totals[:, column] = sums.take(end) - sums[:-1]
    return totals


def _trunks(
    tree: Tree, long_words: IntArray, roots: IntArray
) -> tuple[NDArray[np.bool_], IntArray]:
    """Whether each element is in its page's trunk, and for the others how many levels up they
    meet it."""
    in_trunk = np.zeros(len(long_words), dtype=bool)
    meets, deepest = np.zeros((2, len(long_words)), dtype=np.int32)
    least = np.maximum(_TRUNK_SHARE * long_words.take(roots), 1)
    holds = long_words >= np.repeat(least, tree.size.take(roots))
    holds[roots] = True
    # On a page each holds more than half, so that they stand in one another.
    chains = np.flatnonzero(holds)
    for first, last in pairwise([*chains.searchsorted(roots).tolist(), len(chains)]):
        chain = chains[first:last].tolist()
        whole = slice(chain[0], chain[0] + int(tree.size[chain[0]]))
        trunk = slice(chain[-1], chain[-1] + int(tree.size[chain[-1]]))
        in_trunk[trunk] = True
        deepest[whole] = tree.depth[chain[-1]]
        for element in chain:
            meets[element : element + tree.size[element]] = tree.depth[element]
    return in_trunk, np.where(in_trunk, 0, deepest - meets)


def _signatures(signature: IntArray, words: Words, pages: Pages) -> FloatArray:
    """Shape (n, 3): how many blocks of the page share a block's signature, their share of the
    words, the place among them."""
    own = (pages.of_block << 32) + signature
    _, inverse, counts = np.unique(own, return_inverse=True, return_counts=True)
    order = np.argsort(inverse, kind="stable")
    place = np.empty(len(signature), dtype=np.int64)
    place[order] = np.arange(len(signature)) - np.repeat(np.cumsum(counts) - counts, counts)
    sums = np.bincount(inverse, weights=words.counts).take(inverse)
    total = np.maximum(np.diff(words.first.take(pages.first)), 1).take(pages.of_block)
    columns = [np.log1p(counts)[inverse], sums / total, place / counts[inverse]]
    return stacked(columns, len(signature))
