"""``segmenter batch``: a crawl."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Literal

import click

from segmenter.cli.inputs import StatedFormat, found_inputs, input_options, total_bytes
from segmenter.cli.new_file import NewFile
from segmenter.cli.options import (
    keep_option,
    model_option,
    probabilities_option,
    profiles_option,
)
from segmenter.cli.progress import Meter
from segmenter.crawl.compression import compression_of
from segmenter.crawl.inputs.opened import OpenedInput
from segmenter.crawl.outputs import OUTPUT_FORMATS, OutputFormat, SealedOutput, output_for
from segmenter.crawl.resume import OutputError
from segmenter.crawl.runner import segment_to_file, segment_to_stream
from segmenter.crawl.segmenting import INTERNAL_ERROR, Work
from segmenter.crawl.tally import Tally

__all__ = ["batch"]


@click.command()
@click.argument("sources", metavar="IN…", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUT",
    type=NewFile(allow_dash=True),
    help="Output file, compressed by its suffix .gz, .xz or .zst; - for standard output.",
)
@click.option(
    "--output-format",
    type=click.Choice(["auto", *OUTPUT_FORMATS]),
    default="auto",
    show_default=True,
    help="auto goes by the suffix of OUT: .parquet, .warc, .wet, else jsonl.",
)
@input_options
@keep_option
@probabilities_option
@model_option
@profiles_option
@click.option("--overwrite", is_flag=True, help="Replace an existing OUT.")
@click.option(
    "--resume/--restart",
    default=True,
    show_default=True,
    help="Go on with what an interrupted run left, or discard it.",
)
def batch(
    *,
    sources: tuple[str, ...],
    output: Path,
    input_format: StatedFormat,
    output_format: OutputFormat | Literal["auto"],
    html_column: str,
    text_column: str,
    workers: int,
    keep: tuple[str, ...],
    probabilities: bool,
    model: Path | None,
    profiles: Path | None,
    overwrite: bool,
    resume: bool,
) -> None:
    """Segment a crawl: one output row for every page, in the same order.

    IN is a file, a folder, a glob, a URL that fsspec knows (s3://…), or - for standard input:

    \b
      jsonl    a JSON object a line, {"id": …, "url": …, "text" or "html": …}
      warc     WARC: its HTML responses; WET: its plain text
      parquet  a page a row, columns html or text, and id and url if there are any
      page     a page a file, HTML or raw text

    All but Parquet may be compressed with gzip, xz or zstd. A bad row or record becomes an error
    row that names its line or offset, and the rest goes on. OUT is JSON lines or Parquet, or WARC
    with the kept text of every page.

    Output is gathered in OUT.part and renamed when it is complete. Killed and called again in the
    same way, the command goes on where it stopped; the result is the same. Exit code 1 says that
    the input itself was cut short or damaged.

    \b
    Examples:
      segmenter batch pages.jsonl -o blocks.jsonl
      segmenter batch pages.jsonl.gz -o blocks.jsonl.zst --workers 4 --keep headline,body
      segmenter batch 'crawl/*.warc.gz' -o blocks.parquet --workers 8
      segmenter batch CC-MAIN.warc.wet.gz -o clean.warc.wet.gz
      zcat crawl-*.jsonl.gz | segmenter batch - -o - | head -n 1
    """
    inputs = found_inputs(sources, input_format, html_column, text_column)
    stated = None if output_format == "auto" else output_format
    made = output_for(stated, output.name, probabilities)
    if probabilities and made.name == "warc":
        raise click.UsageError("--probabilities needs jsonl or parquet output")
    model_path = None if model is None else str(model)
    profile_path = None if profiles is None else str(profiles)
    work = Work(made, model_path, keep, compression_of(output.name), profile_path)
    with Meter(total_bytes(inputs), quiet=str(output) == "-" and sys.stdout.isatty()) as meter:
        if _is_stream(output):
            tally = _to_stream(inputs, output, work, workers, meter)
        else:
            _refuse_same_file(sources, output)
            try:
                tally = segment_to_file(
                    inputs, output, work, workers=workers, overwrite=overwrite,
                    restart=not resume, on_progress=meter,
                )  # fmt: skip
            except OutputError as error:
                raise click.UsageError(str(error), click.get_current_context()) from error
    meter.summarise()
    _report(tally)


def _report(tally: Tally) -> None:
    if failed := tally.errors.get(INTERNAL_ERROR):
        raise click.ClickException(f"{failed:,} pages met a fault of this program; please report")
    if tally.damaged:
        raise click.ClickException(
            f"the input is cut short or damaged (places: {tally.damaged:,}); see the error rows"
        )


def _to_stream(
    inputs: Sequence[OpenedInput], output: Path, work: Work, workers: int, meter: Meter
) -> Tally:
    if isinstance(work.output, SealedOutput):
        raise click.UsageError(f"{work.output.name} is written to a file, not to a stream")
    with _opened_for_writing(output) as sink:
        return segment_to_stream(inputs, sink, work, workers=workers, on_progress=meter)


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


def _refuse_same_file(sources: Sequence[str], output: Path) -> None:
    if not output.exists():
        return
    status = output.stat()
    same = (
        os.path.samestat(os.fstat(sys.stdin.fileno()) if source == "-" else os.stat(source), status)
        for source in sources
        if source == "-" or os.path.exists(source)
    )
    if any(same):
        raise click.UsageError("IN and OUT are the same file", click.get_current_context())
