"""``segmenter evaluate``: a model's figures on labelled pages."""

from __future__ import annotations

import json
from pathlib import Path

import click

from segmenter.cli.sources import source_options

__all__ = ["evaluate"]


@click.command()
@source_options
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Model directory; the shipped one by default.")  # fmt: skip
@click.option("--cross-validate", is_flag=True,
              help="Score each page by a model trained without its site.")  # fmt: skip
@click.option("--folds", type=click.IntRange(2, 20), default=5, show_default=True,
              help="Folds by site, with --cross-validate.")  # fmt: skip
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path),
              help="Write an HTML page with tables and plots.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON.")
def evaluate(  # noqa: PLR0917 - click passes options by name
    seeds: Path, gold: Path | None, corpora: Path | None, seed: int, model: Path | None,
    cross_validate: bool, folds: int, report: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Print precision, recall and F1 of each label, macro F1, body F1 and a confusion matrix.

    Pages that the model was trained on flatter it: a warning says so, and --cross-validate gives
    figures on sites that were held out.

    \b
    Examples:
      segmenter evaluate --seeds seeds --report report.html
      segmenter evaluate --gold mine.jsonl --model my-models/full
      segmenter evaluate --gold gold.jsonl.xz --corpora corpora --cross-validate
    """
    from segmenter.training.report import html_report, text_report
    from segmenter.training.runs import figures_by_cross_validation, figures_of_model
    from segmenter.training.train import Sources

    sources = Sources(seeds=seeds, gold=gold, corpora=corpora)

    def told(line: str) -> None:
        click.echo(line, err=True)

    figures = (
        figures_by_cross_validation(sources, folds, seed, told)
        if cross_validate
        else figures_of_model(sources, model, seed, told)
    )
    click.echo(json.dumps(figures, indent=1) if as_json else text_report(figures))
    if report is not None:
        report.write_text(html_report(figures), "utf-8")
        click.echo(f"wrote {report}", err=True)
