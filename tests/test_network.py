"""The network as it is trained, on padded rows all at once, answers as it does in use."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmenter.model_package import load_model, shipped_model_path
from segmenter.network import Network, network_outputs, softmax


@pytest.fixture(scope="module", name="network")
def _network() -> Network:
    return load_model(shipped_model_path()).classifiers["text"].network


@settings(max_examples=20, deadline=None)
@given(st.one_of(st.integers(1, 40), st.integers(1_015, 1_040)), st.integers(0, 60))
def test_trained_and_used_alike(network: Network, blocks: int, padding: int) -> None:
    rng = np.random.default_rng(blocks)
    width = len(network.mean)
    features = rng.standard_normal((blocks, width)).astype(np.float32) * 2
    standard = network.standardised(features)
    rows = np.concatenate([standard, np.zeros((padding, width), dtype=np.float32)])
    mask = np.zeros((blocks + padding, 1), dtype=np.float32)
    mask[:blocks] = 1
    logits, _ = network_outputs(network.params, rows, mask, np)
    trained = softmax(logits[:blocks])
    # The sums of a page are rounded otherwise: what is left of them behind its last blocks differs.
    assert np.abs(trained - network.probabilities(features)).max() < 5e-3
