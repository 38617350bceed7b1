"""Model versions: added, promoted, rolled back, pruned; altered ones refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from retraining import ROOT

from segmenter.errors import ModelError
from segmenter.model_package import load_model, read_manifest
from segmenter.registry.seal import SEAL, read_key
from segmenter.registry.versions import Registry

KEY = b"k" * 32
DESCRIBE = {"name": "default", "created": "", "corpora": {}, "split": "", "seed": 0, "metrics": {}}


def add(registry: Registry) -> str:
    classifiers = load_model(registry.base).classifiers
    return registry.add(classifiers, DESCRIBE, lambda name: f"# {name}\n").name


@pytest.fixture
def registry(tmp_path: Path, base: Path) -> Registry:
    return Registry(tmp_path / "models", base)


def test_the_base_is_active_until_something_is_promoted(registry: Registry, base: Path) -> None:
    name = read_manifest(base).version
    assert registry.active().version == name
    assert [(v.name, v.states) for v in registry.versions()] == [(name, ("base", "active"))]
    assert not (base.parent / "models").exists()
    with pytest.raises(ModelError, match="no version before"):
        registry.rollback("x")


def test_promote_and_back(registry: Registry) -> None:
    origin = registry.active().version
    first, second = add(registry), add(registry)
    assert (first, second) == (f"{origin}-r1", f"{origin}-r2")
    stamp = registry.stamp()
    registry.promote(first, "better")
    registry.promote(second, "better still")
    assert registry.stamp() != stamp
    assert registry.active().previous == (origin, first)
    assert registry.active().reason == "better still"
    states = {version.name: version.states for version in registry.versions()}
    assert states == {origin: ("base",), first: ("previous",), second: ("active",)}
    assert registry.load(second).id.version == second
    assert registry.rollback("worse").version == first
    assert registry.rollback("worse").version == origin
    with pytest.raises(ModelError, match="no version before"):
        registry.rollback("worse")


def test_what_can_not_be_promoted(registry: Registry) -> None:
    name = add(registry)
    registry.promote(name, "x")
    with pytest.raises(ModelError, match="active already"):
        registry.promote(name, "x")
    for bad in ("none", "", "..", "../models", ".new-x", "a/b", "a" * 200):
        with pytest.raises(ModelError, match="no model version"):
            registry.promote(bad, "x")


def test_prune_keeps_what_is_needed(registry: Registry) -> None:
    names = [add(registry) for _ in range(5)]
    registry.promote(names[0], "x")
    registry.promote(names[1], "x")
    assert registry.prune(1) == names[2:4]
    assert [version.name for version in registry.versions()][1:] == [*names[:2], names[4]]
    assert registry.rollback("x").version == names[0]
    assert add(registry) == names[4][:-1] + "6"  # a name is never used twice


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("file", ["html.npz", "text.npz", "manifest.json", SEAL])
@pytest.mark.parametrize("place", [0, 1_000_003])
def test_one_altered_byte_is_refused(registry: Registry, file: str, place: int) -> None:
    name = add(registry)
    flip(registry.path(name) / file, place)
    for use in (registry.load, lambda n: registry.promote(n, "x")):
        with pytest.raises(ModelError):
            use(name)
    assert registry.active().version != name


def test_a_manifest_that_says_less_is_refused(registry: Registry) -> None:
    name = add(registry)
    path = registry.path(name) / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["seed"] = 1
    path.write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(ModelError, match="altered"):
        registry.load(name)


def test_with_a_key_only_what_it_signed_is_loaded(tmp_path: Path, base: Path) -> None:
    root = tmp_path / "models"
    unsigned, signed = add(Registry(root, base)), add(Registry(root, base, key=KEY))
    registry = Registry(root, base, key=KEY)
    assert registry.load(signed).id.version == signed
    assert Registry(root, base).load(signed).id.version == signed
    with pytest.raises(ModelError, match="no valid signature"):
        registry.promote(unsigned, "x")
    with pytest.raises(ModelError, match="no valid signature"):
        Registry(root, base, key=b"o" * 32).load(signed)


def test_a_key_that_is_too_short(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret\n")
    with pytest.raises(ModelError, match="at least 32"):
        read_key(tmp_path / "key")
    with pytest.raises(ModelError, match="can't be read"):
        read_key(tmp_path / "none")


def test_a_malformed_pointer_is_said(registry: Registry) -> None:
    registry.promote(add(registry), "x")
    pointer = registry.path(registry.active().version).parents[1] / "active.json"
    pointer.write_text("{", "utf-8")
    with pytest.raises(ModelError, match="malformed"):
        registry.active()


SWITCHING = """
import sys
from pathlib import Path
from segmenter.registry.versions import Registry
registry = Registry(Path(sys.argv[1]), Path(sys.argv[2]))
print("ready", flush=True)
while True:
    registry.promote(sys.argv[3], "x")
    registry.rollback("x")
"""


def test_killed_while_switching_nothing_half_is_seen(registry: Registry, tmp_path: Path) -> None:
    name = add(registry)
    known = {name, registry.active().version}
    for delay in (0.0, 0.003, 0.011, 0.02, 0.037):
        process = subprocess.Popen(
            [sys.executable, "-c", SWITCHING, str(tmp_path / "models"), str(registry.base), name],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()
        deadline = time.monotonic() + 0.05 + delay
        while time.monotonic() < deadline:
            assert registry.active().version in known
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert registry.load(registry.active().version).id.version in known


def test_what_a_killed_process_left_is_no_version_and_goes(registry: Registry) -> None:
    folder = registry.path(add(registry)).parent
    (folder / ".new-x").mkdir()
    assert len(registry.versions()) == 2
    add(registry)
    assert not (folder / ".new-x").exists()


def test_a_version_that_this_program_can_not_use_is_listed(registry: Registry) -> None:
    name = add(registry)
    rewrite(registry.path(name) / "manifest.json", lambda m: m | {"format_version": 99})
    (version,) = [v for v in registry.versions() if v.name == name]
    assert version.manifest is None
    assert "99" in str(version.fault)


def rewrite(path: Path, change: Callable[[dict[str, object]], dict[str, object]]) -> None:
    path.write_text(json.dumps(change(json.loads(path.read_text("utf-8")))), "utf-8")
