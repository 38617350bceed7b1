"""The Makefile: what each target would run, and what it says where it can't."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(*arguments: str, cwd: Path = CHECKOUT) -> Any:
    """Run make as from a fresh shell, also where make runs the tests."""
    own = re.compile(
        r"MAKE|MFLAGS|(HOST|PORT|CORPORA|GOLD|OUT|SEED|REPORT|PAGES|SOURCE_DIR|CARD|PREDICTIONS"
        r"|LEARNING_CURVE|PYTHON)$"
    )
    environment = {name: value for name, value in os.environ.items() if not own.match(name)}
    return subprocess.run(
        ["make", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def handed_over(tmp_path: Path, *arguments: str) -> list[str]:
    """The arguments, and before them the settings, that a target's Python program gets."""
    program = tmp_path / "program"
    program.write_text(
        f"#!{sys.executable}\n"
        "import os, sys\n"
        "names = ('SEGMENTER_HOST', 'SEGMENTER_PORT')\n"
        "print(*(f'{n}={os.environ[n]}' for n in names if n in os.environ), sep='\\n')\n"
        "print(*sys.argv[1:], sep='\\n')\n",
        "utf-8",
    )
    program.chmod(0o755)
    stamp = tmp_path / "installed"
    stamp.touch()
    result = make(f"RUN={program}", f"INSTALLED={stamp}", *arguments)
    assert result.returncode == 0, result.stderr
    return [line for line in str(result.stdout).splitlines() if line]


def test_make_alone_lists_every_target_with_a_line() -> None:
    listed = re.findall(r"^make (\w+) +\w.*$", make().stdout, re.MULTILINE)
    expected = "help serve test lint train evaluate corpora bench screenshots clean".split()
    assert listed == expected


def test_serve_takes_host_and_port(tmp_path: Path) -> None:
    assert handed_over(tmp_path, "serve") == ["-m", "api"]
    assert handed_over(tmp_path, "serve", "HOST=0.0.0.0", "PORT=9000") == [
        "SEGMENTER_HOST=0.0.0.0",
        "SEGMENTER_PORT=9000",
        "-m",
        "api",
    ]


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        ([], "models/seeds-only"),
        (["CORPORA=seeds"], "models/partial"),
        (["GOLD=seeds"], "models/partial"),
        (["CORPORA=seeds", "GOLD=seeds"], "models/default"),
        (["OUT=elsewhere/my model"], "elsewhere/my model"),
        (["CORPORA=seeds", "GOLD=seeds", "OUT=elsewhere"], "elsewhere"),
    ],
)
def test_train_replaces_the_shipped_model_only_with_all_sources(
    tmp_path: Path, arguments: list[str], output: str
) -> None:
    assert handed_over(tmp_path, "train", *arguments)[-2:] == ["--output", output]


def test_train_keeps_predictions_where_asked(tmp_path: Path) -> None:
    found = handed_over(tmp_path, "train", "FOLDS=5", "PREDICTIONS=my file.npz")
    assert found[-4:] == ["--folds", "5", "--predictions", "my file.npz"]


def test_gold_is_a_file_or_the_folder_that_holds_it(tmp_path: Path) -> None:
    folder = tmp_path / "my gold"
    folder.mkdir()
    file = folder / "mine.jsonl"
    file.touch()
    for given, expected in ((folder, folder / "pages.jsonl.xz"), (file, file)):
        found = handed_over(tmp_path, "train", f"GOLD={given}", "SEED=7")
        assert found[found.index("--gold") + 1] == str(expected)
        assert found[found.index("--seed") + 1] == "7"


def test_evaluate_cross_validates_where_pages_are_given(tmp_path: Path) -> None:
    command = ["-m", "segmenter.cli", "evaluate", "--seeds", "seeds", "--seed", "0"]
    assert handed_over(tmp_path, "evaluate") == command
    assert handed_over(tmp_path, "evaluate", "CORPORA=seeds", "REPORT=r.html") == [
        *command,
        *("--corpora", "seeds", "--cross-validate", "--compare", "--report", "r.html"),
    ]


def test_evaluate_writes_the_shipped_card_only_with_all_sources(tmp_path: Path) -> None:
    both = ("evaluate", "CORPORA=seeds", "GOLD=seeds/README.md")
    assert handed_over(tmp_path, *both)[-4:] == [
        *("--cross-validate", "--compare", "--card", "models/default"),
    ]
    assert "--card" not in handed_over(tmp_path, "evaluate", "GOLD=seeds/README.md")
    assert "--folds" not in handed_over(tmp_path, *both)
    folds = handed_over(tmp_path, *both, "FOLDS=2")
    assert folds[folds.index("--folds") + 1] == "2"
    more = handed_over(tmp_path, *both, "CARD=mine", "PREDICTIONS=p.npz", "LEARNING_CURVE=1")
    assert more[-5:] == ["--predictions", "p.npz", "--card", "mine", "--learning-curve"]


def test_corpora_are_built_into_a_folder(tmp_path: Path) -> None:
    command = ["-m", "segmenter.cli", "corpora", "build", "my checkouts", "--output"]
    assert handed_over(tmp_path, "corpora", "SOURCE_DIR=my checkouts") == [*command, "corpora"]
    assert handed_over(tmp_path, "corpora", "SOURCE_DIR=my checkouts", "CORPORA=there") == [
        *command,
        "there",
    ]


def test_an_unsuitable_python_is_named(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(CHECKOUT / name, tmp_path)
    result = make("test", "PYTHON=no-such-python", cwd=tmp_path)
    assert result.returncode != 0
    assert "Python 3.11 or newer is needed, and 'no-such-python' is not" in result.stderr
    assert not (tmp_path / ".venv").exists()
