"""Whole evaluations, as the command line starts them."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from segmenter.cli import cli
from segmenter.model_package import load_model, shipped_model_path
from segmenter.training.learning import learning_curve, learning_parts
from segmenter.training.sources import Sources, load_pages

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


def test_predictions_are_kept_of_a_model_that_is_trained_from_nothing(tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.touch()
    arguments = ["train", "--labels", str(labels), "--predictions", str(tmp_path / "p.npz")]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert "--predictions goes with --output" in result.stderr


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
def test_what_training_predicted_is_evaluated_without_training_again(
    few_seeds: Path, tmp_path: Path
) -> None:
    kept, model = str(tmp_path / "predictions.npz"), str(tmp_path / "model")
    same = ["--seeds", str(few_seeds), "--folds", "2", "--predictions", kept]
    trained = CliRunner().invoke(cli, ["train", *same, "-o", model])
    assert trained.exit_code == 0, trained.output
    shown = CliRunner().invoke(cli, ["evaluate", *same, "--cross-validate", "--json"])
    assert shown.exit_code == 0, shown.output
    assert "predictions are taken from" in shown.stderr
    assert "fold 1" not in shown.stderr
    manifest = json.loads((tmp_path / "model" / "manifest.json").read_text("utf-8"))
    figures = json.loads(shown.stdout)
    assert {form: f["macro_f1"] for form, f in manifest["metrics"].items()} == {
        form: f["macro_f1"] for form, f in figures.items()
    }


def test_learning_curve_takes_ever_more_of_the_same_sites() -> None:
    pages = load_pages(Sources(seeds=SEEDS), lambda _: None)
    held_out, parts = learning_parts(pages, 3, 0)
    sites = [{page.site for page in part} for part in parts]
    assert all(smaller < larger for smaller, larger in pairwise(sites))
    assert 7 * len(sites[0]) <= len(sites[-1])
    outside = {page.site for page in held_out}
    assert not outside & sites[-1]
    assert outside | sites[-1] == {page.site for page in pages}


@pytest.mark.slow
def test_learning_curve_has_a_point_for_each_part_and_form() -> None:
    pages = load_pages(Sources(seeds=SEEDS), lambda _: None)
    # The shipped model in place of training, whatever the pages.
    classifiers = load_model(shipped_model_path()).classifiers
    points = learning_curve(pages, 3, 0, lambda *_: classifiers, lambda _: None, "0.1.0")
    assert [point.form for point in points] == ["html", "lines"] * 4
    sizes = [len({page.site for page in part}) for part in learning_parts(pages, 3, 0)[1]]
    assert sizes == [point.sites for point in points if point.form == "html"]
    # One model stands for all: what is held out stays the same.
    assert len({point.macro for point in points if point.form == "html"}) == 1
