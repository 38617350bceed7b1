"""A model directory: written aside and renamed, verified before it is read.

A directory holds ``manifest.json``, one weights file for each kind of input, and ``README.md``.
The weights are plain numpy arrays (``.npz``, no pickle): loading one can't run code.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np

from segmenter.classifier import CANDIDATE_NAMES, BlockClassifier, HeadlineScorer
from segmenter.correction import Correction
from segmenter.durable import sync
from segmenter.errors import ModelError
from segmenter.features import MEASURED_NAMES
from segmenter.features.vocabulary import BITS, WeightTable
from segmenter.network import PARAMETERS, Network
from segmenter.profiles.memory import MEMORY_NAMES, SiteMemory
from segmenter.types import LABELS, InputKind, ModelId

__all__ = [
    "FORMAT_VERSION",
    "REPLAY",
    "Manifest",
    "Model",
    "feature_names",
    "list_models",
    "load_model",
    "read_manifest",
    "read_replay",
    "shipped_model_path",
    "verify",
    "write_model",
]

FORMAT_VERSION: Final = 1
REPLAY: Final = "replay.npz"
_INPUTS: Final[tuple[InputKind, ...]] = ("text", "html")
_MANIFEST: Final = "manifest.json"
_UNREADABLE: Final = (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error)
_ADVICE: Final = "install the segmenter version that it was made with, or train it again"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model directory says of itself.

    Attributes:
        files: SHA-256 of each file beside the manifest that loading reads.
        corpora: SHA-256 of each file that the model was trained on.
        split: how held-out pages were kept apart.
        metrics: the figures of the evaluation, on pages the scored model had not seen.
    """

    format_version: int
    name: str
    version: str
    created: str
    labels: tuple[str, ...]
    feature_names: Mapping[str, tuple[str, ...]]
    libraries: Mapping[str, str]
    files: Mapping[str, str]
    corpora: Mapping[str, str]
    split: str
    seed: int
    metrics: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """As it is written to ``manifest.json``."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A loaded model: one classifier for each kind of input."""

    id: ModelId
    classifiers: Mapping[InputKind, BlockClassifier]


def feature_names() -> dict[str, tuple[str, ...]]:
    """Names of the columns that each network takes, in order."""
    from_table = (*LABELS, "main_text")
    words = tuple(f"words_{name}" for name in from_table)
    markup = tuple(f"markup_{name}" for name in from_table)
    return {
        "text": (*MEASURED_NAMES["text"], *words, *CANDIDATE_NAMES),
        "html": (*MEASURED_NAMES["html"], *words, *markup, *CANDIDATE_NAMES),
    }


def shipped_model_path() -> Path:
    """The model that comes with the package: inside it when installed, else the checkout's.

    Raises:
        ModelError: there is none at either place.
    """
    here = Path(__file__).resolve().parent
    places = (here / "_models" / "default", here.parent / "models" / "default")
    for place in places:
        if (place / _MANIFEST).is_file():
            return place
    raise ModelError(
        f"no shipped model: neither {places[0]} nor {places[1]} has a {_MANIFEST}; "
        "reinstall the package or run 'make train'"
    )


def list_models(root: Path) -> list[Path]:
    """The model directories right below a folder, in order of their names."""
    return sorted(path.parent for path in root.glob(f"*/{_MANIFEST}"))


