"""``segmenter labels``: labelled pages checked, converted, and what to label next."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import click

from segmenter import Segmenter
from segmenter.cli.new_file import NewFile
from segmenter.cli.options import model_option
from segmenter.durable import write_aside
from segmenter.extras import extra
from segmenter.labels.records import LabelRecord, RecordBlock
from segmenter.types import Segmentation

with extra("train"):
    from segmenter.labels.files import read_records, write_records
    from segmenter.labels.label_studio import labelling_config, records_from_export, task
    from segmenter.labels.suggestions import Suggestion, suggest

__all__ = ["labels"]

Format = Literal["jsonl", "label-studio"]
_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_output = click.option(
    "-o", "--output", type=NewFile(), required=True,
    help="File to write; one that is there is replaced when all is done.",
)  # fmt: skip
_format = click.option(
    "--format", "form", type=click.Choice(["jsonl", "label-studio"]), default="jsonl",
    show_default=True, help="The other tool's format.",
)  # fmt: skip


@click.group()
def labels() -> None:
    """Check, convert and choose pages to label.

    A labelled page is a JSON line: {"id", "url", "text" or "html", "blocks"}, each block with its
    label and either its text or its start and end; blocks stand in reading order, and those that
    are left out are unknown.

    \b
    Examples:
      segmenter labels suggest pool.jsonl --count 10 -o to-label.jsonl
      segmenter labels export to-label.jsonl --format label-studio -o tasks.json
      segmenter labels import export.json --format label-studio -o labels.jsonl
      segmenter labels check labels.jsonl
    """


@labels.command()
@click.argument("file", type=_file)
def check(file: Path) -> None:
    """Check a file of labelled pages; every fault is named, exit code 1 if there is one.

    \b
    Examples:
      segmenter labels check labels.jsonl
    """
    records = read_records(file)
    labelled = sum(bool(record.blocks) for record in records)
    blocks = sum(len(record.blocks) for record in records)
    click.echo(f"{file}: {len(records):,} pages, {labelled:,} with labels, {blocks:,} blocks")


@labels.command("import")
@click.argument("file", type=_file)
@_format
@_output
def import_(file: Path, form: Format, output: Path) -> None:
    """Read labelled pages, check them, and write them as JSON lines.

    \b
    Examples:
      segmenter labels import export.json --format label-studio -o labels.jsonl
    """
    if form == "jsonl":
        records = read_records(file)
    else:
        try:
            value = json.loads(file.read_text("utf-8"))
        except ValueError as error:
            raise click.ClickException(f"{file} is not JSON: {error}") from error
        records = records_from_export(value)
    write_records(output, records)
    click.echo(f"wrote {len(records):,} pages to {output}")


@labels.command()
@click.argument("file", type=_file)
@_format
@_output
@click.option("--config", type=NewFile(),
              help="Also write Label Studio's labelling interface (XML).")  # fmt: skip
@model_option
def export(file: Path, form: Format, output: Path, config: Path | None, model: Path | None) -> None:
    """Write pages for labelling; those without labels get the model's, to be corrected.

    \b
    Examples:
      segmenter labels export pool.jsonl -o to-correct.jsonl
      segmenter labels export pool.jsonl --format label-studio -o tasks.json --config label.xml
    """
    records = read_records(file)
    segmenter = Segmenter.load(model)
    pairs = [
        (record, None if record.blocks else segmenter.segment_document(record.document()))
        for record in records
    ]
    _write(output, form, pairs)
    if config is not None:
        write_aside(config, labelling_config().encode("utf-8"))
    click.echo(f"wrote {len(pairs):,} pages to {output}")


@labels.command("suggest")
@click.argument("pool", type=_file)
@click.option("--count", type=click.IntRange(min=1), default=10, show_default=True,
              help="How many pages.")  # fmt: skip
@click.option("--labelled", type=_file, help="Pages that are labelled already.")
@click.option("-o", "--output", type=NewFile(),
              help="Write the pages with the model's labels, to be corrected.")  # fmt: skip
@_format
@model_option
def suggest_(  # noqa: PLR0917 - click passes options by name
    pool: Path, count: int, labelled: Path | None, output: Path | None, form: Format,
    model: Path | None,
) -> None:  # fmt: skip
    """Rank the pages of a pool by how much labelling them would help.

    Pages that the model is unsure of come first, but not many of one template.

    \b
    Examples:
      segmenter labels suggest pool.jsonl --count 10
      segmenter labels suggest pool.jsonl --labelled labels.jsonl -o to-correct.jsonl
    """
    known = read_records(labelled) if labelled is not None else []
    taken = {record.id for record in known}
    candidates = [record for record in read_records(pool) if record.id not in taken]
    found = suggest(candidates, Segmenter.load(model), count, known)
    for item in found:
        click.echo(_line(item))
    if output is not None:
        _write(output, form, [(item.record, item.segmentation) for item in found])


def _line(item: Suggestion) -> str:
    return (
        f"{item.record.id}\tscore {item.score:.4f}\tunsure {item.uncertainty:.2f}"
        f"\tnew {item.novelty:.2f}"
    )


def _write(
    output: Path, form: Format, pairs: Sequence[tuple[LabelRecord, Segmentation | None]]
) -> None:
    if form == "label-studio":
        tasks = [task(record, segmentation) for record, segmentation in pairs]
        write_aside(output, json.dumps(tasks, ensure_ascii=False, indent=1).encode("utf-8"))
    else:
        rows = [_annotated(*pair) for pair in pairs]
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        write_aside(output, text.encode("utf-8"))


def _annotated(record: LabelRecord, segmentation: Segmentation | None) -> dict[str, Any]:
    row = record.to_dict()
    if segmentation is not None:
        model = segmentation.model
        row["model"] = {"name": model.name, "version": model.version}
        row["blocks"] = [
            {**RecordBlock(b.label, b.text, b.start, b.end).to_dict(), "probability": b.probability}
            for b in segmentation.blocks
        ]
    return row
