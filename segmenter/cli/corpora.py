"""``segmenter corpora``: training files from public repositories, and labels without texts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from segmenter.cli.new_file import NewFile

if TYPE_CHECKING:
    from segmenter.training.build import SourceReport

__all__ = ["corpora"]

_STANDOFF: Final = Path("seeds/standoff/gold.jsonl.xz")
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def corpora() -> None:
    """Build training files from checkouts of public repositories.

    \b
    Examples:
      segmenter corpora build checkouts -o corpora
      segmenter corpora annotations mine.jsonl -o standoff.jsonl.xz
      segmenter corpora agreement seeds/standoff/chosen.jsonl.xz seeds/standoff/gold.jsonl.xz
    """


@corpora.command()
@click.argument("checkouts", metavar="SOURCE_DIR",
                type=click.Path(exists=True, file_okay=False, path_type=Path))  # fmt: skip
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), required=True,
              help="Folder to write to.")  # fmt: skip
@click.option("--annotations", type=_file, default=_STANDOFF, show_default=True,
              help="Labels that stand off from their texts.")  # fmt: skip
def build(checkouts: Path, output: Path, annotations: Path) -> None:
    """Turn checkouts and the stand-off labels into training files.

    SOURCE_DIR has one folder for each repository, named like it (see docs/corpora.md); those that
    are missing are left out. Writes one NAME.jsonl.xz for each source, pages.jsonl.xz with the
    pages labelled block by block, and report.json with all that could not be found.

    \b
    Examples:
      segmenter corpora build checkouts -o corpora
      segmenter train --corpora corpora --gold corpora/pages.jsonl.xz -o my-model
    """
    from segmenter.training.build import build_corpora
    from segmenter.training.files import opened_for_writing

    reports = build_corpora(checkouts, annotations, output)
    _show(reports)
    with opened_for_writing(output / "report.json") as stream:
        rows = [asdict(report) for report in reports]
        stream.write(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    click.echo(f"wrote {output}; all that is missing is named in {output / 'report.json'}")


@corpora.command(name="annotations")
@click.argument("gold", type=_file)
@click.option("-o", "--output", type=NewFile(), required=True,
              help="JSON lines to write; compressed where the name ends in .xz.")  # fmt: skip
def write_standoff(gold: Path, output: Path) -> None:
    """Write the labels of GOLD without its texts: for each block a hash and its label.

    GOLD is JSON lines of pages of the public sources, labelled block by block.

    \b
    Example:
      segmenter corpora annotations mine.jsonl -o standoff.jsonl.xz
    """
    from segmenter.training.standoff import annotations_of, write_annotations

    count = write_annotations(output, annotations_of(gold))
    click.echo(f"wrote the labels of {count:,} pages to {output}")


@corpora.command(name="agreement")
@click.argument("first", type=_file)
@click.argument("second", type=_file)
def show_agreement(first: Path, second: Path) -> None:
    """Print how far two files of labels agree on the pages that both have.

    \b
    Example:
      segmenter corpora agreement standoff.jsonl.xz seeds/standoff/gold.jsonl.xz
    """
    from segmenter.training.agreement import agreement
    from segmenter.training.standoff import read_annotations

    found = agreement(read_annotations(first), read_annotations(second))
    click.echo(
        f"{found.share:.1%} of {found.blocks:,} blocks of {found.pages:,} pages have the same "
        f"label, kappa {found.kappa:.3f}"
    )
    apart = Counter({pair: n for pair, n in found.labels.items() if pair[0] != pair[1]})
    for (one, other), count in apart.most_common():
        click.echo(f"{count:>6,}  {one} in the first, {other} in the second")


def _show(reports: Sequence[SourceReport]) -> None:
    click.echo(f"{'source':<16}{'pages':>8}{'labelled pages':>18}{'labelled blocks':>20}")
    for report in reports:
        joined = f"{report.joined:,} of {report.annotated:,}"
        blocks = f"{report.blocks_found:,} of {report.blocks:,}"
        click.echo(f"{report.source:<16}{report.records:>8,}{joined:>18}{blocks:>20}")
    for report in reports:
        reasons = Counter(missing.reason.split(":")[0] for missing in report.missing)
        for reason, count in reasons.most_common():
            example = next(m.id for m in report.missing if m.reason.startswith(reason))
            click.echo(f"{report.source}: {count:,} × {reason} ({example})", err=True)
