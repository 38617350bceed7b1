"""Whole evaluations, as the command line starts them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from segmenter.classifier import BlockClassifier
from segmenter.cli import cli
from segmenter.model_package import load_model, shipped_model_path
from segmenter.training.corpora import LabelledPage
from segmenter.training.learning import learning_curve
from segmenter.training.sources import Sources, load_pages
from segmenter.types import InputKind

SEEDS = Path(__file__).parents[1] / "seeds"
FEW = ("001", "004", "008", "101", "103", "104", "110", "112")


@pytest.fixture
def few_seeds(tmp_path: Path) -> Path:
    """Some example pages, raw text and HTML."""
    pages = tmp_path / "seeds" / "pages"
    pages.mkdir(parents=True)
    for path in (SEEDS / "pages").iterdir():
        if path.name.startswith(FEW):
            shutil.copy(path, pages)
    return tmp_path / "seeds"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_model_path(), tmp_path / "model"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--compare"], "--compare goes with --cross-validate"),
        (["--card", "."], "--card goes with --cross-validate"),
        (["--predictions", "p.npz"], "--predictions goes with --cross-validate"),
        (["--cross-validate", "--learning-curve"], "--learning-curve goes with --card"),
    ],
)
def test_options_that_do_not_go_together_are_named(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(cli, ["evaluate", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_model_is_scored_on_labelled_pages(few_seeds: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    arguments = ["evaluate", "--seeds", str(few_seeds), "--json", "--report", str(report)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert set(figures) == {"as received", "lines", "paragraphs", "wrapped", "stripped", "html"}
    assert figures["html"]["pages"] == 5
    assert "warning: the model was trained on" in result.stderr
    assert "### Goals" not in report.read_text("utf-8")


@pytest.mark.slow
def test_cross_validation_writes_the_card_and_can_be_shown_again(
    few_seeds: Path, model: Path, tmp_path: Path
) -> None:
    arguments = [
        "evaluate", "--seeds", str(few_seeds), "--cross-validate", "--folds", "2", "--compare",
        "--predictions", str(tmp_path / "predictions.npz"), "--card", str(model),
    ]  # fmt: skip
    first = CliRunner().invoke(cli, arguments)
    assert first.exit_code == 0, first.output
    assert "### Goals" in first.stdout
    assert "side by side" in first.stdout
    card = (model / "README.md").read_text("utf-8")
    assert "2 folds by site" in card
    load_model(model)
    again = CliRunner().invoke(cli, arguments)
    assert again.exit_code == 0, again.output
    assert "predictions are taken from" in again.stderr
    assert "fold 1" not in again.stderr
    assert again.stdout == first.stdout
    assert (model / "README.md").read_text("utf-8") == card


@pytest.mark.slow
def test_learning_curve_takes_ever_more_of_the_same_sites() -> None:
    pages = load_pages(Sources(seeds=SEEDS), lambda _: None)
    classifiers = load_model(shipped_model_path()).classifiers
    trained_on: list[set[str]] = []

    def fit(
        inside: Sequence[LabelledPage], _: int, __: Callable[[str], None]
    ) -> Mapping[InputKind, BlockClassifier]:
        trained_on.append({page.site for page in inside})
        return classifiers

    points = list(learning_curve(pages, 3, 0, fit, lambda _: None, "0.1.0"))
    assert [point.form for point in points] == ["html", "lines"] * 4
    sizes = [len(sites) for sites in trained_on]
    assert sizes == [point.sites for point in points if point.form == "html"]
    assert all(smaller < larger for smaller, larger in pairwise(trained_on))
    assert 7 * sizes[0] <= sizes[-1] < len({page.site for page in pages})
    # One model stands for all: what is held out stays the same.
    assert len({point.macro for point in points if point.form == "html"}) == 1
