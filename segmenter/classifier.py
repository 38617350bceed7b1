"""Measured features to calibrated probabilities: the learned part of the segmenter.

For each block: scores of its words and markup tokens by linear models; the likeliest headlines by
a small logistic regression, and how the block repeats them; then a convolutional network over the
sequence of blocks, with dilations and a summary of the page (after Vogels et al. 2018, Web2Text,
and Leonhardt et al. 2020, BoilerNet, who showed that a block is best judged among its neighbours).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Final

import numpy as np

from segmenter.correction import Correction
from segmenter.features import PageFeatures
from segmenter.features.columns import Column, stacked
from segmenter.features.repetition import SIMILARITY_NAMES, Lines, similarity_columns
from segmenter.features.vocabulary import WeightTable, text_scores
from segmenter.profiles.memory import SiteMemory
from segmenter.types import FloatArray

__all__ = [
    "CANDIDATE_NAMES",
    "DILATIONS",
    "PARAMETERS",
    "BlockClassifier",
    "HeadlineScorer",
    "Network",
    "candidate_features",
    "network_logits",
    "softmax",
]

Params = Mapping[str, FloatArray]

DILATIONS: Final = (1, 2, 4, 8)
_FLOW_LAYER: Final = 1
PARAMETERS: Final = frozenset(
    f"{layer}_{part}"
    for layer in (
        "in",
        "page",
        *(f"conv{index}" for index in range(len(DILATIONS))),
        "flow_in",
        "flow_out",
        "out",
    )
    for part in ("w", "b")
) | {f"conv{index}_taps" for index in range(len(DILATIONS))}
"""Names of the network's weights."""
_CANDIDATES: Final = 2
CANDIDATE_NAMES: Final[tuple[str, ...]] = (
    "headline_score",
    *(
        f"candidate_{rank}_{name}"
        for rank in range(1, _CANDIDATES + 1)
        for name in (*SIMILARITY_NAMES, "distance", "is_it")
    ),
)
_CLIP: Final = 6.0
_PIECE: Final = 1_024
"""Blocks that a layer is applied to at a time."""
Layer = Callable[..., Any]


def network_logits(params: Params, inputs: Any, mask: Any, xp: Any) -> Any:
    """The network, written once for numpy (answers) and jax.numpy (training).

    Args:
        params: weights by name.
        inputs: shape (n, features), standardised.
        mask: shape (n, 1), 1 for a block and 0 for padding behind the page's end.
        xp: the array module.

    Returns:
        shape (n, 9).
    """
    return _logits(params, inputs @ params["in_w"], mask, _AtOnce(xp))


def _logits(params: Params, hidden: Any, mask: Any, rows: _AtOnce | _InPieces) -> Any:
    """The network from its inputs times ``in_w``."""
    xp = rows.xp
    hidden = rows.apply(lambda h, m: xp.maximum(h + params["in_b"], 0) * m, hidden, mask)
    mean = hidden.sum(axis=0) / xp.maximum(mask.sum(), 1)
    page = xp.concatenate([mean, hidden.max(axis=0)])
    page = xp.maximum(page @ params["page_w"] + params["page_b"], 0)
    hidden = rows.apply(lambda h, m: (h + page) * m, hidden, mask)
    for layer, dilation in enumerate(DILATIONS):
        convolved = partial(_convolved, params, layer, xp)
        hidden = rows.apply(convolved, hidden, mask, reach=dilation)
        if layer == _FLOW_LAYER:
            total = rows.total(partial(_gate, params, xp), hidden, mask)
            flow = partial(_flow, params, xp, total)
            hidden = rows.scan(flow, xp.zeros_like(total), hidden, mask)
    return hidden @ params["out_w"] + params["out_b"]


