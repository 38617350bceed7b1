"""Adapting to a user's pages: better there, the same elsewhere."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from retraining import macro_f1, measured, records

from segmenter.classifier import BlockClassifier
from segmenter.correction import Correction
from segmenter.errors import ModelError
from segmenter.features import page_features
from segmenter.html import split_html
from segmenter.model_package import load_model, read_replay, shipped_model_path, write_model
from segmenter.training.adapt import fit_correction
from segmenter.training.replay import REPLAY_BYTES, TokenPage, pack_replay, unpack_replay
from segmenter.types import FloatArray


@pytest.fixture(scope="module")
def classifier(base: Path) -> BlockClassifier:
    return load_model(base).classifiers["html"]


@pytest.fixture(scope="module")
def replay(base: Path) -> list[TokenPage]:
    return unpack_replay(read_replay(base))["html"]


@pytest.fixture(scope="module")
def rehearsed(replay: list[TokenPage]) -> list[TokenPage]:
    return [page for page in replay if page.inputs is None]


@pytest.fixture(scope="module")
def correction(classifier: BlockClassifier, rehearsed: list[TokenPage]) -> Correction:
    return fit_correction(measured(records(count=5), classifier), rehearsed, lambda: None)


def before(pages: Sequence[TokenPage]) -> list[FloatArray]:
    return [np.exp(page.log_p) for page in pages]


def after(correction: Correction, pages: Sequence[TokenPage]) -> list[FloatArray]:
    return [
        correction.applied_to_tokens(page.log_p, page.text, page.structure, page.inputs)
        for page in pages
        if page.inputs is not None
    ]


def test_five_pages_take_away_two_fifths_of_a_sites_error(
    classifier: BlockClassifier, correction: Correction
) -> None:
    others = measured(records(count=8, first=20), classifier)
    had = 1 - macro_f1(others, before(others))
    has = 1 - macro_f1(others, after(correction, others))
    assert had > 0.2
    assert has < 0.6 * had


def test_pages_of_other_sites_keep_their_labels(
    correction: Correction, replay: list[TokenPage]
) -> None:
    held_back = [page for page in replay if page.inputs is not None]
    assert len(held_back) >= 8
    had = macro_f1(held_back, before(held_back))
    assert macro_f1(held_back, after(correction, held_back)) > had - 0.01


def test_a_page_without_the_users_tokens_keeps_its_probabilities(
    classifier: BlockClassifier, correction: Correction
) -> None:
    page = page_features(split_html("<section><q>ゆき</q></section>"))
    plain = replace(correction, structure=None)
    found = replace(classifier, correction=plain).probabilities(page)
    assert found == pytest.approx(classifier.probabilities(page), abs=1e-6)


def test_a_page_and_its_tokens_give_the_same(
    classifier: BlockClassifier, correction: Correction
) -> None:
    record = records(count=1, first=30)[0]
    features = page_features(split_html(record.content))
    (page,) = measured([record], classifier)
    whole = replace(classifier, correction=correction).probabilities(features)
    assert whole == pytest.approx(after(correction, [page])[0], abs=1e-5)


def test_the_same_pages_give_the_same_correction(
    classifier: BlockClassifier, rehearsed: list[TokenPage], correction: Correction
) -> None:
    again = fit_correction(measured(records(count=5), classifier), rehearsed, lambda: None)
    assert np.array_equal(again.text.weights, correction.text.weights)
    assert np.array_equal(again.context, correction.context)


def test_one_page_is_enough_to_fit(classifier: BlockClassifier, rehearsed: list[TokenPage]) -> None:
    """Nothing is familiar by one page; the tokens alone help."""
    fitted = fit_correction(measured(records(count=1), classifier), rehearsed, lambda: None)
    others = measured(records(count=4, first=20), classifier)
    assert not fitted.context.any()
    assert macro_f1(others, after(fitted, others)) > macro_f1(others, before(others))


def test_a_tick_ends_the_fit(classifier: BlockClassifier, rehearsed: list[TokenPage]) -> None:
    def tick() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_correction(measured(records(count=2), classifier), rehearsed, tick)


def test_a_model_with_a_correction_comes_back_as_it_was(
    tmp_path: Path, base: Path, correction: Correction
) -> None:
    model = load_model(base)
    adapted = dict(model.classifiers)
    adapted["html"] = replace(adapted["html"], correction=correction)
    describe = {"name": "a", "version": "1", "created": "", "corpora": {}, "split": "", "seed": 0}
    write_model(tmp_path / "m", adapted, {**describe, "metrics": {}}, "")
    page = page_features(split_html(records(count=1)[0].content))
    back = load_model(tmp_path / "m").classifiers
    assert np.array_equal(back["html"].probabilities(page), adapted["html"].probabilities(page))
    assert back["text"].correction is None


def test_the_replay_comes_back_and_has_no_order_of_words(classifier: BlockClassifier) -> None:
    pages = measured(records(count=3), classifier)
    back = unpack_replay(pack_replay({"html": pages}))["html"]
    for page, other in zip(pages, back, strict=True):
        assert np.array_equal(page.allowed, other.allowed)
        assert np.array_equal(page.words, other.words)
        assert page.inputs is not None
        assert other.inputs is not None
        assert other.inputs == pytest.approx(page.inputs, abs=0.03)
        assert other.log_p == pytest.approx(np.maximum(page.log_p, -20), abs=0.02)
        for row in range(page.text.rows):
            mine = other.text.index[other.text.row == row]
            assert np.array_equal(mine, np.sort(page.text.index[page.text.row == row]))


def test_the_same_replay_has_the_same_bytes(classifier: BlockClassifier) -> None:
    pages = measured(records(count=2), classifier)
    assert pack_replay({"html": pages}) == pack_replay({"html": pages})
    assert len(pack_replay({"html": pages})) < REPLAY_BYTES


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"x" * 99])
def test_what_is_no_replay_is_refused(damage: bytes) -> None:
    with pytest.raises(ModelError):
        unpack_replay(damage)


def test_arrays_that_hold_objects_are_not_unpickled() -> None:
    file = io.BytesIO()
    arrays: dict[str, Any] = {"html.rows": np.array([{}], dtype=object)}
    np.savez(file, **arrays)
    with pytest.raises(ModelError):
        unpack_replay(file.getvalue())


def test_a_model_without_replay_says_that_it_is_no_base(tmp_path: Path) -> None:
    model = load_model(shipped_model_path())
    describe = {"name": "a", "version": "1", "created": "", "corpora": {}, "split": "", "seed": 0}
    write_model(tmp_path / "m", model.classifiers, {**describe, "metrics": {}}, "")
    with pytest.raises(ModelError, match="can't be retrained"):
        read_replay(tmp_path / "m")
