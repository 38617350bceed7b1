"""``segmenter segment``: one page."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Literal

import click

from segmenter import Limits, Segmentation, Segmenter
from segmenter.cli.html_page import html_page
from segmenter.cli.options import (
    keep_option,
    model_option,
    probabilities_option,
    profiles_option,
)
from segmenter.cli.table import plain_table, printable, show_table
from segmenter.decoding import decode_html, looks_like_html
from segmenter.types import InputKind

__all__ = ["segment"]


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--input",
    "input_kind",
    type=click.Choice(["auto", "text", "html"]),
    default="auto",
    show_default=True,
    help="What FILE holds; auto looks at its beginning.",
)
@click.option(
    "--output",
    type=click.Choice(["table", "json", "text", "html"]),
    default="table",
    show_default=True,
    help="table of blocks, JSON, the kept text, or a page to look at in a browser.",
)
@keep_option
@click.option("--url", help="The page's address.")
@click.option("--id", "identity", metavar="TEXT", help="A name for the page.")
@model_option
@profiles_option
@probabilities_option
@click.option("--page-text", is_flag=True, help="Include the text that the offsets refer to.")
@click.option("--metadata", is_flag=True, help="Add title, author, date and site (HTML only).")
def segment(
    *,
    file: str,
    input_kind: Literal["auto", "text", "html"],
    output: Literal["table", "json", "text", "html"],
    keep: tuple[str, ...],
    url: str | None,
    identity: str | None,
    model: Path | None,
    profiles: Path | None,
    probabilities: bool,
    page_text: bool,
    metadata: bool,
) -> None:
    """Segment one page, raw text or HTML; FILE may be - for standard input.

    --probabilities, --page-text and --metadata belong to --output json.

    \b
    Examples:
      segmenter segment page.html
      segmenter segment page.txt --output json --probabilities
      segmenter segment page.html --output html > blocks.html
      curl -s https://example.org/ | segmenter segment - --output text --keep headline,body
    """
    if output != "json" and (probabilities or page_text or metadata):
        raise click.UsageError("--probabilities, --page-text and --metadata need --output json")
    data = _read(file)
    kind: InputKind = "text"
    if input_kind == "html" or (input_kind == "auto" and looks_like_html(data)):
        kind = "html"
    if metadata and kind == "text":
        raise click.UsageError("--metadata needs HTML; this page is raw text (see --input)")
    if profiles is not None and url is None:
        raise click.UsageError("--profiles needs --url: it tells the page's site")
    segmenter = Segmenter.load(model, profiles=profiles)
    work = segmenter.segment_html if kind == "html" else segmenter.segment
    segmentation = work(data, id=identity, url=url, keep=keep)
    if output == "json":
        value = segmentation.to_dict(probabilities=probabilities, page_text=page_text)
        if metadata:
            value["metadata"] = _metadata(data, url)
        _write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
    else:
        _show(segmentation, output)


def _read(file: str) -> bytes:
    """At most one byte over the limit: enough for the library to refuse it."""
    size = Limits().document_bytes + 1
    if file == "-":
        return sys.stdin.buffer.read(size)
    with open(file, "rb") as stream:
        return stream.read(size)


def _metadata(data: bytes, url: str | None) -> dict[str, Any]:
    # Its libraries take longer to load than a page takes to segment.
    from segmenter.metadata import page_metadata

    return dict(page_metadata(decode_html(data), url))


def _show(segmentation: Segmentation, output: Literal["table", "text", "html"]) -> None:
    terminal = sys.stdout.isatty()
    match output:
        case "html":
            _write(html_page(segmentation))
        case "text":
            text = segmentation.text + "\n"
            _write(printable(text) if terminal else text)
        case "table" if terminal:
            show_table(segmentation, sys.stdout)
        case _:
            _write(plain_table(segmentation))


def _write(text: str) -> None:
    """UTF-8 whatever the locale; a lone surrogate, which has no UTF-8, becomes a question mark."""
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
