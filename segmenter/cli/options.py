"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

from segmenter.errors import InputError
from segmenter.types import check_keep

__all__ = ["keep_option", "model_option", "probabilities_option", "profiles_option"]


def _parse_keep(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    try:
        return check_keep([label.strip() for label in value.split(",") if label.strip()])
    except InputError as error:
        raise click.BadParameter(str(error)) from error


keep_option = click.option(
    "--keep",
    default="body",
    show_default=True,
    metavar="LABEL,…",
    callback=_parse_keep,
    help="Labels whose blocks make up the kept text, separated by commas.",
)

model_option = click.option(
    "--model",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Model directory; without it the shipped model.",
)

profiles_option = click.option(
    "--profiles",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What stands on other pages of the sites, of `segmenter profile build`; pages need URLs.",
)

probabilities_option = click.option(
    "--probabilities", is_flag=True, help="Give every block the probabilities of all labels."
)
