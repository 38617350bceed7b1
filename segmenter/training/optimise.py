"""Train the network with JAX: partial labels, AdamW, a cosine schedule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import optax

from segmenter.network import DILATIONS, Network, network_logits
from segmenter.types import LABELS, FloatArray

__all__ = ["Example", "Schedule", "fit_network"]

_BATCH_BLOCKS: Final = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A page's features and labels.

    Attributes:
        features: shape (n, features).
        targets: shape (n, 9), a distribution, or 1 for each label that the block may have.
        weight: shape (n,).
    """

    features: FloatArray
    targets: FloatArray
    weight: FloatArray


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how hard to train.

    Attributes:
        lengths: blocks to which pages are padded; each length is compiled once.
    """

    hidden: int = 160
    epochs: int = 18
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    dropout: float = 0.05
    lengths: tuple[int, ...] = (48, 96, 160, 256, 384, 576, 1024)


def fit_network(
    examples: Sequence[Example],
    seed: int,
    schedule: Schedule,
    dropped_columns: Sequence[int],
    report: Callable[[str], None],
) -> Network:
    """Train on pages.

    The loss is the cross entropy with the target where that is a distribution, else minus the log
    of the probability of all labels that the block may have.

    Args:
        examples: the pages.
        seed: of the weights, the order and the dropout.
        schedule: size and length.
        dropped_columns: features that are hidden on some pages, so that the network also learns
            to do without them (the vocabulary, for languages that it never saw).
        report: told of each epoch.
    """
    stacked = np.concatenate([example.features for example in examples])
    mean = stacked.mean(axis=0)
    scale = np.maximum(stacked.std(axis=0), 1e-3)
    del stacked
    bare = Network({}, mean, scale)
    pages = [
        Example(bare.standardised(e.features).astype(np.float32), e.targets, e.weight)
        for example in examples
        for e in _windows(example, schedule.lengths[-1])
    ]
    rng = np.random.default_rng(seed)
    params = _initial(len(mean), schedule.hidden, rng)
    batches = sum(1 for _ in _batches(pages, schedule.lengths, np.random.default_rng(0)))
    steps = batches * schedule.epochs
    rate = optax.warmup_cosine_decay_schedule(0.0, schedule.learning_rate, steps // 20 + 1, steps)
    dropped = np.zeros(len(mean), dtype=bool)
    dropped[list(dropped_columns)] = True
    begin, step = _steps(schedule.weight_decay, schedule.dropout)
    state = begin(params)
    key = jax.random.PRNGKey(seed)
    for epoch in range(schedule.epochs):
        total = 0.0
        for number, batch in enumerate(_batches(pages, schedule.lengths, rng)):
            key, now = jax.random.split(key)
            speed = rate(epoch * batches + number)
            params, state, loss = step(params, state, now, speed, dropped, *batch)
            total += float(loss)
        report(f"epoch {epoch + 1} of {schedule.epochs}: loss {total / batches:.4f}")
    return Network({k: np.asarray(v) for k, v in params.items()}, mean, scale)


def _initial(features: int, hidden: int, rng: np.random.Generator) -> dict[str, Any]:
    def dense(rows: int, columns: int, gain: float = 1.0) -> FloatArray:
        drawn = rng.standard_normal((rows, columns)) * gain * np.sqrt(2 / rows)
        return np.asarray(drawn, dtype=np.float32)

    params = {
        "in_w": dense(features, hidden),
        "in_b": np.zeros(hidden, dtype=np.float32),
        "page_w": dense(2 * hidden, hidden, 0.5),
        "page_b": np.zeros(hidden, dtype=np.float32),
        "out_w": dense(hidden, len(LABELS), 0.3),
        "out_b": np.zeros(len(LABELS), dtype=np.float32),
    }
    flow = hidden // 2
    params["flow_in_w"] = dense(hidden, flow)
    params["flow_in_b"] = np.zeros(flow, dtype=np.float32)
    params["flow_out_w"] = dense(2 * flow, hidden, 0.4)
    params["flow_out_b"] = np.zeros(hidden, dtype=np.float32)
    for layer in range(len(DILATIONS)):
        taps = rng.standard_normal((3, hidden)) * 0.6
        params[f"conv{layer}_taps"] = np.asarray(taps, dtype=np.float32)
        params[f"conv{layer}_w"] = dense(hidden, hidden, 0.5)
        params[f"conv{layer}_b"] = np.zeros(hidden, dtype=np.float32)
    return {name: jnp.asarray(value) for name, value in params.items()}


@cache
def _steps(weight_decay: float, dropout: float) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """AdamW's first state of parameters, and a step; compiled once for all networks of a size."""
    optimiser = optax.chain(optax.scale_by_adam(), optax.add_decayed_weights(weight_decay))

    def page_loss(  # noqa: PLR0917 - vmap maps positions
        params: Any, dropped: Any, key: Any, inputs: Any, mask: Any, targets: Any, weight: Any
    ) -> Any:
        hide_key, drop_key = jax.random.split(key)
        hide = jax.random.bernoulli(hide_key, 0.15)
        inputs = jnp.where(dropped & hide, 0.0, inputs)
        keep = jax.random.bernoulli(drop_key, 1 - dropout, (1, inputs.shape[1]))
        inputs = inputs * keep / (1 - dropout)
        logits = network_logits(params, inputs, mask, jnp)
        log_p = jax.nn.log_softmax(logits)
        log_allowed = jax.nn.logsumexp(jnp.where(targets > 0, log_p, -1e9), axis=1)
        cross_entropy = (targets * log_p).sum(axis=1)
        is_distribution = jnp.abs(targets.sum(axis=1) - 1) < 1e-3
        return -(jnp.where(is_distribution, cross_entropy, log_allowed) * weight).sum()

    def loss(  # noqa: PLR0917
        params: Any, dropped: Any, key: Any, inputs: Any, mask: Any, targets: Any, weight: Any
    ) -> Any:
        keys = jax.random.split(key, inputs.shape[0])
        each = jax.vmap(page_loss, in_axes=(None, None, 0, 0, 0, 0, 0))
        return each(params, dropped, keys, inputs, mask, targets, weight).sum() / jnp.maximum(
            weight.sum(), 1e-6
        )

    @jax.jit
    def step(params: Any, state: Any, key: Any, rate: Any, dropped: Any, *batch: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(params, dropped, key, *batch)
        updates, state = optimiser.update(gradient, state, params)
        moved = jax.tree.map(lambda value, update: value - rate * update, params, updates)
        return moved, state, value

    return optimiser.init, step


def _windows(example: Example, longest: int) -> Iterator[Example]:
    """A page longer than the longest batch row is cut into pieces of that length."""
    for start in range(0, len(example.weight), longest):
        part = slice(start, start + longest)
        yield Example(example.features[part], example.targets[part], example.weight[part])


def _batches(
    pages: Sequence[Example], lengths: Sequence[int], rng: np.random.Generator
) -> Iterator[tuple[Any, ...]]:
    """Pages of like length together, padded; few shapes, so that little is compiled."""
    buckets: dict[int, list[int]] = {length: [] for length in lengths}
    for index, page in enumerate(pages):
        buckets[next(length for length in lengths if length >= len(page.weight))].append(index)
    groups: list[tuple[int, list[int]]] = []
    for length, members in buckets.items():
        size = _BATCH_BLOCKS // length
        order = rng.permutation(members).astype(int).tolist() if members else []
        groups += [(length, order[at : at + size]) for at in range(0, len(order), size)]
    width = pages[0].features.shape[1]
    for place in rng.permutation(len(groups)):
        length, members = groups[place]
        rows = _BATCH_BLOCKS // length
        inputs = np.zeros((rows, length, width), dtype=np.float32)
        mask = np.zeros((rows, length, 1), dtype=np.float32)
        targets = np.ones((rows, length, len(LABELS)), dtype=np.float32)
        weight = np.zeros((rows, length), dtype=np.float32)
        for row, index in enumerate(members):
            page = pages[index]
            count = len(page.weight)
            inputs[row, :count] = page.features
            mask[row, :count] = 1
            targets[row, :count] = page.targets
            weight[row, :count] = page.weight
        yield inputs, mask, targets, weight
