"""What the markup around a block tells: tags, class tokens, links, and where the trunk is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from segmenter.features import codepoints as cp
from segmenter.features.columns import stacked
from segmenter.features.repetition import LONG_BLOCK
from segmenter.features.vocabulary import Tokens, WeightTable, joined_tokens, salted_index
from segmenter.features.words import HashArray, Words, hash_words, mixed, pair_hash
from segmenter.types import FloatArray, IntArray, Markup

__all__ = ["NAMES", "Tree", "structure_features", "markup_tokens"]

_OWN_TAGS: Final = (
    "h1", "h2", "h3", "h4", "p", "li", "div", "span", "a", "tr", "td", "figcaption", "blockquote",
    "pre", "dt", "dd", "button", "label", "time", "em", "strong", "code", "article", "section",
)  # fmt: skip
_ANCESTOR_TAGS: Final = (
    "nav", "header", "footer", "aside", "main", "article", "form", "ul", "ol", "table", "figure",
    "blockquote", "section", "a", "h1", "h2", "h3", "dl", "li", "p", "button", "details",
)  # fmt: skip
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
    """The elements of a page, level by level.

    Attributes:
        depth: shape (m,).
        levels: for each depth from 1, the elements of that depth.
        signature: shape (m,), hash of the tags and classes on the way from the root.
        kind: shape (m,), which of ``kinds`` each element is.
        kinds: the distinct pairs of a tag and attribute tokens.
    """

    depth: IntArray
    levels: tuple[IntArray, ...]
    signature: HashArray
    kind: IntArray
    kinds: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, markup: Markup) -> Tree:
        """Build it in one pass; parents stand before their children."""
        parent = markup.parent.tolist()
        depth_list = [0] * len(parent)
        for element in range(1, len(parent)):
            depth_list[element] = depth_list[parent[element]] + 1
        depth = np.array(depth_list, dtype=np.int64)
        order = np.argsort(depth, kind="stable")
        edges = np.searchsorted(depth[order], np.arange(1, int(depth.max()) + 2))
        levels = tuple(order[start:end] for start, end in pairwise(edges.tolist()))
        kinds: dict[tuple[str, str], int] = {}
        keys = zip(markup.tag, markup.tokens, strict=True)
        kind = np.array([kinds.setdefault(key, len(kinds)) for key in keys], dtype=np.int64)
        signature = mixed(kind.astype(np.uint32) + np.uint32(1))
        for level in levels:
            signature[level] = pair_hash(signature[markup.parent[level]], signature[level])
        return cls(depth, levels, signature, kind, tuple(kinds))


@dataclass(frozen=True, slots=True, eq=False)
class MarkupTokens:
    """The markup tokens of n blocks: each block's element's and those of the elements around it.

    Elements of one kind have the same tokens, so that a kind is hashed and scored once.

    Attributes:
        kinds: the words of each kind of element.
        chain: shape (levels, n), the kinds of each block's element and of those around it;
            ``len(kinds.counts)`` above the root.
    """

    kinds: Words
    chain: IntArray

    def tokens(self) -> Tokens:
        """One by one, for training."""
        words, (levels, count) = self.kinds, self.chain.shape
        counts = np.append(words.counts, 0)
        rows: list[IntArray] = []
        indexes: list[IntArray] = []
        for level in range(levels):
            kind = self.chain[level]
            lengths = counts[kind]
            row = np.repeat(np.arange(count), lengths)
            place = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            values = words.hashes[np.repeat(words.first[kind], lengths) + place]
            indexes.append(salted_index(values, _salt(level)))
            rows.append(row)
        row = np.concatenate(rows)
        order = np.argsort(row, kind="stable")
        return joined_tokens([(np.concatenate(indexes)[order], row[order])], count)

    def scores(self, table: WeightTable) -> FloatArray:
        """The same as ``table.scores(self.tokens())``."""
        words = self.kinds
        some = np.flatnonzero(words.counts)
        edges = words.first[some]
        width = table.weights.shape[1]
        total = np.zeros((self.chain.shape[1], width), dtype=np.int32)
        for salt, levels in _SALTED:
            sums = np.zeros((len(words.counts) + 1, width), dtype=np.int32)
            gathered = table.weights.take(salted_index(words.hashes, salt), axis=0)
            sums[some] = np.add.reduceat(gathered, edges, axis=0, dtype=np.int32)
            for kind in self.chain[levels]:
                total += sums.take(kind, axis=0)
        counts = np.append(words.counts, 0).take(self.chain).sum(axis=0)
        return table.scaled(total, counts)


def markup_tokens(markup: Markup, tree: Tree) -> MarkupTokens:
    """Hash the kinds of elements, and climb from each block."""
    element, parent = markup.block_element, markup.parent
    outside = len(tree.kinds)
    chain = np.empty((_NEAR_LEVELS + _FAR_LEVELS, len(element)), dtype=np.int64)
    above = np.zeros(len(element), dtype=bool)
    for level in range(len(chain)):
        chain[level] = np.where(above, outside, tree.kind.take(element))
        moved = parent.take(element)
        above |= moved == element
        element = moved
    return MarkupTokens(_kind_words(tree.kinds), chain)


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


def structure_features(markup: Markup, tree: Tree, words: Words, chars: IntArray) -> FloatArray:
    """Shape (n, len(NAMES)). Shares are 0 to 1; the trunk is the deepest element that holds
    most of the running text; a signature is the tags and classes from the root to the block."""
    element = markup.block_element
    parent = markup.parent
    own = _one_hot(tree, _OWN_TAGS).take(element, axis=0)
    up = _one_hot(tree, _ANCESTOR_TAGS)
    for level in tree.levels:
        up[level] |= up[parent[level]]
    link_share = markup.link_chars / np.maximum(chars, 1)
    totals = _subtree_totals(markup, tree, words, chars)
    in_trunk, above = _trunk(markup, tree, totals[:, 2])
    around = parent[element]
    same = around[1:] == around[:-1]
    columns = [
        own,
        up[element],
        link_share,
        markup.strong_chars / np.maximum(chars, 1),
        np.log1p(markup.links),
        np.log1p(tree.depth[element]),
        in_trunk[element],
        np.log1p(above[element]),
        np.append(False, same),
        np.append(same, False),
        *_signatures(tree.signature[element], words),
    ]
    whole = np.maximum(totals[0], 1)
    level_element = element
    for _ in range(_LEVELS):
        level_element = parent[level_element]
        here = totals[level_element]
        columns += [
            here[:, 0] / whole[0],
            here[:, 1] / np.maximum(here[:, 3], 1),
            here[:, 2] / whole[2],
            np.log1p(here[:, 4]),
        ]
    return stacked(columns, len(element))


def _one_hot(tree: Tree, names: tuple[str, ...]) -> np.ndarray:
    place = {name: index for index, name in enumerate(names)}
    codes = np.array([place.get(tag, len(names)) for tag, _ in tree.kinds], dtype=np.int64)
    table = np.eye(len(names) + 1, len(names), dtype=bool).take(codes, axis=0)
    return table.take(tree.kind, axis=0)


def _subtree_totals(markup: Markup, tree: Tree, words: Words, chars: IntArray) -> IntArray:
    """Shape (m, 5): words, link characters, words in long blocks, characters and blocks of each
    element with all that is in it."""
    count = len(markup.tag)
    long = np.where(words.counts >= LONG_BLOCK, words.counts, 0)
    totals = np.column_stack(
        [
            np.bincount(markup.block_element, weights=values, minlength=count)
            for values in (words.counts, markup.link_chars, long, chars, np.ones(len(chars)))
        ]
    ).astype(np.int64)
    for level in reversed(tree.levels):
        np.add.at(totals, markup.parent[level], totals[level])
    return totals


def _trunk(markup: Markup, tree: Tree, long_words: IntArray) -> tuple[np.ndarray, IntArray]:
    """Whether each element is in the trunk, and for the others how many levels up they meet it."""
    count = len(markup.tag)
    holds = long_words >= max(1, _TRUNK_SHARE * int(long_words[0]))
    holds[0] = True
    deepest = int(np.flatnonzero(holds)[np.argmax(tree.depth[holds])])
    in_trunk = np.zeros(count, dtype=bool)
    in_trunk[deepest] = True
    meets = np.where(holds, tree.depth, 0)
    for level in tree.levels:
        around = markup.parent[level]
        in_trunk[level] |= in_trunk[around]
        meets[level] = np.maximum(meets[level], meets[around])
    return in_trunk, np.where(in_trunk, 0, tree.depth[deepest] - meets)


def _signatures(signature: HashArray, words: Words) -> list[np.ndarray]:
    """How many blocks share a block's signature, their share of the words, the place among them."""
    _, inverse, counts = np.unique(signature, return_inverse=True, return_counts=True)
    order = np.argsort(inverse, kind="stable")
    place = np.empty(len(signature), dtype=np.int64)
    place[order] = np.arange(len(signature)) - np.repeat(np.cumsum(counts) - counts, counts)
    sums = np.bincount(inverse, weights=words.counts)
    total = max(int(words.counts.sum()), 1)
    return [np.log1p(counts[inverse]), sums[inverse] / total, place / counts[inverse]]
