"""Imports go one way, read from the source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import segmenter

ROOT = Path(__file__).parents[1]
LIBRARY = sorted((ROOT / "segmenter").rglob("*.py"))
SERVICE = sorted((ROOT / "api").rglob("*.py"))
LAYERS = (
    ("types", "errors", "extras", "durable", "palette"),
    (
        "decoding",
        "text",
        "html",
        "guards",
        "metadata",
        "language",
        "features",
        "splitting",
        "profiles",
        "correction",
        "network",
        "classifier",
        "sequence",
    ),
    ("model_package", "explanation"),
    ("segmenter",),
    ("training", "crawl", "client", "keys", "labels", "registry"),
    ("cli",),
)
LAYER = {name: level for level, names in enumerate(LAYERS) for name in names}
TRAINING_ONLY = {"jax", "optax", "rapidfuzz", "matplotlib", "scipy", "sklearn"}


def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports, at any place in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            assert node.module is not None
            if node.module == "segmenter":
                found.update(f"segmenter.{alias.name}" for alias in node.names)
            else:
                found.add(node.module)
    return found


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", LIBRARY, ids=name_of)
def test_library_imports_only_lower_layers(path: Path) -> None:
    part = path.relative_to(ROOT / "segmenter").parts[0].removesuffix(".py")
    if part == "__init__":
        return
    for name in imports(path):
        pieces = name.split(".")
        if pieces[0] == "segmenter" and len(pieces) > 1 and pieces[1] in LAYER:
            assert LAYER[pieces[1]] <= LAYER[part], f"{part} imports {name}"


@pytest.mark.parametrize("path", LIBRARY, ids=name_of)
def test_library_knows_no_service_and_keeps_heavy_packages_to_training(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path)}
    assert not roots & {"flask", "werkzeug", "api"}
    if path.parent.name != "training":
        assert not roots & TRAINING_ONLY


@pytest.mark.parametrize("path", SERVICE, ids=name_of)
def test_service_uses_what_is_public(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("segmenter"):
            module = __import__(node.module or "", fromlist=["__all__"])
            public = set(getattr(module, "__all__", ()))
            for alias in node.names:
                assert alias.name in public, f"{alias.name} is not public in {node.module}"


@pytest.mark.parametrize("path", [*LIBRARY, *SERVICE], ids=name_of)
def test_files_are_small(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 400


def test_what_is_public_exists() -> None:
    assert all(hasattr(segmenter, name) for name in segmenter.__all__)