def _convolved(params: Params, layer: int, xp: Any, hidden: Any, mask: Any) -> Any:
    count = hidden.shape[0]
    step = min(DILATIONS[layer], count)
    edge = xp.zeros((step, hidden.shape[1]), dtype=hidden.dtype)
    before = xp.concatenate([edge, hidden[: count - step]])
    after = xp.concatenate([hidden[step:], edge])
    taps = params[f"conv{layer}_taps"]
    around = before * taps[0] + hidden * taps[1] + after * taps[2]
    new = around @ params[f"conv{layer}_w"] + params[f"conv{layer}_b"]
    return (hidden + xp.maximum(new, 0)) * mask


def _gate(params: Params, xp: Any, hidden: Any, mask: Any) -> Any:
    """What each block adds to the flow, and in the last column that it is one."""
    gate = xp.maximum(hidden @ params["flow_in_w"] + params["flow_in_b"], 0) * mask
    return xp.concatenate([gate, mask], axis=1)


def _flow(  # noqa: PLR0917 - the first three are bound, the others a layer's
    params: Params, xp: Any, total: Any, before: Any, hidden: Any, mask: Any
) -> tuple[Any, Any]:
    """Add what came before each block and what comes after it, as means over the page's two parts.

    A comment far down a thread sees that a comment form came before it.

    Args:
        total: shape (1, flow), sum of ``_gate`` over the page.
        before: shape (1, flow), the sum of what stands before these rows.

    Returns:
        the rows, and the sum up to the last of them.
    """
    gate = xp.concatenate([before, _gate(params, xp, hidden, mask)])
    sums = xp.cumsum(gate, axis=0)[1:]
    rest = total - sums
    behind = sums[:, :-1] / xp.maximum(sums[:, -1:], 1)
    ahead = rest[:, :-1] / xp.maximum(rest[:, -1:], 1)
    around = xp.concatenate([behind, ahead], axis=1)
    flow = xp.maximum(around @ params["flow_out_w"] + params["flow_out_b"], 0)
    return (hidden + flow) * mask, sums[-1:]


@dataclass(frozen=True, slots=True)
class _AtOnce:
    """Layers are applied to all blocks at once."""

    xp: Any

    def apply(self, layer: Layer, hidden: Any, mask: Any, reach: int = 0) -> Any:  # noqa: ARG002 - as below
        """The layer's rows."""
        return layer(hidden, mask)

    def total(self, layer: Layer, hidden: Any, mask: Any) -> Any:
        """The sum of the layer's rows."""
        return self.xp.cumsum(layer(hidden, mask), axis=0)[-1:]

    def scan(self, layer: Layer, before: Any, hidden: Any, mask: Any) -> Any:
        """The rows of a layer that also takes and gives what came before."""
        return layer(before, hidden, mask)[0]


