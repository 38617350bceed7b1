"""``segmenter keys``: API keys for the service."""

from __future__ import annotations

import click

from segmenter.keys import ROLES, Role, new_key

__all__ = ["keys"]


@click.group()
def keys() -> None:
    """Make API keys for the service.

    \b
    Example:
      segmenter keys new --role read --name crawler >> keys.txt
    """


@keys.command()
@click.option(
    "--role", type=click.Choice(ROLES), required=True,
    help="read: segment. label: that, and labelled pages. admin: all, training and models too.",
)  # fmt: skip
@click.option(
    "--name", required=True,
    help="Whose key it is: letters, digits, dots, dashes and underscores. Logs have it.",
)  # fmt: skip
def new(role: Role, name: str) -> None:
    """Make a key, show it once on stderr, and print the line to keep of it.

    The line has no secret in it: append it to the file that SEGMENTER_API_KEYS names. A running
    service takes it up at once. Remove the line, and the key is refused.

    \b
    Examples:
      segmenter keys new --role read --name crawler >> keys.txt
      segmenter keys new --role admin --name ada
    """
    secret, key = new_key(role, name)
    click.echo(
        f"The key, shown this once; send it as 'Authorization: Bearer KEY':\n{secret}", err=True
    )
    click.echo(key.line())
