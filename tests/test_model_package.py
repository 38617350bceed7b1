"""Model directories: round trip, and every way in which one can be wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segmenter.classifier import CANDIDATE_NAMES, BlockClassifier, HeadlineScorer
from segmenter.errors import ModelError
from segmenter.features import page_features
from segmenter.features.vocabulary import BITS, WeightTable
from segmenter.html import split_html
from segmenter.model_package import feature_names, load_model, read_manifest, verify, write_model
from segmenter.network import DILATIONS, Network
from segmenter.text import split_text
from segmenter.types import LABELS, FloatArray, InputKind

HIDDEN = 4
DESCRIBE: dict[str, Any] = {
    "name": "tiny",
    "version": "7",
    "created": "2024-01-01",
    "corpora": {},
    "split": "none",
    "seed": 0,
    "metrics": {},
}


def tiny_classifier(kind: InputKind) -> BlockClassifier:
    rng = np.random.default_rng(3)

    def floats(*shape: int) -> FloatArray:
        return rng.normal(size=shape).astype(np.float32)

    def table() -> WeightTable:
        weights = np.zeros((1 << BITS, 10), dtype=np.int8)
        weights[::97] = 5
        return WeightTable(weights, np.ones(10, np.float32), np.zeros(10, np.float32))

    width = len(feature_names()[kind])
    headline = width - len(CANDIDATE_NAMES)
    params = {
        "in_w": floats(width, HIDDEN),
        "in_b": floats(HIDDEN),
        "page_w": floats(2 * HIDDEN, HIDDEN),
        "page_b": floats(HIDDEN),
        "flow_in_w": floats(HIDDEN, HIDDEN // 2),
        "flow_in_b": floats(HIDDEN // 2),
        "flow_out_w": floats(HIDDEN, HIDDEN),
        "flow_out_b": floats(HIDDEN),
        "out_w": floats(HIDDEN, len(LABELS)),
        "out_b": floats(len(LABELS)),
    }
    for layer in range(len(DILATIONS)):
        params[f"conv{layer}_taps"] = floats(3, HIDDEN)
        params[f"conv{layer}_w"] = floats(HIDDEN, HIDDEN)
        params[f"conv{layer}_b"] = floats(HIDDEN)
    return BlockClassifier(
        text_table=table(),
        structure_table=table() if kind == "html" else None,
        headline=HeadlineScorer(
            np.zeros(headline, np.float32), np.ones(headline, np.float32), floats(headline), 0.5
        ),
        network=Network(params, np.zeros(width, np.float32), np.ones(width, np.float32)),
    )


@pytest.fixture(scope="module")
def classifiers() -> dict[InputKind, BlockClassifier]:
    return {"text": tiny_classifier("text"), "html": tiny_classifier("html")}


@pytest.fixture
def directory(tmp_path: Path, classifiers: dict[InputKind, BlockClassifier]) -> Path:
    path = tmp_path / "tiny"
    write_model(path, classifiers, DESCRIBE, "# Tiny\n")
    return path


def change_manifest(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    file = path / "manifest.json"
    row = json.loads(file.read_text("utf-8"))
    change(row)
    file.write_text(json.dumps(row), "utf-8")


def test_round_trip(directory: Path, classifiers: dict[InputKind, BlockClassifier]) -> None:
    assert verify(directory).name == "tiny"
    model = load_model(directory)
    assert (model.id.name, model.id.version) == ("tiny", "7")
    pages = {"text": split_text("A title\nSome text."), "html": split_html("<h1>A<p>Some text.")}
    for kind, page in pages.items():
        features = page_features(page)
        expected = classifiers[kind].probabilities(features)  # type: ignore[index]
        found = model.classifiers[kind].probabilities(features)  # type: ignore[index]
        assert np.array_equal(expected, found)
        assert found.sum(axis=1) == pytest.approx(1)


def test_one_altered_byte(directory: Path) -> None:
    file = directory / "text.npz"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    for read in (verify, load_model):
        with pytest.raises(ModelError, match=r"text\.npz was altered.*restore"):
            read(directory)


@pytest.mark.parametrize("name", ["text.npz", "html.npz", "manifest.json"])
def test_missing_file(directory: Path, name: str) -> None:
    (directory / name).unlink()
    with pytest.raises(ModelError, match=f"{name}.*can't be read"):
        load_model(directory)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda row: row.update(format_version=99), "format version 99 where 1 is accepted"),
        (lambda row: row.pop("format_version"), "format version None"),
        (lambda row: row["labels"].reverse(), "other labels.*train it again"),
        (lambda row: row["feature_names"]["text"].pop(), "other features.*train it again"),
        (lambda row: row["libraries"].update(numpy="1.26.4"), r"numpy==1\.\*"),
        (lambda row: row.pop("seed"), "malformed manifest"),
        (lambda row: row.update(extra=1), "malformed manifest"),
        (lambda row: row["files"].pop("html.npz"), r"has no html\.npz"),
    ],
)
def test_manifest_of_another_kind(
    directory: Path, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    change_manifest(directory, change)
    with pytest.raises(ModelError, match=message):
        load_model(directory)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\ud800".encode("utf-8", "surrogatepass")])
def test_manifest_that_is_no_manifest(directory: Path, text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    (directory / "manifest.json").write_bytes(data)
    with pytest.raises(ModelError, match=r"manifest\.json"):
        read_manifest(directory)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/../../b"])
def test_file_names_outside_the_directory(directory: Path, name: str) -> None:
    change_manifest(directory, lambda row: row["files"].update({name: "0" * 64}))
    with pytest.raises(ModelError, match="not a file name"):
        verify(directory)


def test_truncated_weights_with_a_right_hash(directory: Path) -> None:
    data = (directory / "text.npz").read_bytes()[:-200]
    (directory / "text.npz").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    change_manifest(directory, lambda row: row["files"].update({"text.npz": digest}))
    with pytest.raises(ModelError, match=r"text\.npz can't be read"):
        load_model(directory)


def test_failed_write_leaves_the_old_model_whole(
    directory: Path, classifiers: dict[InputKind, BlockClassifier]
) -> None:
    before = {file.name: file.read_bytes() for file in directory.iterdir()}
    with pytest.raises(TypeError):
        write_model(directory, classifiers, {**DESCRIBE, "metrics": {"x": object()}}, "card")
    assert {file.name: file.read_bytes() for file in directory.iterdir()} == before
    assert [path.name for path in directory.parent.iterdir()] == ["tiny"]


def test_write_replaces_the_old_model(
    directory: Path, classifiers: dict[InputKind, BlockClassifier]
) -> None:
    write_model(directory, classifiers, {**DESCRIBE, "version": "8"}, "card")
    assert verify(directory).version == "8"
    assert [path.name for path in directory.parent.iterdir()] == ["tiny"]
