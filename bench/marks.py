"""The places in documents that commands write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

__all__ = ["write_between_marks", "write_option"]

write_option: Final[Callable[[Callable[..., Any]], Callable[..., Any]]] = click.option(
    "--write",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Write the figures into a document, between its marks.",
)


def write_between_marks(path: Path, name: str, text: str) -> None:
    """Put text between ``<!-- name -->`` and ``<!-- end of name -->`` of a document.

    Raises:
        click.ClickException: the document has no such marks.
    """
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, found_begin, rest = path.read_text("utf-8").partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise click.ClickException(f"{path} has no lines {begin!r} and {end!r}")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")
