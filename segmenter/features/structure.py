"""What the markup around a block tells: tags, class tokens, links, and where the trunk is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from segmenter.features import codepoints as cp
from segmenter.features.columns import stacked
from segmenter.features.repetition import LONG_BLOCK
from segmenter.features.vocabulary import Tokens, joined_tokens, salted_index
from segmenter.features.words import HashArray, Words, hash_words, mixed, pair_hash
from segmenter.types import FloatArray, IntArray, Markup

__all__ = ["NAMES", "Tree", "structure_features", "structure_tokens"]

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
_BLOCKS_AT_A_TIME: Final = 2048
_TRUNK_SHARE: Final = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """The elements of a page, level by level.

    Attributes:
        depth: shape (m,).
        levels: for each depth from 1, the elements of that depth.
        signature: shape (m,), hash of the tags and classes on the way from the root.
    """

    depth: IntArray
    levels: tuple[IntArray, ...]
    signature: HashArray

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
        own = np.array([kinds.setdefault(key, len(kinds)) for key in keys], dtype=np.uint32)
        signature = mixed(own + np.uint32(1))
        for level in levels:
            signature[level] = pair_hash(signature[markup.parent[level]], signature[level])
        return cls(depth, levels, signature)


def structure_tokens(markup: Markup) -> Tokens:
    """The markup tokens of each block: its element's and those of the elements around it."""
    element_tokens = _element_tokens(markup)
    counts = np.bincount(element_tokens.row, minlength=len(markup.tag))
    offsets = np.cumsum(counts) - counts
    count = len(markup.block_element)
    parts: list[tuple[IntArray, IntArray]] = []
    for first in range(0, count, _BLOCKS_AT_A_TIME):
        blocks = np.arange(first, min(first + _BLOCKS_AT_A_TIME, count))
        rows: list[IntArray] = []
        indexes: list[IntArray] = []
        element = markup.block_element[blocks]
        for level in range(_NEAR_LEVELS + _FAR_LEVELS):
            lengths = counts[element]
            row = np.repeat(blocks, lengths)
            place = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            values = element_tokens.index[np.repeat(offsets[element], lengths) + place]
            salt = _NEAR + level if level < _NEAR_LEVELS else _FAR
            indexes.append(salted_index(values.view(np.uint32), salt))
            rows.append(row)
            moved = markup.parent[element]
            climbing = moved != element
            blocks, element = blocks[climbing], moved[climbing]
        row, index = np.concatenate(rows), np.concatenate(indexes)
        order = np.argsort(row, kind="stable")
        parts.append((index[order], row[order]))
    return joined_tokens(parts, count)


def _element_tokens(markup: Markup) -> Tokens:
    """32-bit hashes of each element's tag, and of the words in its attribute tokens."""
    distinct: dict[str, int] = {}
    kind_of = [
        distinct.setdefault(f"<{tag} {tokens}", len(distinct))
        for tag, tokens in zip(markup.tag, markup.tokens, strict=True)
    ]
    text = "\n".join(distinct)
    lengths = np.array([len(item) for item in distinct], dtype=np.int64)
    ends = np.cumsum(lengths + 1) - 1
    points = cp.code_points(text)
    kind = cp.kinds(points)
    # Words end at capitals too (articleBody), and "_" parts them.
    upper = (kind & cp.UPPER) > 0
    hump = upper & ~np.append(False, upper[:-1])
    spread = points.copy()
    spread[points == ord("_")] = ord("-")
    words = hash_words(*_parted(spread, hump, ends - lengths))
    kinds = np.array(kind_of, dtype=np.int64)
    counts = words.counts[kinds]
    row = np.repeat(np.arange(len(kinds)), counts)
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    index = words.hashes[np.repeat(words.first[:-1][kinds], counts) + place]
    return Tokens(index.view(np.int32), row.astype(np.int32), len(kinds))


def _parted(
    points: cp.CodePoints, hump: np.ndarray, starts: IntArray
) -> tuple[cp.CodePoints, cp.Kinds, IntArray]:
    """Put a hyphen before each capital that follows a small letter."""
    places = np.flatnonzero(hump)
    moved = np.insert(points, places, ord("-"))
    shift = np.searchsorted(places, np.arange(len(points) + 1))
    return moved, cp.kinds(moved), starts + shift[starts]


def structure_features(markup: Markup, tree: Tree, words: Words, chars: IntArray) -> FloatArray:
    """Shape (n, len(NAMES)). Shares are 0 to 1; the trunk is the deepest element that holds
    most of the running text; a signature is the tags and classes from the root to the block."""
    element = markup.block_element
    parent = markup.parent
    own = _one_hot(markup.tag, _OWN_TAGS)[element]
    up = _one_hot(markup.tag, _ANCESTOR_TAGS)
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


def _one_hot(tags: tuple[str, ...], names: tuple[str, ...]) -> np.ndarray:
    place = {name: index for index, name in enumerate(names)}
    codes = np.array([place.get(tag, len(names)) for tag in tags], dtype=np.int64)
    return np.eye(len(names) + 1, dtype=bool)[codes][:, : len(names)]


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
