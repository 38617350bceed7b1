"""``segmenter evaluate``: a model's figures on labelled pages."""

from __future__ import annotations

import json
from pathlib import Path

import click

from segmenter.cli.new_file import NewFile
from segmenter.cli.sources import source_options

__all__ = ["evaluate"]

_folder = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@source_options
@click.option("--model", type=_folder, help="Model directory; the shipped one by default.")
@click.option("--cross-validate", is_flag=True,
              help="Score each page by a model trained without its site.")  # fmt: skip
@click.option("--folds", type=click.IntRange(2, 20), default=5, show_default=True,
              help="Folds by site, with --cross-validate.")  # fmt: skip
@click.option("--predictions", type=NewFile(),
              help="Keep the predictions in this file (.npz), or take them from it.")  # fmt: skip
@click.option("--compare", is_flag=True,
              help="Run other tools on the same pages; needs the extra 'compare'.")  # fmt: skip
@click.option("--card", type=_folder,
              help="Model directory whose card and plots are written anew.")  # fmt: skip
@click.option("--learning-curve", is_flag=True,
              help="Train on 1/8, 1/4, 1/2 of the sites too, for --card.")  # fmt: skip
@click.option("--report", type=NewFile(), help="Write an HTML page with tables and plots.")
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON.")
def evaluate(  # noqa: PLR0917 - click passes options by name
    seeds: Path, gold: Path | None, corpora: Path | None, seed: int, model: Path | None,
    cross_validate: bool, folds: int, predictions: Path | None, compare: bool, card: Path | None,
    learning_curve: bool, report: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Print precision, recall and F1 of each label, macro F1, body F1 and a confusion matrix.

    Pages that the model was trained on flatter it: a warning says so, and --cross-validate gives
    figures on sites that were held out, beside the goals, the ceiling and (with --compare) other
    tools. The options from --folds to --learning-curve belong to it.

    \b
    Examples:
      segmenter evaluate --seeds seeds --report report.html
      segmenter evaluate --gold mine.jsonl --model my-models/full
      segmenter evaluate --gold gold.jsonl.xz --corpora corpora --cross-validate --compare
    """
    from segmenter.training.report import html_report, text_report
    from segmenter.training.runs import (
        CrossValidation,
        figures_by_cross_validation,
        figures_of_model,
    )
    from segmenter.training.sources import Sources

    _check(cross_validate, predictions, compare, card, learning_curve)
    sources = Sources(seeds=seeds, gold=gold, corpora=corpora)

    def told(line: str) -> None:
        click.echo(line, err=True)

    if cross_validate:
        run = CrossValidation(folds, seed, predictions, compare, card, learning_curve)
        figures = figures_by_cross_validation(sources, run, told)
    else:
        figures = figures_of_model(sources, model, seed, told)
    text = (
        json.dumps(figures, indent=1)
        if as_json
        else text_report(figures, with_goals=cross_validate)
    )
    click.echo(text)
    if report is not None:
        report.write_text(html_report(figures, with_goals=cross_validate), "utf-8")
        click.echo(f"wrote {report}", err=True)


def _check(
    cross_validate: bool, predictions: Path | None, compare: bool, card: Path | None,
    learning_curve: bool,
) -> None:  # fmt: skip
    given = {
        "--predictions": predictions is not None, "--compare": compare,
        "--card": card is not None, "--learning-curve": learning_curve,
    }  # fmt: skip
    for name, is_given in given.items():
        if is_given and not cross_validate:
            raise click.UsageError(f"{name} goes with --cross-validate")
    if learning_curve and card is None:
        raise click.UsageError("--learning-curve goes with --card, which shows it")
