"""``python -m bench.real_sites``: a base model that knows nothing of the sites it is adapted to.

The sites are those of ``seeds/standoff/sites.jsonl.xz``: eight or more pages of each in the
corpora, all their blocks labelled. The base is trained as the shipped model is, on all other sites;
its probabilities are as the network gives them, since calibration needs a cross-validation.
"""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from segmenter import __version__
from segmenter.cli.sources import source_options
from segmenter.model_package import write_model
from segmenter.training.corpora import LabelledPage, file_sha256, load_corpora, site_of
from segmenter.training.recipe import fit_pages
from segmenter.training.replay import replay_of
from segmenter.training.sources import Sources, load_pages, load_unlabelled_pages
from segmenter.training.standoff import read_annotations

__all__ = ["labelled_sites", "main"]

_LABELS: Final = Path(__file__).resolve().parents[1] / "seeds/standoff/sites.jsonl.xz"


def labelled_sites(corpora: Path) -> dict[str, list[LabelledPage]]:
    """The pages of each of the sites, all their blocks labelled.

    Raises:
        CorpusError: the corpora are not there, or malformed.
    """
    labels = {annotation.id: annotation for annotation in read_annotations(_LABELS)}
    found: dict[str, list[LabelledPage]] = defaultdict(list)
    for page in load_corpora(corpora, labels):
        if page.id in labels and page.gold is not None:
            found[page.site].append(page)
    return dict(found)


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True,
              help="Model directory to write.")  # fmt: skip
@source_options
def main(seeds: Path, gold: Path | None, corpora: Path | None, seed: int, output: Path) -> None:
    """Train a base model without the sites that adaptation is measured on."""
    if corpora is None:
        raise click.UsageError("--corpora is needed: the sites are sites of the corpora")
    began = time.monotonic()

    def report(line: str) -> None:
        click.echo(f"{time.monotonic() - began:6.0f} s  {line}", err=True)

    sources = Sources(seeds, gold, corpora)
    sites = {site_of(item.id, item.url) for item in read_annotations(_LABELS)}
    every = load_pages(sources, report)
    pages = [page for page in every if page.site not in sites]
    free = load_unlabelled_pages(sources, every, report)
    classifiers = fit_pages(pages, [p for p in free if p.site not in sites], seed, report)
    describe = {
        "name": "without-sites",
        "version": __version__,
        "created": datetime.now(UTC).date().isoformat(),
        "corpora": {path.name: file_sha256(path) for path in sources.files()},
        "split": f"trained without {', '.join(sorted(sites))}",
        "seed": seed,
        "metrics": {},
    }
    card = "# Model without some sites\n\nMade to measure adaptation on them; not for use.\n"
    write_model(output, classifiers, describe, card, replay_of(pages, classifiers, seed))


if __name__ == "__main__":
    main()
