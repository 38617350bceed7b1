"""The blocks of a page as a table: coloured in a terminal, tab-separated in a pipe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from segmenter.types import Segmentation

__all__ = ["plain_table", "printable", "show_table"]

# Terminal colours that stay apart for the colour-blind: no red beside green, grey for the rest.
_STYLES: Final[Mapping[str, str]] = {
    "headline": "bold yellow",
    "deck": "yellow",
    "byline": "cyan",
    "body": "bold",
    "caption": "bright_cyan",
    "headline_fragment": "magenta",
    "comment": "bright_blue",
    "teaser": "bright_magenta",
    "boilerplate": "dim",
}
# Control characters could steer the terminal, bidirectional overrides could reorder its line.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Page text that can't steer a terminal; tabs and line feeds stay."""
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n"))


def plain_table(segmentation: Segmentation) -> str:
    """Tab-separated lines with a header, one block a line, nothing cut."""
    lines = ["start\tend\tlabel\tprobability\ttext"]
    lines += [
        f"{block.start}\t{block.end}\t{block.label}\t{block.probability:.4f}\t{_line(block.text)}"
        for block in segmentation.blocks
    ]
    return "\n".join(lines) + "\n"


def show_table(segmentation: Segmentation, stream: TextIO) -> None:
    """Print a coloured table as wide as the terminal; long texts end in an ellipsis."""
    console = Console(file=stream, highlight=False)
    console.print(_table(segmentation))
    model = f"{segmentation.model.name} {segmentation.model.version}"
    console.print(
        f"{len(segmentation.page)} blocks, confidence {segmentation.confidence:.2f}, "
        f"language {segmentation.language or 'unknown'}, model {model}",
        style="dim",
        markup=False,
    )


def _table(segmentation: Segmentation) -> Table:
    table = Table(box=SIMPLE_HEAD, expand=True, pad_edge=False)
    for name in ("start", "end"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("label", no_wrap=True)
    table.add_column("probability", justify="right", no_wrap=True)
    table.add_column("text", ratio=1, no_wrap=True, overflow="ellipsis")
    for block in segmentation.blocks:
        style = _STYLES[block.label]
        table.add_row(
            str(block.start),
            str(block.end),
            Text(block.label, style),
            f"{block.probability:.2f}",
            Text(_line(block.text), style),
        )
    return table


def _line(text: str) -> str:
    return printable(" ".join(text.split()))
