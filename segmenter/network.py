"""The network over a page's blocks, and its answers by numpy.

A convolutional network over the sequence of blocks, with dilations and a summary of the page (after
Vogels et al. 2018, Web2Text, and Leonhardt et al. 2020, BoilerNet, who showed that a block is best
judged among its neighbours).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from segmenter.types import FloatArray

__all__ = [
    "DILATIONS",
    "PARAMETERS",
    "Network",
    "network_outputs",
    "product",
    "softmax",
    "standardised",
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
_CLIP: Final = 6.0
_PIECE: Final = 1_024
"""Blocks that a layer is applied to at a time."""
Layer = Callable[..., Any]


def network_outputs(params: Params, inputs: Any, mask: Any, xp: Any) -> tuple[Any, Any]:
    """The network, written once for numpy (answers) and jax.numpy (training).

    Args:
        params: weights by name.
        inputs: shape (n, features), standardised.
        mask: shape (n, 1), 1 for a block and 0 for padding behind the page's end.
        xp: the array module.

    Returns:
        logits, shape (n, 9), and the summary of the page, shape (width,).
    """
    return _outputs(params, inputs @ params["in_w"], mask, _AtOnce(xp))


def _outputs(params: Params, hidden: Any, mask: Any, rows: _AtOnce | _InPieces) -> tuple[Any, Any]:
    """The network from its inputs times ``in_w``."""
    xp = rows.xp
    hidden = rows.apply(
        lambda h, m: rows.masked(rows.rectified(h, params["in_b"]), m), hidden, mask
    )
    mean = hidden.sum(axis=0) / xp.maximum(mask.sum(), 1)
    page = xp.concatenate([mean, hidden.max(axis=0)])
    page = xp.maximum(page @ params["page_w"] + params["page_b"], 0)
    hidden = rows.apply(lambda h, m: rows.masked(h + page, m), hidden, mask)
    for layer, dilation in enumerate(DILATIONS):
        convolved = partial(_convolved, params, layer, rows)
        hidden = rows.apply(convolved, hidden, mask, reach=dilation)
        if layer == _FLOW_LAYER:
            total = rows.total(partial(_gate, params, rows), hidden, mask)
            flow = partial(_flow, params, rows, total)
            hidden = rows.scan(flow, xp.zeros_like(total), hidden, mask)
    return hidden @ params["out_w"] + params["out_b"], page


def _convolved(
    params: Params, layer: int, rows: _AtOnce | _InPieces, hidden: Any, mask: Any
) -> Any:
    around = rows.tapped(hidden, params[f"conv{layer}_taps"], DILATIONS[layer])
    new = rows.rectified(around @ params[f"conv{layer}_w"], params[f"conv{layer}_b"])
    return rows.masked(hidden + new, mask)


def _gate(params: Params, rows: _AtOnce | _InPieces, hidden: Any, mask: Any) -> Any:
    """What each block adds to the flow, and in the last column that it is one."""
    gate = rows.rectified(hidden @ params["flow_in_w"], params["flow_in_b"])
    return rows.xp.concatenate([rows.masked(gate, mask), mask], axis=1)


def _flow(  # noqa: PLR0917 - the first three are bound, the others a layer's
    params: Params, rows: _AtOnce | _InPieces, total: Any, before: Any, hidden: Any, mask: Any
) -> tuple[Any, Any]:
    """Add what came before each block and what comes after it, as means over the page's two parts.

    A comment far down a thread sees that a comment form came before it.

    Args:
        total: shape (1, flow), sum of ``_gate`` over the page.
        before: shape (1, flow), the sum of what stands before these rows.

    Returns:
        the rows, and the sum up to the last of them.
    """
    xp = rows.xp
    sums = rows.running(before, _gate(params, rows, hidden, mask))
    rest = total - sums
    behind = sums[:, :-1] / xp.maximum(sums[:, -1:], 1)
    ahead = rest[:, :-1] / xp.maximum(rest[:, -1:], 1)
    around = xp.concatenate([behind, ahead], axis=1)
    flow = rows.rectified(around @ params["flow_out_w"], params["flow_out_b"])
    return rows.masked(hidden + flow, mask), sums[-1:]


@dataclass(frozen=True, slots=True)
class _AtOnce:
    """Layers are applied to all blocks at once, by expressions that can be differentiated."""

    xp: Any

    def rectified(self, values: Any, bias: Any) -> Any:
        """Of rows without and with the bias, what is above 0."""
        return self.xp.maximum(values + bias, 0)

    def masked(self, values: Any, mask: Any) -> Any:
        """Noughts behind the page's end."""
        return values * mask

    def tapped(self, hidden: Any, taps: Any, dilation: int) -> Any:
        """Rows ``dilation`` before, here and behind, each channel times its three taps."""
        count = hidden.shape[0]
        step = min(dilation, count)
        padded = self.xp.pad(hidden, ((step, step), (0, 0)))
        return padded[:count] * taps[0] + hidden * taps[1] + padded[2 * step :] * taps[2]

    def apply(self, layer: Layer, hidden: Any, mask: Any, reach: int = 0) -> Any:  # noqa: ARG002 - as below
        """The layer's rows."""
        return layer(hidden, mask)

    def total(self, layer: Layer, hidden: Any, mask: Any) -> Any:
        """The sum of the layer's rows."""
        return layer(hidden, mask).sum(axis=0, keepdims=True)

    def running(self, before: Any, values: Any) -> Any:
        """The sums up to each row; as a product, because compiled cumulative sums are slow."""
        count = values.shape[0]
        return before + self.xp.tri(count, dtype=values.dtype) @ values

    def scan(self, layer: Layer, before: Any, hidden: Any, mask: Any) -> Any:
        """The rows of a layer that also takes and gives what came before."""
        return layer(before, hidden, mask)[0]


