"""``python -m bench``: measure, print the report, and with ``--write`` keep it."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

import click

from bench.pages import chosen_pages, pages_option
from bench.plots import plots
from bench.report import as_json, as_markdown
from bench.run import Effort, run
from segmenter import SegmenterError

_HERE = Path(__file__).resolve().parent


@click.command()
@pages_option
@click.option("--limit", type=click.IntRange(min=1), help="Pages at most, drawn from all --pages.")
@click.option("--passes", type=click.IntRange(min=1), default=5, show_default=True)
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=4,
    show_default=True,
    help="Run the other tools, and the stages one by one, on one page in this many.",
)
@click.option(
    "--largest",
    type=click.IntRange(min=1_000),
    default=10_000_000,
    show_default=True,
    help="Bytes of the largest document in the growth series.",
)
@click.option("--json", "print_json", is_flag=True, help="Print all figures as JSON.")
@click.option("--write", is_flag=True, help="Write RESULTS.md, results.json and the plots.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=_HERE,
    help="Folder for --write.  [default: beside the program]",
)
def main(
    *,
    sources: tuple[Path, ...],
    limit: int | None,
    passes: int,
    sample: int,
    largest: int,
    print_json: bool,
    write: bool,
    out: Path,
) -> None:
    """Measure the segmenter beside other tools, on one core.

    Tools that are not installed are left out.
    """
    logging.disable(logging.CRITICAL)  # the other tools complain of every second page
    pages = chosen_pages(sources, limit)
    try:
        results = run(pages, Effort(passes=passes, sample=sample, largest=largest))
    except SegmenterError as error:
        raise click.ClickException(str(error)) from error
    if write:
        images = plots(results)
        out.mkdir(parents=True, exist_ok=True)
        for name, image in images.items():
            _put(out / name, image)
        _put(out / "results.json", as_json(results).encode())
        _put(out / "RESULTS.md", as_markdown(results, plots=sorted(images)).encode())
    click.echo(as_json(results) if print_json else as_markdown(results), nl=False)


def _put(path: Path, data: bytes) -> None:
    """Write a file aside and put it in place whole."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    place = Path(file.name)
    place.chmod(0o644)
    place.replace(path)


if __name__ == "__main__":
    main()
