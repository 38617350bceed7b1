"""``segmenter train``: labelled pages to a model directory, or to a version of the base model."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

import click

from segmenter import __version__
from segmenter.cli.new_file import NewFile
from segmenter.cli.registry import open_registry, registry_options
from segmenter.cli.sources import source_options
from segmenter.extras import extra

__all__ = ["train"]


@click.command()
@source_options
@click.option(
    "-o", "--output", type=click.Path(path_type=Path),
    help="Model directory to write; one that is there is replaced when all is done.",
)  # fmt: skip
@click.option("--model-version", default=__version__, show_default=True, help="Of the new model.")
@click.option("--folds", type=click.IntRange(2, 20), default=2, show_default=True,
              help="Folds by site, for figures and calibration; evaluate takes five.")  # fmt: skip
@click.option("--predictions", type=NewFile(),
              help="Keep what is predicted of held-out pages in this file (.npz), which "
              "evaluate takes instead of training again.")  # fmt: skip
@click.option("--labels", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Adapt the base model to these labelled pages instead.")  # fmt: skip
@click.option("--promote", type=click.Choice(["never", "gate", "always"]), default="gate",
              show_default=True, help="With --labels: make the new version active?")  # fmt: skip
@click.option("--base-loss", type=click.FloatRange(0, 1), default=0.005, show_default=True,
              help="With --labels: macro F1 that the base's pages may lose.")  # fmt: skip
@click.option("--user-gain", type=click.FloatRange(0, 1), default=0.0, show_default=True,
              help="With --labels: macro F1 that your pages must gain.")  # fmt: skip
@registry_options
def train(  # noqa: PLR0917 - click passes options by name
    seeds: Path, gold: Path | None, corpora: Path | None, seed: int, output: Path | None,
    model_version: str, folds: int, predictions: Path | None, labels: Path | None,
    promote: Literal["never", "gate", "always"], base_loss: float, user_gain: float,
    data: Path, base: str,
) -> None:  # fmt: skip
    """Train a model, or adapt the base model to labelled pages of your own.

    With --labels the base model is adapted, compared with the active version, and made active if
    the gate lets it through. Else a model is trained from nothing, evaluated on held-out sites,
    and written to --output with its card: without --gold and --corpora from the example pages
    alone, in a minute or two.

    \b
    Examples:
      segmenter train --labels labels.jsonl --base default
      segmenter train -o my-models/small
      segmenter train --gold gold.jsonl.xz --corpora corpora -o my-models/full
    """
    if predictions is not None and output is None:
        raise click.UsageError("--predictions goes with --output")
    if (labels is None) == (output is None):
        raise click.UsageError("either --output or --labels is given")
    if labels is not None:
        _adapt(labels, data, base, seed, promote, base_loss, user_gain)
    elif output is not None:
        _train(seeds, gold, corpora, seed, output, model_version, folds, predictions)


def _adapt(  # noqa: PLR0917
    labels: Path, data: Path, base: str, seed: int, promote: Literal["never", "gate", "always"],
    base_loss: float, user_gain: float,
) -> None:  # fmt: skip
    with extra("train"):
        from segmenter.labels.files import read_records
        from segmenter.training.gate import Thresholds
        from segmenter.training.retrain import retrain

    steps: list[str] = []

    def report(step: str, done: float) -> None:
        if steps[-1:] != [step]:
            steps.append(step)
            click.echo(f"{done:4.0%}  {step}", err=True)

    outcome = retrain(
        read_records(labels),
        open_registry(data, base),
        promote=promote,
        thresholds=Thresholds(base_loss=base_loss, user_gain=user_gain),
        seed=seed,
        report=report,
    )
    for kind, told in outcome.kinds.items():
        click.echo(f"{kind}: {told.verdict.reason}")
    state = "is active now" if outcome.promoted else f"stays a candidate: {outcome.reason}"
    click.echo(f"version {outcome.version} {state}")


def _train(  # noqa: PLR0917
    seeds: Path, gold: Path | None, corpora: Path | None, seed: int, output: Path,
    model_version: str, folds: int, predictions: Path | None,
) -> None:  # fmt: skip
    from segmenter.training.sources import Sources
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
        predictions=predictions,
    )
    for form, figures in manifest.metrics.items():
        body = figures["body"].get("all")
        click.echo(
            f"{form}: macro F1 {figures['macro_f1']:.3f}"
            + (f", body word-F1 {body['f1']:.3f} ({body['pages']:,} pages)" if body else "")
        )
    click.echo(f"wrote {manifest.name} {manifest.version} to {output}")
