"""Options that say where labelled pages come from; the same for train and evaluate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

__all__ = ["source_options"]

Command = Callable[..., Any]
_folder = click.Path(exists=True, file_okay=False, path_type=Path)
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


def source_options(command: Command) -> Command:
    """Add ``--seeds``, ``--gold``, ``--corpora`` and ``--seed``."""
    for option in (
        click.option("--seed", default=0, show_default=True, help="Of everything random."),
        click.option("--corpora", type=_folder, help="Folder of corpora with main-text gold."),
        click.option("--gold", type=_file, help="JSON lines of pages labelled block by block."),
        click.option(
            # Not looked for before it is read: adapting to labels does without it.
            "--seeds", type=click.Path(file_okay=False, path_type=Path), default="seeds",
            show_default=True,
            help="Folder of example pages with labels.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command
