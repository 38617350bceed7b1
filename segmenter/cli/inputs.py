"""What the commands that read a crawl share: the options that say what it is, and finding it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Final, Literal, TypeVar

import click

from segmenter.crawl.inputs.locate import FORMATS, InputFormat, LocationError, find_inputs
from segmenter.crawl.inputs.opened import OpenedInput
from segmenter.crawl.inputs.parquet import Columns

__all__ = ["StatedFormat", "found_inputs", "input_options", "total_bytes"]

StatedFormat = InputFormat | Literal["auto"]
_Command = TypeVar("_Command", bound=Callable[..., object])
_OPTIONS: Final = (
    click.option(
        "--input-format",
        type=click.Choice(["auto", *FORMATS]),
        default="auto",
        show_default=True,
        help="Of every IN; auto goes by the suffix, else by the first bytes.",
    ),
    click.option("--html-column", default="html", show_default=True, help="Of Parquet: the HTML."),
    click.option("--text-column", default="text", show_default=True, help="Of Parquet: the text."),
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Processes; the output does not depend on it.",
    ),
)


def input_options(command: _Command) -> _Command:
    """Give a command ``--input-format``, ``--html-column``, ``--text-column`` and ``--workers``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def found_inputs(
    sources: Sequence[str], input_format: StatedFormat, html_column: str, text_column: str
) -> list[OpenedInput]:
    """The inputs that the arguments name.

    Raises:
        click.UsageError: there is no such input, or it is of no known format.
    """
    stated = None if input_format == "auto" else input_format
    columns = Columns(text=text_column, html=html_column)
    try:
        return find_inputs(sources, stdin=sys.stdin.buffer, format=stated, columns=columns)
    except LocationError as error:
        raise click.UsageError(str(error), click.get_current_context()) from error


def total_bytes(inputs: Sequence[OpenedInput]) -> int | None:
    """Of all inputs; ``None`` where the size of one is not known."""
    sizes = [source.size for source in inputs]
    return None if None in sizes else sum(size or 0 for size in sizes)
