"""``python -m bench.fuzz_pages``: fuzz both front ends with atheris (libFuzzer).

What has to hold is in ``bench.fuzz_cases``; it starts from ``tests/fuzz_corpus`` and from what half
an hour had found, ``tests/fuzz_found.zip``. The parser, NumPy and the regular expressions are not
instrumented: coverage is of the package's Python code, and what is slow or large in the others is
found by the repeats of a case.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

import click

from bench.fuzz_tally import Tally
from bench.machine import measured_by
from bench.marks import write_between_marks, write_option

__all__ = ["main"]

_ROOT: Final = Path(__file__).resolve().parents[1]
_CORPUS: Final = _ROOT / "tests" / "fuzz_corpus"
_FOUND: Final = _ROOT / "tests" / "fuzz_found.zip"
# Backstops for what never returns to the checks. The time is by the clock, also where the machine
# has other things to do; the memory is of the whole process, to which atheris adds some 220 MB a
# minute, and the package nothing where it is not watched. What one page may take is checked page
# by page.
_HANG_SECONDS: Final = 900
_MEMORY_MB: Final = 4_000
_MEMORY_MB_A_MINUTE: Final = 400
_LONGEST_INPUT: Final = 4_096
_WORDS: Final = (
    *(f"<{tag}>" for tag in "p div br pre table tr td a b i font svg math title template".split()),
    *(f"<{tag}>" for tag in "script style textarea noscript select form frameset html".split()),
    *(f"</{tag}>" for tag in "p div a b table script svg template html body title".split()),
    *("<!--", "-->", "<![CDATA[", "]]>", "<!doctype html>", "<?xml", "&amp;", "&#0;", "&#xD800;"),
    *(" hidden", ' style="display:none"', ' class="', " id=", '<meta charset="', "utf-16le"),
    *('<meta name=author content="', "<html lang=", '{"text":"', '{"html":"', '"}', ',"keep":['),
    *(
        r"\\ud800",
        "\r\n",
        "\\x85",
        "\\xef\\xbb\\xbf",
        "\\xff\\xfe",
        "\\xe2\\x80\\xa8",
        "\\x00\\x00",
    ),
)


@click.command()
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), default=1, show_default=True
)
@click.option(
    "--found",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for new inputs; it is kept, and the next run goes on from it.  [default: none]",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="0 takes one by the clock.")
@write_option
def main(*, minutes: float, found: Path | None, seed: int, write: Path | None) -> None:
    """Fuzz raw text, HTML bytes and JSON bodies for some minutes; exit code 1 on a failure."""
    # A page that is judged alone when libFuzzer ends may still write its line.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        place = found or Path(temporary) / "found"
        place.mkdir(parents=True, exist_ok=True)
        kept = Path(temporary) / "kept"
        with zipfile.ZipFile(_FOUND) as archive:
            archive.extractall(kept)
        words = Path(temporary) / "words"
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in _WORDS), "utf-8")
        # Files with a dash in their names are libFuzzer's.
        tally = Tally(Path(temporary) / "tally")
        arguments = [
            str(minutes * 60),
            str(Path(temporary) / "tally"),
            f"-timeout={_HANG_SECONDS}",
            f"-rss_limit_mb={_MEMORY_MB + int(_MEMORY_MB_A_MINUTE * minutes)}",
            f"-max_len={_LONGEST_INPUT}",
            "-len_control=0",
            "-verbosity=0",
            f"-seed={seed}",
            f"-dict={words}",
            f"-artifact_prefix={temporary}/",
        ]
        folders = map(str, (place, _CORPUS, kept))
        command = [sys.executable, "-m", "bench.fuzz_target", *arguments, *folders]
        code = subprocess.run(command, cwd=_ROOT, check=False).returncode
        for page in sorted(Path(temporary).glob("*-*")):
            click.echo(f"{page.name}: {page.read_bytes()!r}")
    # The first one ends it.
    summary = f"{tally}; {int(code != 0)} crashes"
    click.echo(summary)
    if write is not None:
        write_between_marks(write, "fuzz-pages", _report(summary, minutes))
    sys.exit(1 if code else 0)


def _report(summary: str, minutes: float) -> str:
    return f"{measured_by(f'bench.fuzz_pages --minutes {minutes:g}', 'atheris')}:\n{summary}."


def _escaped(word: str) -> str:
    """A word of libFuzzer's dictionaries; ``\\x`` escapes are its own."""
    return word.replace("\r", "\\x0d").replace("\n", "\\x0a").replace('"', '\\"')


if __name__ == "__main__":
    main()
