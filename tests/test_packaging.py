"""What a user installs: the wheel and the editable checkout, each in an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest

from segmenter import Segmenter

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).resolve().parents[1]
PAGE = CHECKOUT / "seeds" / "pages" / "000_5c0e006fbbd7d074.txt"
SHIPPED = CHECKOUT / "models" / "default"
WHERE = """
import json, segmenter
from segmenter.model_package import shipped_model_path
print(json.dumps([segmenter.__file__, str(shipped_model_path())]))
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command that shall succeed, free of this process's Python settings; its output."""
    environment = {name: value for name, value in os.environ.items() if "PYTHON" not in name}
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def installed(project: Path, folder: Path, options: Sequence[str] = ()) -> Path:
    """Install a project into a new environment; its folder of commands."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    # The libraries come from the environment that runs the tests. A folder that a .pth file names
    # is searched, but the .pth files in it are not read: the project installed there stays out.
    places = {name: str(folder) for name in ("base", "platbase")}
    purelib = Path(sysconfig.get_path("purelib", "venv", places))
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (purelib / "libraries.pth").write_text("\n".join(sorted(libraries)) + "\n", "utf-8")
    commands = Path(sysconfig.get_path("scripts", "venv", places))
    pip = (sys.executable, "-m", "pip", "--python", commands / "python", "install", "--quiet")
    run(*pip, "--no-index", "--no-deps", "--ignore-installed", *options, project, cwd=folder.parent)
    return commands


def where(commands: Path, cwd: Path) -> tuple[Path, Path]:
    """The package and the model that Python finds from a working directory."""
    package, model = json.loads(run(commands / "python", "-P", "-c", WHERE, cwd=cwd))
    return Path(package).parent, Path(model)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the build reads, so that nothing else in the checkout can help it."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore"):
        shutil.copy(CHECKOUT / name, copy)
    for name in ("segmenter", "models/default", "api", "tests"):
        shutil.copytree(CHECKOUT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it is published: built from the source distribution."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, checkout, cwd=out)
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def from_wheel(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(wheel, tmp_path_factory.mktemp("wheel") / "venv")


@pytest.fixture(scope="module")
def from_checkout(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("editable") / "venv"
    return installed(checkout, folder, ["--no-build-isolation", "--editable"])


def test_wheel_holds_the_library_and_its_model_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"segmenter/py.typed", "segmenter/cli/__init__.py"} <= names
    model = {f"segmenter/_models/default/{path.name}" for path in SHIPPED.iterdir()}
    assert model == {name for name in names if name.startswith("segmenter/_models/")}
    # Top-level "api" or "tests" would clash with a user's own.
    tops = {name.split("/")[0] for name in names}
    assert sorted(top for top in tops if not top.endswith(".dist-info")) == ["segmenter"]


def test_wheel_declares_its_command_licence_and_extras(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        texts = {
            Path(name).name: archive.read(name).decode()
            for name in archive.namelist()
            if ".dist-info/" in name
        }
    assert "segmenter = segmenter.cli:main" in texts["entry_points.txt"]
    assert "MIT License" in texts["LICENSE"]
    for line in ("Requires-Python: >=3.11", "Provides-Extra: api", "Provides-Extra: train"):
        assert line in texts["METADATA"].splitlines()


def test_wheel_segments_from_a_foreign_directory(from_wheel: Path, tmp_path: Path) -> None:
    page = shutil.copy(PAGE, tmp_path)
    found = json.loads(
        run(from_wheel / "segmenter", "segment", page, "--output", "json", cwd=tmp_path)
    )
    manifest = json.loads((SHIPPED / "manifest.json").read_text("utf-8"))
    assert found["model"] == {"name": manifest["name"], "version": manifest["version"]}
    assert found == Segmenter.load(SHIPPED).segment(PAGE.read_bytes()).to_dict()


def test_wheel_in_a_checkout_keeps_to_its_own_model(from_wheel: Path, checkout: Path) -> None:
    package, model = where(from_wheel, checkout)
    assert package.is_relative_to(from_wheel.parent)
    assert model == package / "_models" / "default"
    run(from_wheel / "segmenter", "segment", PAGE, cwd=checkout)


def test_editable_install_finds_the_model_of_the_checkout(
    from_checkout: Path, checkout: Path, tmp_path: Path
) -> None:
    for cwd in (tmp_path, checkout, checkout / "models"):
        assert where(from_checkout, cwd) == (
            checkout / "segmenter",
            checkout / "models" / "default",
        )
    run(from_checkout / "segmenter", "segment", PAGE, cwd=tmp_path)


def test_library_imports_without_the_extras(from_wheel: Path, tmp_path: Path) -> None:
    """The extras' modules stay unloaded, so that they can be absent."""
    code = (
        "import sys; from segmenter import Segmenter; Segmenter.load().segment('A page.');"
        "print(sorted({'flask', 'gunicorn', 'jax', 'matplotlib', 'optax', 'rapidfuzz'}"
        " & set(sys.modules)))"
    )
    assert run(from_wheel / "python", "-P", "-c", code, cwd=tmp_path).strip() == "[]"
