"""Train the network with JAX: partial labels, AdamW, a cosine schedule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from segmenter.network import DILATIONS, PARAMETERS, Network, network_outputs
from segmenter.training.batches import Example, epoch_batches, windows
from segmenter.types import LABELS, FloatArray

__all__ = ["Schedule", "fit_network"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how hard to train.

    Attributes:
        lengths: blocks to which pages are padded; each length is compiled once.
        always: blocks up to which a page is in every epoch, see ``epoch_batches``: long pages are
            few, and most of their blocks are menus, but they would take half of the time.
        whole_page: what the error about the page as a whole counts, beside that of its blocks.
    """

    hidden: int = 160
    epochs: int = 18
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    dropout: float = 0.05
    lengths: tuple[int, ...] = (48, 72, 104, 144, 200, 280, 400, 576, 800, 1024)
    always: int = 200
    whole_page: float = 0.0


def fit_network(
    examples: Iterable[Example],
    seed: int,
    schedule: Schedule,
    dropped_columns: Sequence[int],
    report: Callable[[str], None],
) -> Network:
    """Train on pages.

    The loss is the cross entropy with the target where that is a distribution, else minus the log
    of the probability of all labels that the block may have. By ``whole_page`` the summary of each
    page also learns to tell what is known of the page as a whole (Caruana 1997, "Multitask
    learning"); what it needs for that is not kept.

    Args:
        examples: the pages; they are many, and not kept in full precision.
        seed: of the weights, the order and the dropout.
        schedule: size and length.
        dropped_columns: features that are hidden on some pages, so that the network also learns
            to do without them (the vocabulary, for languages that it never saw).
        report: told of each epoch.
    """
    whole = list(examples)
    mean, scale = _standard(whole)
    bare = Network({}, mean, scale)
    for place, example in enumerate(whole):
        # Half precision is enough for numbers within six standard deviations.
        features = bare.standardised(example.features).astype(np.float16)
        whole[place] = replace(example, features=features)
    pages = [part for example in whole for part in windows(example, schedule.lengths[-1])]
    rng = np.random.default_rng(seed)
    params = _initial(len(mean), schedule.hidden, rng)
    if schedule.whole_page:
        params |= _whole_page_layer(schedule.hidden, len(pages[0].whole), rng)
    epoch_of = partial(epoch_batches, pages, schedule.lengths, schedule.always)
    batches = sum(1 for _ in epoch_of(np.random.default_rng(0)))
    steps = batches * schedule.epochs
    usual = sum(float(page.weight.sum()) for page in pages) / batches
    rate = optax.warmup_cosine_decay_schedule(0.0, schedule.learning_rate, steps // 20 + 1, steps)
    dropped = np.zeros(len(mean), dtype=bool)
    dropped[list(dropped_columns)] = True
    begin, step = _steps(schedule.weight_decay, schedule.dropout, schedule.whole_page)
    state = begin(params)
    key = jax.random.PRNGKey(seed)
    for epoch in range(schedule.epochs):
        total = 0.0
        for number, batch in enumerate(epoch_of(rng)):
            key, now = jax.random.split(key)
            speed = rate(epoch * batches + number)
            params, state, loss = step(params, state, now, speed, usual, dropped, *batch)
            total += float(loss)
        report(f"epoch {epoch + 1} of {schedule.epochs}: loss {total / batches:.4f}")
    return Network({k: np.asarray(params[k]) for k in sorted(PARAMETERS)}, mean, scale)


def _standard(examples: Sequence[Example]) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of each feature, without a copy of them all."""
    count = sum(len(example.weight) for example in examples)
    mean = sum(example.features.sum(axis=0, dtype=np.float64) for example in examples) / count
    square = sum(np.square(example.features - mean).sum(axis=0) for example in examples) / count
    scale = np.maximum(np.sqrt(square), 1e-3)
    return mean.astype(np.float32), scale.astype(np.float32)


def _initial(features: int, hidden: int, rng: np.random.Generator) -> dict[str, Any]:
    dense = partial(_dense, rng)
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


def _whole_page_layer(hidden: int, outputs: int, rng: np.random.Generator) -> dict[str, Any]:
    weights = _dense(rng, hidden, outputs, 0.3)
    return {
        "whole_w": jnp.asarray(weights),
        "whole_b": jnp.zeros(outputs, dtype=jnp.float32),
    }


def _dense(rng: np.random.Generator, rows: int, columns: int, gain: float = 1.0) -> FloatArray:
    drawn = rng.standard_normal((rows, columns)) * gain * np.sqrt(2 / rows)
    return np.asarray(drawn, dtype=np.float32)


def _whole_page_error(params: Any, summary: Any, whole: Any) -> Any:
    """Cross entropy of the page's type and of its share of body, where each is known."""
    logits = summary @ params["whole_w"] + params["whole_b"]
    of_type = -(whole[:-1] * jax.nn.log_softmax(logits[:-1])).sum()
    share, body = whole[-1], logits[-1]
    of_share = -(share * jax.nn.log_sigmoid(body) + (1 - share) * jax.nn.log_sigmoid(-body))
    return of_type + jnp.where(share >= 0, of_share, 0.0)


@cache
def _steps(
    weight_decay: float, dropout: float, whole_page: float
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """AdamW's first state of parameters, and a step; compiled once for all networks of a size."""
    optimiser = optax.chain(optax.scale_by_adam(), optax.add_decayed_weights(weight_decay))

    def page_loss(  # noqa: PLR0917 - vmap maps positions
        params: Any,
        dropped: Any,
        key: Any,
        inputs: Any,
        mask: Any,
        targets: Any,
        weight: Any,
        whole: Any,
    ) -> Any:
        hide_key, drop_key = jax.random.split(key)
        hide = jax.random.bernoulli(hide_key, 0.15)
        inputs = jnp.where(dropped & hide, 0.0, inputs)
        keep = jax.random.bernoulli(drop_key, 1 - dropout, (1, inputs.shape[1]))
        inputs = inputs * keep / (1 - dropout)
        logits, summary = network_outputs(params, inputs, mask, jnp)
        log_p = jax.nn.log_softmax(logits)
        log_allowed = jax.nn.logsumexp(jnp.where(targets > 0, log_p, -1e9), axis=1)
        cross_entropy = (targets * log_p).sum(axis=1)
        is_distribution = jnp.abs(targets.sum(axis=1) - 1) < 1e-3
        error = -(jnp.where(is_distribution, cross_entropy, log_allowed) * weight).sum()
        if whole_page:
            error += whole_page * weight.sum() * _whole_page_error(params, summary, whole)
        return error

    def loss(params: Any, usual: Any, dropped: Any, key: Any, *batch: Any) -> Any:
        keys = jax.random.split(key, len(batch[0]))
        each = jax.vmap(page_loss, in_axes=(None, None, 0, *[0] * len(batch)))
        # By the weight of the usual batch: by its own, four long pages would count for as much as
        # eighty short ones.
        return each(params, dropped, keys, *batch).sum() / usual

    @jax.jit
    def step(  # noqa: PLR0917
        params: Any, state: Any, key: Any, rate: Any, usual: Any, dropped: Any, *batch: Any
    ) -> Any:
        value, gradient = jax.value_and_grad(loss)(params, usual, dropped, key, *batch)
        updates, state = optimiser.update(gradient, state, params)
        moved = jax.tree.map(lambda value, update: value - rate * update, params, updates)
        return moved, state, value

    return optimiser.init, step