class _InPieces:
    """Layers are applied to some blocks at a time and in place: on a page of a hundred thousand
    blocks, what a layer needs in between would take many times the memory of its result.

    There is no padding.
    """

    xp = np

    def rectified(self, values: FloatArray, bias: FloatArray) -> FloatArray:
        """As ``_AtOnce`` has it; overwrites ``values``."""
        values += bias
        return np.maximum(values, 0, out=values)

    def masked(self, values: FloatArray, mask: FloatArray) -> FloatArray:  # noqa: ARG002
        """The rows as they are."""
        return values

    def tapped(self, hidden: FloatArray, taps: FloatArray, dilation: int) -> FloatArray:
        """As ``_AtOnce`` has it."""
        step = min(dilation, len(hidden))
        around: FloatArray = hidden * taps[1]
        around[step:] += hidden[: len(hidden) - step] * taps[0]
        around[: len(hidden) - step] += hidden[step:] * taps[2]
        return around

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

    def running(self, before: FloatArray, values: FloatArray) -> FloatArray:
        """The sums up to each row."""
        sums: FloatArray = np.cumsum(np.concatenate([before, values]), axis=0)
        return sums[1:]

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
        return standardised(features, self.mean, self.scale)

    def projected(
        self, features: FloatArray, first: int, runs: Sequence[tuple[int, int]] = ()
    ) -> FloatArray:
        """Shape (n, width): what some columns, standardised, add to the first layer.

        Args:
            features: shape (n, k), the columns from ``first`` on.
            runs: see ``product``.
        """
        here = slice(first, first + features.shape[1])
        standard = standardised(features, self.mean[here], self.scale[here])
        return product(standard, self.params["in_w"][here], runs)

    def probabilities(self, features: FloatArray) -> FloatArray:
        """Shape (n, 9), rows sum to 1."""
        return self.finished(self.projected(features, 0))

    def finished(self, hidden: FloatArray) -> FloatArray:
        """Shape (n, 9), rows sum to 1.

        Args:
            hidden: shape (n, width), the sum of what all columns add; it is overwritten.
        """
        mask = np.ones((len(hidden), 1), dtype=np.float32)
        logits, _ = _outputs(self.params, hidden, mask, _InPieces())
        return softmax(logits)

    def rescaled(self, factor: float) -> Network:
        """The network with its logits times ``factor``."""
        params = dict(self.params)
        for name in ("out_w", "out_b"):
            params[name] = (params[name] * factor).astype(np.float32)
        return Network(params, self.mean, self.scale)


def product(left: FloatArray, right: FloatArray, runs: Sequence[tuple[int, int]]) -> FloatArray:
    """``left @ right``, run by run of the rows if any are given: the last bits of a row's product
    depend on how many rows are multiplied together, but may not depend on other pages."""
    if len(runs) < 2:
        whole: FloatArray = left @ right
        return whole
    return np.concatenate([left[low:high] @ right for low, high in runs])


def standardised(features: FloatArray, mean: FloatArray, scale: FloatArray) -> FloatArray:
    """Shape as ``features``: in standard deviations from the mean, clipped."""
    result: FloatArray = features - mean
    result *= 1.0 / scale
    return np.clip(result, -_CLIP, _CLIP, out=result)


def softmax(logits: FloatArray) -> FloatArray:
    """Rows of shape (n, k) to probabilities."""
    exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: FloatArray = exponent / exponent.sum(axis=1, keepdims=True)
    return result
