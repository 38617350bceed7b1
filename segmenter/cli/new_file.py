"""A file to be written, refused before the work if there is nowhere to write it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import click

__all__ = ["NewFile"]


class NewFile(click.Path):
    """A local file, there or not, in a folder that is there."""

    def __init__(self, *, allow_dash: bool = False) -> None:
        super().__init__(dir_okay=False, allow_dash=allow_dash, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """As ``click.Path`` has it."""
        if re.match(r"[a-z][a-z0-9+.-]+:/", str(value)):
            self.fail(f"{value} is no local file; write one and copy it on", param, ctx)
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.parent.is_dir():
            self.fail(f"{path.parent} is no directory", param, ctx)
        return path