def read_manifest(path: Path) -> Manifest:
    """Read a model directory's manifest, and check that this version can use the model.

    Raises:
        ModelError: missing or malformed, or made for another format, other labels or features.
    """
    file = path / _MANIFEST
    try:
        row = json.loads(file.read_bytes())
    except OSError as error:
        raise ModelError(
            f"{path} is not a model directory: {file} can't be read ({error.strerror})"
        ) from error
    except ValueError as error:
        raise ModelError(f"{file} is not JSON: {error}") from error
    found = row.get("format_version") if isinstance(row, dict) else None
    if found != FORMAT_VERSION:
        raise ModelError(
            f"{file}: format version {found!r} where {FORMAT_VERSION} is accepted; {_ADVICE}"
        )
    try:
        manifest = Manifest(
            **{
                **row,
                "labels": tuple(row["labels"]),
                "feature_names": {k: tuple(v) for k, v in row["feature_names"].items()},
            }
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{file}: malformed manifest ({error})") from error
    if manifest.labels != LABELS:
        raise ModelError(f"{file}: made for other labels ({', '.join(manifest.labels)}); {_ADVICE}")
    if manifest.feature_names != feature_names():
        raise ModelError(f"{file}: made for other features; {_ADVICE}")
    _check_libraries(file, manifest.libraries)
    return manifest


def verify(path: Path) -> Manifest:
    """Check every file of a model directory against the manifest's SHA-256.

    Raises:
        ModelError: as ``read_manifest``, or a file is missing or altered.
    """
    manifest = read_manifest(path)
    for name in manifest.files:
        _verified_bytes(path, name, manifest)
    return manifest


def read_replay(path: Path) -> bytes:
    """The bytes of a model directory's replay file, verified.

    Raises:
        ModelError: as ``verify``, or the model has none and can't be a base to retrain from.
    """
    manifest = read_manifest(path)
    if REPLAY not in manifest.files:
        raise ModelError(
            f"{path} has no {REPLAY}: a model without it can't be retrained; take the shipped model"
        )
    _verified_bytes(path, REPLAY, manifest)
    return (path / REPLAY).read_bytes()


def load_model(path: Path) -> Model:
    """Load a model directory; nothing is read into arrays before its hash is right.

    Raises:
        ModelError: as ``verify``.
    """
    manifest = read_manifest(path)
    classifiers: dict[InputKind, BlockClassifier] = {}
    for kind in _INPUTS:
        name = f"{kind}.npz"
        if name not in manifest.files:
            raise ModelError(f"{path}: the manifest has no {name}; {_ADVICE}")
        _verified_bytes(path, name, manifest)
        try:
            with np.load(path / name, allow_pickle=False) as arrays:
                classifiers[kind] = _classifier(dict(arrays))
        except _UNREADABLE as error:
            raise ModelError(f"{path / name} can't be read: {error}; {_ADVICE}") from error
    return Model(ModelId(manifest.name, manifest.version), classifiers)


def write_model(
    path: Path,
    classifiers: Mapping[InputKind, BlockClassifier],
    describe: Mapping[str, Any],
    card: str,
    replay: bytes | None = None,
) -> Manifest:
    """Write a model directory aside and put it in place whole.

    Args:
        path: where it goes; a model that stands there is replaced.
        classifiers: one for each kind of input.
        describe: the manifest's name, version, created, corpora, split, seed and metrics.
        card: text of the model card.
        replay: what retraining needs so that nothing is forgotten (see ``training.replay``).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        files: dict[str, str] = {}
        for kind, classifier in classifiers.items():
            name = f"{kind}.npz"
            np.savez_compressed(aside / name, **_arrays(classifier))
            files[name] = hashlib.sha256((aside / name).read_bytes()).hexdigest()
        if replay is not None:
            (aside / REPLAY).write_bytes(replay)
            files[REPLAY] = hashlib.sha256(replay).hexdigest()
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            labels=LABELS,
            feature_names=feature_names(),
            libraries={name: version(name) for name in ("numpy", "scikit-learn", "selectolax")},
            files=files,
            **describe,
        )
        text = json.dumps(manifest.to_dict(), indent=1, ensure_ascii=False) + "\n"
        (aside / _MANIFEST).write_text(text, "utf-8")
        (aside / "README.md").write_text(card, "utf-8")
        for file in aside.iterdir():
            sync(file)
        aside.chmod(0o755)
        _replace(aside, path)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return manifest


def _replace(aside: Path, path: Path) -> None:
    """Put a directory in another's place; the old one is there until the new one is."""
    old = path.with_name(f".{path.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if path.exists():
        path.rename(old)
    aside.rename(path)
    sync(path.parent)
    shutil.rmtree(old, ignore_errors=True)


def _check_libraries(file: Path, made_with: Mapping[str, str]) -> None:
    """Each must be of the major version that the model was made with."""
    for name, made in made_with.items():
        have = version(name)
        if have.split(".")[0] != made.split(".")[0]:
            raise ModelError(
                f"{file}: made with {name} {made}, but {have} is installed; install "
                f"{name}=={made.split('.')[0]}.* or train the model again"
            )


def _verified_bytes(path: Path, name: str, manifest: Manifest) -> None:
    if Path(name).name != name:
        raise ModelError(f"{path / _MANIFEST}: {name!r} is not a file name")
    try:
        digest = hashlib.sha256((path / name).read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"{path / name} can't be read ({error.strerror})") from error
    if digest != manifest.files[name]:
        raise ModelError(
            f"{path / name} was altered: its SHA-256 is {digest}, the manifest says "
            f"{manifest.files[name]}; restore the file or train the model again"
        )


def _arrays(classifier: BlockClassifier) -> dict[str, Any]:
    arrays: dict[str, Any] = {
        f"network.{name}": value for name, value in classifier.network.params.items()
    }
    arrays["mean"] = classifier.network.mean
    arrays["scale"] = classifier.network.scale
    headline = classifier.headline
    arrays["headline.mean"] = headline.mean
    arrays["headline.scale"] = headline.scale
    arrays["headline.weights"] = headline.weights
    arrays["headline.bias"] = np.float32(headline.bias)
    correction = classifier.correction
    tables: dict[str, WeightTable | None] = {
        "text": classifier.text_table,
        "structure": classifier.structure_table,
        "correction.text": correction.text if correction is not None else None,
        "correction.structure": correction.structure if correction is not None else None,
    }
    for name, table in tables.items():
        if table is not None:
            arrays[f"{name}.weights"] = table.weights
            arrays[f"{name}.scale"] = table.scale
            arrays[f"{name}.bias"] = table.bias
    if correction is not None:
        arrays["correction.context"] = correction.context
        arrays["correction.familiar"] = np.array([correction.strange, correction.familiar])
    if classifier.memory is not None:
        arrays["memory.weights"] = classifier.memory.weights
    return arrays


def _classifier(arrays: Mapping[str, Any]) -> BlockClassifier:
    def table(name: str) -> WeightTable:
        weights = arrays[f"{name}.weights"]
        if weights.shape[0] != 1 << BITS:
            raise ValueError(f"{name} table of {weights.shape[0]} rows")
        return WeightTable(weights, arrays[f"{name}.scale"], arrays[f"{name}.bias"])

    def optional(name: str) -> WeightTable | None:
        return table(name) if f"{name}.weights" in arrays else None

    def correction() -> Correction | None:
        words = optional("correction.text")
        if words is None:
            return None
        return Correction(
            words,
            optional("correction.structure"),
            arrays["correction.context"],
            *arrays["correction.familiar"].tolist(),
        )

    def memory() -> SiteMemory | None:
        weights = arrays.get("memory.weights")
        if weights is not None and weights.shape != (len(MEMORY_NAMES), len(LABELS)):
            raise ValueError("its site memory is of another shape")
        return None if weights is None else SiteMemory(weights)

    params = {
        name.removeprefix("network."): value
        for name, value in arrays.items()
        if name.startswith("network.")
    }
    if params.keys() != PARAMETERS:
        raise ValueError("its network is of another shape")
    return BlockClassifier(
        text_table=table("text"),
        structure_table=optional("structure"),
        headline=HeadlineScorer(
            arrays["headline.mean"],
            arrays["headline.scale"],
            arrays["headline.weights"],
            float(arrays["headline.bias"]),
        ),
        network=Network(
            params=params,
            mean=arrays["mean"],
            scale=arrays["scale"],
        ),
        correction=correction(),
        memory=memory(),
    )
