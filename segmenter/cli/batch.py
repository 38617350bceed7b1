"""``segmenter batch``: a JSONL file of pages."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypedDict

import click

from segmenter.cli.options import keep_option, model_option, probabilities_option
from segmenter.cli.progress import Meter
from segmenter.crawl.jsonl import INTERNAL_ERROR, RowOptions, segment_to_file, segment_to_stream
from segmenter.crawl.resume import OutputError

__all__ = ["batch"]


@click.command()
@click.argument(
    "source", metavar="IN", type=click.Path(exists=True, dir_okay=False, allow_dash=True)
)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUT",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Output file, compressed by its suffix .gz, .xz or .zst; - for standard output.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes; the output does not depend on it.",
)
@keep_option
@probabilities_option
@model_option
@click.option("--overwrite", is_flag=True, help="Replace an existing OUT.")
@click.option("--restart", is_flag=True, help="Discard what an interrupted run left.")
def batch(
    *,
    source: str,
    output: Path,
    workers: int,
    keep: tuple[str, ...],
    probabilities: bool,
    model: Path | None,
    overwrite: bool,
    restart: bool,
) -> None:
    """Segment a JSONL file of pages, one output row for every row, in the same order.

    IN has one JSON object a line, {"id": …, "url": …, "text" or "html": …}, plain or compressed
    with gzip, xz or zstd; - is standard input. A bad row becomes an error row that names its
    line, and the rest goes on.

    Output is gathered in OUT.part and renamed when it is complete. Killed and called again in the
    same way, the command goes on where it stopped; the result is the same. Exit code 1 says that
    the input itself was cut short or damaged.

    \b
    Examples:
      segmenter batch pages.jsonl -o blocks.jsonl
      segmenter batch pages.jsonl.gz -o blocks.jsonl.zst --workers 4 --keep headline,body
      zcat crawl-*.jsonl.gz | segmenter batch - -o - | head -n 1
    """
    if not output.parent.is_dir():
        raise click.BadParameter(f"{output.parent} is no directory", param_hint="'-o'")
    options = RowOptions(None if model is None else str(model), keep, probabilities)
    to_screen = str(output) == "-" and sys.stdout.isatty()
    with _opened(source) as stream, Meter(stream, quiet=to_screen) as meter:
        shared = _Shared(options=options, name=source, workers=workers, on_progress=meter)
        if _is_stream(output):
            with _opened_for_writing(output) as sink:
                tally = segment_to_stream(stream, sink, **shared)
        else:
            _refuse_same_file(stream, output)
            try:
                tally = segment_to_file(
                    stream, output, overwrite=overwrite, restart=restart, **shared
                )
            except OutputError as error:
                raise click.UsageError(str(error), click.get_current_context()) from error
    meter.summarise()
    if failed := tally.errors.get(INTERNAL_ERROR):
        raise click.ClickException(f"{failed:,} pages met a fault of this program; please report")
    if tally.damaged:
        raise click.ClickException("the input is cut short or damaged; see the last error row")


class _Shared(TypedDict):
    """What both ways of writing take."""

    options: RowOptions
    name: str
    workers: int
    on_progress: Meter


def _is_stream(output: Path) -> bool:
    """Standard output, a named pipe or a device: nothing that could be gone on with."""
    return str(output) == "-" or (output.exists() and not output.is_file())


@contextlib.contextmanager
def _opened_for_writing(output: Path) -> Iterator[BinaryIO]:
    if str(output) == "-":
        yield sys.stdout.buffer
        return
    with output.open("wb") as sink:
        yield sink


@contextlib.contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    if source == "-":
        yield sys.stdin.buffer
        return
    with open(source, "rb") as stream:
        yield stream


def _refuse_same_file(stream: BinaryIO, output: Path) -> None:
    if output.exists() and os.path.samestat(os.fstat(stream.fileno()), output.stat()):
        raise click.UsageError("IN and OUT are the same file", click.get_current_context())
