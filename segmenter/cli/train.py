"""``segmenter train``: labelled pages to a model directory."""

from __future__ import annotations

import time
from pathlib import Path

import click

from segmenter import __version__
from segmenter.cli.sources import source_options

__all__ = ["train"]


@click.command()
@source_options
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True,
    help="Model directory to write; one that is there is replaced when all is done.",
)  # fmt: skip
@click.option("--model-version", default=__version__, show_default=True, help="Of the new model.")
@click.option("--folds", type=click.IntRange(2, 20), default=5, show_default=True,
              help="Folds by site, for the figures and the calibration.")  # fmt: skip
def train(  # noqa: PLR0917 - click passes options by name
    seeds: Path, gold: Path | None, corpora: Path | None, seed: int, output: Path,
    model_version: str, folds: int,
) -> None:  # fmt: skip
    """Train a model, evaluate it on held-out sites, and write it with its card.

    Without --gold and --corpora the example pages alone are used: a small model, in a
    minute or two.

    \b
    Examples:
      segmenter train -o my-models/small
      segmenter train --gold gold.jsonl.xz --corpora corpora -o my-models/full
    """
    from segmenter.training.train import Sources
    from segmenter.training.train import train as train_model

    began = time.monotonic()

    def report(line: str) -> None:
        click.echo(f"{time.monotonic() - began:6.0f} s  {line}", err=True)

    manifest = train_model(
        Sources(seeds=seeds, gold=gold, corpora=corpora),
        output,
        model_version,
        folds,
        seed,
        report,
    )
    for form, figures in manifest.metrics.items():
        body = figures["body"].get("all")
        click.echo(
            f"{form}: macro F1 {figures['macro_f1']:.3f}"
            + (f", body word-F1 {body['f1']:.3f} ({body['pages']:,} pages)" if body else "")
        )
    click.echo(f"wrote {manifest.name} {manifest.version} to {output}")