class _InPieces:
    """Layers are applied to some blocks at a time and in place: on a page of a hundred thousand
    blocks, what a layer needs in between would take many times the memory of its result."""

    xp = np

    def apply(
        self, layer: Layer, hidden: FloatArray, mask: FloatArray, reach: int = 0
    ) -> FloatArray:
        """The layer's rows.

        Args:
            reach: how many rows before and behind a row the layer looks at.
        """
        count = len(hidden)
        kept = hidden[:0]
        for start in range(0, count, _PIECE):
            end = min(start + _PIECE, count)
            low, high = max(start - reach, 0), min(end + reach, count)
            # The rows before this piece have been overwritten by now.
            window = np.concatenate([kept, hidden[start:high]])
            hidden[start:end] = layer(window, mask[low:high])[start - low : end - low]
            kept = window[max(end - reach, low) - low : end - low]
        return hidden

    def total(self, layer: Layer, hidden: FloatArray, mask: FloatArray) -> FloatArray:
        """Shape (1, k): the sum of the layer's rows, added up in their order."""
        sums: list[FloatArray] = []
        for start in range(0, len(hidden), _PIECE):
            here = slice(start, start + _PIECE)
            piece = np.concatenate([*sums, layer(hidden[here], mask[here])])
            sums = [piece.sum(axis=0, keepdims=True)]
        return sums[0]

    def scan(
        self, layer: Layer, before: FloatArray, hidden: FloatArray, mask: FloatArray
    ) -> FloatArray:
        """The rows of a layer that also takes and gives what came before."""
        for start in range(0, len(hidden), _PIECE):
            here = slice(start, start + _PIECE)
            hidden[here], before = layer(before, hidden[here], mask[here])
        return hidden


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A trained network with its standardisation.

    Attributes:
        params: weights by name, float32.
        mean, scale: shape (features,), of the training data.
    """

    params: Params
    mean: FloatArray
    scale: FloatArray

    def standardised(self, features: FloatArray) -> FloatArray:
        """Shape as ``features``, clipped so that an outlier stays an input it has seen."""
        return _standardised(features, self.mean, self.scale)

    def projected(
        self, features: FloatArray, first: int, runs: Sequence[tuple[int, int]] = ()
    ) -> FloatArray:
        """Shape (n, width): what some columns, standardised, add to the first layer.

        Args:
            features: shape (n, k), the columns from ``first`` on.
            runs: see ``_product``.
        """
        here = slice(first, first + features.shape[1])
        standard = _standardised(features, self.mean[here], self.scale[here])
        return _product(standard, self.params["in_w"][here], runs)

    def probabilities(self, features: FloatArray) -> FloatArray:
        """Shape (n, 9), rows sum to 1."""
        return self.finished(self.projected(features, 0))

    def finished(self, hidden: FloatArray) -> FloatArray:
        """Shape (n, 9), rows sum to 1.

        Args:
            hidden: shape (n, width), the sum of what all columns add; it is overwritten.
        """
        mask = np.ones((len(hidden), 1), dtype=np.float32)
        return softmax(_logits(self.params, hidden, mask, _InPieces()))

    def rescaled(self, factor: float) -> Network:
        """The network with its logits times ``factor``."""
        params = dict(self.params)
        for name in ("out_w", "out_b"):
            params[name] = (params[name] * factor).astype(np.float32)
        return Network(params, self.mean, self.scale)


@dataclass(frozen=True, slots=True, eq=False)
class HeadlineScorer:
    """Logistic regression: how likely each block is the page's headline."""

    mean: FloatArray
    scale: FloatArray
    weights: FloatArray
    bias: float

    def scores(self, features: FloatArray, runs: Sequence[tuple[int, int]] = ()) -> FloatArray:
        """Shape (n,), log odds; for ``runs`` see ``_product``."""
        standard = _standardised(features, self.mean, self.scale)
        result: FloatArray = _product(standard, self.weights, runs) + self.bias
        return result


