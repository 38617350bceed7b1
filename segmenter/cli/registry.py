"""Options that say where the model versions are; the same for every command that uses them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from segmenter.model_package import shipped_model_path
from segmenter.registry.seal import read_key
from segmenter.registry.versions import Registry

__all__ = ["open_registry", "registry_options"]

Command = Callable[..., Any]


def registry_options(command: Command) -> Command:
    """Add ``--data`` and ``--base``."""
    for option in (
        click.option(
            "--base",
            default="default",
            show_default=True,
            metavar="default|FOLDER",
            envvar="SEGMENTER_MODEL",
            help="Model that versions are adapted from: the shipped one, or a model directory.",
        ),
        click.option(
            "--data",
            type=click.Path(file_okay=False, path_type=Path),
            default="segmenter-data",
            show_default=True,
            envvar="SEGMENTER_DATA",
            help="Folder of the model versions, the same as the service's.",
        ),
    ):
        command = option(command)
    return command


def open_registry(data: Path, base: str) -> Registry:
    """The versions in a data folder; the variable SEGMENTER_SIGNING_KEY names a key file.

    Raises:
        ModelError: there is no base model, or the key can't be used.
    """
    key = os.environ.get("SEGMENTER_SIGNING_KEY")
    place = shipped_model_path() if base == "default" else Path(base)
    return Registry(data / "models", place, key=read_key(Path(key)) if key else None)
