"""Measured features to calibrated probabilities: the learned part of the segmenter.

For each block: scores of its words and markup tokens by linear models; the likeliest headlines by
a small logistic regression, and how the block repeats them; then a convolutional network over the
sequence of blocks, with dilations and a summary of the page (after Vogels et al. 2018, Web2Text,
and Leonhardt et al. 2020, BoilerNet, who showed that a block is best judged among its neighbours).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from segmenter.features import PageFeatures
from segmenter.features.repetition import SIMILARITY_NAMES, similarity_features
from segmenter.features.vocabulary import WeightTable
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
)
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
    hidden = xp.maximum(inputs @ params["in_w"] + params["in_b"], 0) * mask
    mean = hidden.sum(axis=0) / xp.maximum(mask.sum(), 1)
    page = xp.concatenate([mean, hidden.max(axis=0)])
    page = xp.maximum(page @ params["page_w"] + params["page_b"], 0)
    hidden = (hidden + page) * mask
    count = inputs.shape[0]
    for layer, dilation in enumerate(DILATIONS):
        step = min(dilation, count)
        edge = xp.zeros((step, hidden.shape[1]), dtype=hidden.dtype)
        before = xp.concatenate([edge, hidden[: count - step]])
        after = xp.concatenate([hidden[step:], edge])
        around = xp.concatenate([before, hidden, after], axis=1)
        new = around @ params[f"conv{layer}_w"] + params[f"conv{layer}_b"]
        hidden = (hidden + xp.maximum(new, 0)) * mask
        if layer == _FLOW_LAYER:
            hidden = (hidden + _flow(params, hidden, mask, xp)) * mask
    return hidden @ params["out_w"] + params["out_b"]


def _flow(params: Params, hidden: Any, mask: Any, xp: Any) -> Any:
    """What came before each block and what comes after it, as means over the page's two parts.

    A comment far down a thread sees that a comment form came before it.
    """
    gate = xp.maximum(hidden @ params["flow_in_w"] + params["flow_in_b"], 0) * mask
    before = xp.cumsum(gate, axis=0)
    total = before[-1:]
    count = xp.cumsum(mask, axis=0)
    behind = before / xp.maximum(count, 1)
    ahead = (total - before) / xp.maximum(count[-1:] - count, 1)
    around = xp.concatenate([behind, ahead], axis=1)
    return xp.maximum(around @ params["flow_out_w"] + params["flow_out_b"], 0)


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
        return np.clip((features - self.mean) * (1.0 / self.scale), -_CLIP, _CLIP)

    def probabilities(self, features: FloatArray) -> FloatArray:
        """Shape (n, 9), rows sum to 1."""
        mask = np.ones((len(features), 1), dtype=np.float32)
        return softmax(network_logits(self.params, self.standardised(features), mask, np))

    def rescaled(self, factor: float, bias: FloatArray) -> Network:
        """The network with its logits times ``factor`` plus ``bias`` (shape (9,))."""
        params = dict(self.params)
        params["out_w"] = (params["out_w"] * factor).astype(np.float32)
        params["out_b"] = (params["out_b"] * factor + bias).astype(np.float32)
        return Network(params, self.mean, self.scale)


@dataclass(frozen=True, slots=True, eq=False)
class HeadlineScorer:
    """Logistic regression: how likely each block is the page's headline."""

    mean: FloatArray
    scale: FloatArray
    weights: FloatArray
    bias: float

    def scores(self, features: FloatArray) -> FloatArray:
        """Shape (n,), log odds."""
        standard = np.clip((features - self.mean) * (1.0 / self.scale), -_CLIP, _CLIP)
        result: FloatArray = standard @ self.weights + self.bias
        return result


@dataclass(frozen=True, slots=True, eq=False)
class BlockClassifier:
    """All that is learned for one kind of input.

    Attributes:
        text_table: scores of text tokens.
        structure_table: scores of markup tokens; ``None`` for raw text.
        headline: scores of headline candidates.
        network: features to probabilities.
    """

    text_table: WeightTable
    structure_table: WeightTable | None
    headline: HeadlineScorer
    network: Network

    def probabilities(self, page: PageFeatures) -> FloatArray:
        """Shape (n, 9): the calibrated probability of each label for each block."""
        return self.network.probabilities(self.features(page))

    def features(self, page: PageFeatures) -> FloatArray:
        """Shape (n, features): measured, scored and compared with the headline candidates."""
        scored = [page.measured, self.text_table.scores(page.text_tokens)]
        if self.structure_table is not None and page.structure_tokens is not None:
            scored.append(page.structure_tokens.scores(self.structure_table))
        features = np.concatenate(scored, axis=1)
        return np.concatenate(
            [features, candidate_features(page, self.headline.scores(features))], axis=1
        )


def candidate_features(page: PageFeatures, scores: FloatArray) -> FloatArray:
    """Shape (n, len(CANDIDATE_NAMES)): how blocks repeat the likeliest headlines.

    Distances are in blocks, signed logs.
    """
    count = len(scores)
    words = page.words
    usable = np.where(words.counts > 0, scores, -np.inf)
    ranked = np.argsort(-usable, kind="stable")
    index = np.arange(count)
    columns: list[FloatArray] = [np.clip(scores, -10, 10)[:, None]]
    for rank in range(_CANDIDATES):
        candidate = int(ranked[min(rank, count - 1)])
        line = words.hashes[words.first[candidate] : words.first[candidate + 1]]
        distance = index - candidate
        columns += [
            similarity_features(words, line),
            (np.sign(distance) * np.log1p(np.abs(distance)))[:, None],
            (distance == 0)[:, None],
        ]
    return np.concatenate(columns, axis=1).astype(np.float32)


def softmax(logits: FloatArray) -> FloatArray:
    """Rows of shape (n, k) to probabilities."""
    exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: FloatArray = exponent / exponent.sum(axis=1, keepdims=True)
    return result