@dataclass(frozen=True, slots=True, eq=False)
class BlockClassifier:
    """All that is learned for one kind of input.

    Attributes:
        text_table: scores of text tokens.
        structure_table: scores of markup tokens; ``None`` for raw text.
        headline: scores of headline candidates.
        network: features to probabilities.
        correction: what a user's labels add; ``None`` in a model that was not adapted.
        memory: what a profile of the page's site adds, where there is one; see ``Segmenter``.
    """

    text_table: WeightTable
    structure_table: WeightTable | None
    headline: HeadlineScorer
    network: Network
    correction: Correction | None = None
    memory: SiteMemory | None = None

    def probabilities(self, page: PageFeatures) -> FloatArray:
        """Shape (n, 9): the calibrated probability of each label for each block.

        Several pages give what each gives alone, bit by bit; with a correction it is one page.
        """
        if self.correction is None:
            hidden = self._first_layer(page)
            runs = page.runs(0, len(page))
            return np.concatenate([self.network.finished(hidden[low:high]) for low, high in runs])
        features = self.features(page)
        found = self.network.probabilities(features)
        return self.correction.applied(found, page, self.network.standardised(features))

    def _first_layer(self, page: PageFeatures) -> FloatArray:
        """Shape (n, width): what all columns add to the network's first layer.

        The features never stand in memory for the whole of a long page.
        """
        hidden = np.empty((len(page), self.network.params["in_w"].shape[1]), dtype=np.float32)
        headline = np.empty(len(page), dtype=np.float32)
        first = 0
        for start, end, rows in self._scored(page):
            runs = page.runs(start, end)
            hidden[start:end] = self.network.projected(rows, 0, runs)
            headline[start:end] = self.headline.scores(rows, runs)
            first = rows.shape[1]
        for start, end, rows in _candidate_rows(page, headline):
            hidden[start:end] += self.network.projected(rows, first, page.runs(start, end))
        return hidden

    def features(self, page: PageFeatures) -> FloatArray:
        """Shape (n, features): measured, scored and compared with the headline candidates."""
        rows = np.concatenate([rows for _, _, rows in self._scored(page)])
        return np.concatenate([rows, candidate_features(page, self.headline.scores(rows))], axis=1)

    def _scored(self, page: PageFeatures) -> Iterator[tuple[int, int, FloatArray]]:
        """The rows of each piece of a page, measured and scored."""
        markup = None
        if self.structure_table is not None and page.structure_tokens is not None:
            markup = page.structure_tokens.scorer(self.structure_table)
        for start, end in page.pieces():
            words = page.words.of_blocks(start, end)
            columns = [page.rows(start, end), text_scores(words, self.text_table)]
            if markup is not None:
                columns.append(markup.scores(start, end))
            yield start, end, np.concatenate(columns, axis=1)


def candidate_features(page: PageFeatures, scores: FloatArray) -> FloatArray:
    """Shape (n, len(CANDIDATE_NAMES)): how blocks repeat the likeliest headlines.

    Distances are in blocks, signed logs.
    """
    return np.concatenate([rows for _, _, rows in _candidate_rows(page, scores)])


def _candidate_rows(
    page: PageFeatures, scores: FloatArray
) -> Iterator[tuple[int, int, FloatArray]]:
    """The candidate features of each piece of a page."""
    words, pages = page.words, page.pages
    usable = np.where(words.counts > 0, scores, -np.inf)
    candidates = np.empty((_CANDIDATES, len(pages)), dtype=np.int64)
    for place, (low, high) in enumerate(pairwise(pages.first.tolist())):
        ranked = np.argsort(-usable[low:high], kind="stable")[:_CANDIDATES]
        candidates[:, place] = low + ranked[-1]
        candidates[: len(ranked), place] = low + ranked
    lines = [Lines.of(words, blocks) for blocks in candidates]
    for start, end in page.pieces():
        columns: list[Column] = [np.clip(scores[start:end], -10, 10)]
        here, index = words.of_blocks(start, end), np.arange(start, end)
        number = pages.of_block[start:end]
        for blocks, line in zip(candidates, lines, strict=True):
            distance = index - blocks.take(number)
            columns += [
                *similarity_columns(here, line, number),
                np.sign(distance) * np.log1p(np.abs(distance)),
                distance == 0,
            ]
        yield start, end, stacked(columns, end - start)


def _product(left: FloatArray, right: FloatArray, runs: Sequence[tuple[int, int]]) -> FloatArray:
    """``left @ right``, run by run of the rows if any are given: the last bits of a row's product
    depend on how many rows are multiplied together, but may not depend on other pages."""
    if len(runs) < 2:
        whole: FloatArray = left @ right
        return whole
    return np.concatenate([left[low:high] @ right for low, high in runs])


def _standardised(features: FloatArray, mean: FloatArray, scale: FloatArray) -> FloatArray:
    result: FloatArray = features - mean
    result *= 1.0 / scale
    return np.clip(result, -_CLIP, _CLIP, out=result)


def softmax(logits: FloatArray) -> FloatArray:
    """Rows of shape (n, k) to probabilities."""
    exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: FloatArray = exponent / exponent.sum(axis=1, keepdims=True)
    return result
