"""The command line: ``segmenter``.

Exit codes: 0 fine, 1 failed on the data or the model, 2 wrong usage, 130 interrupted, 141 the
reader of the output went away.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final, NoReturn

import click

from segmenter import __version__
from segmenter.errors import SegmenterError

__all__ = ["cli", "main"]

# Command -> module and attribute, and its line in the overview. A module is imported when its
# command is asked for: the overview shall not wait for libraries that only one command needs.
_COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "segment": ("segmenter.cli.segment:segment", "Segment one page, raw text or HTML."),
    "batch": ("segmenter.cli.batch:batch", "Segment a crawl: JSONL, WARC, Parquet, files."),
    "profile": ("segmenter.cli.profile:profile", "Learn what the pages of each site share."),
    "train": ("segmenter.cli.train:train", "Train a model on labelled pages."),
    "evaluate": ("segmenter.cli.evaluate:evaluate", "Score a model on labelled pages."),
    "corpora": ("segmenter.cli.corpora:corpora", "Build training files from public repositories."),
    "labels": ("segmenter.cli.labels:labels", "Check, convert and choose pages to label."),
    "models": ("segmenter.cli.models:models", "List, compare and choose models."),
    "keys": ("segmenter.cli.keys:keys", "Make API keys for the service."),
}
_INTERRUPTED: Final = 130
_PIPE_CLOSED: Final = 141


class _LazyGroup(click.Group):
    """The commands of the table, in its order."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; a reader that went away (``| head``) ends it silently."""
        try:
            result: object = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except BrokenPipeError:
            # What is still buffered would fail again when Python exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(_PIPE_CLOSED)


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    click.echo(f"segmenter {__version__}")
    ctx.exit()


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Split scraped pages into labelled blocks: headline, byline, body, comment, boilerplate…

    \b
    Examples:
      segmenter segment page.html
      curl -s https://example.org/ | segmenter segment - --output text
      segmenter batch pages.jsonl.gz -o blocks.jsonl.gz --workers 4
      segmenter COMMAND --help
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit, with one clear line on stderr where something is wrong.

    Set ``SEGMENTER_TRACEBACK=1`` to see where an unexpected error comes from.

    Args:
        arguments: without the program's name; ``None`` for those of the process.
    """
    try:
        result = cli.main(arguments, prog_name="segmenter", standalone_mode=False)
        code = result if isinstance(result, int) else 0
    except (click.Abort, KeyboardInterrupt):
        code = _INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = error.exit_code
    except Exception as error:
        expected = isinstance(error, click.ClickException | SegmenterError | OSError)
        if not expected and os.environ.get("SEGMENTER_TRACEBACK"):
            raise
        click.echo(f"Error: {' '.join(_message(error).split())}", err=True)
        code = error.exit_code if isinstance(error, click.ClickException) else 1
    sys.exit(code)


def _message(error: Exception) -> str:
    match error:
        case click.UsageError(ctx=click.Context() as ctx):
            return f"{error.format_message()} (see '{ctx.command_path} --help')"
        case click.ClickException():
            return error.format_message()
        case SegmenterError():
            return str(error)
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return f"{where}{error.strerror or error}"
        case _:
            return f"unexpected {type(error).__name__}: {error}"
