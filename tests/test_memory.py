"""What is made to take memory takes no more than 20 times its size and a fixed amount."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from segmenter import LimitError, Limits
from segmenter.html import split_html
from segmenter.text import split_text

TIMES = 20
FIXED = Limits().memory + 32_000_000
"""The limit is on an estimate; the rest is for the pieces that are worked on at a time."""
MEGABYTE = 1_000_000

# Each is Python, for a process of its own: what an earlier document left behind would hide much.
DOCUMENTS: dict[str, tuple[str, str]] = {
    "lines of one letter": ("text", "'a\\n' * 100_000"),
    "lines of a letter and a sign": ("text", "'a !\\n' * 110_000"),
    "empty lines": ("text", "'\\n' * 4_000_000"),
    "white lines": ("text", "' \\n' * 2_000_000"),
    "Chinese in one line": ("text", "'我們在這裡看到一個很長的句子。' * 220_000"),
    "Chinese without a full stop": ("text", "'我們在這裡看到一個很長的句子' * 25_000"),
    "one word of a megabyte": ("text", "'x' * 1_000_000"),
    "one word of four megabytes": ("text", "'x' * 4_000_000"),
    "one line of words": ("text", "'The quick brown fox, and so it went on. ' * 100_000"),
    "one line of letters": ("text", "'a ' * 2_000_000"),
    "signs outside the basic plane": ("text", "'😀𠀀 ' * 120_000"),
    "tiny paragraphs": ("html", "'<p>a</p>' * 100_000"),
    "paragraphs": ("html", "'<p>The quick brown fox jumps over the lazy dog again.</p>' * 150_000"),
    "menu": ("html", "''.join(f'<li><a href=/{i}>Item {i}</a></li>' for i in range(50_000))"),
    "deep nesting": ("html", "'<div>' * 15_000 + 'x'"),
    "table": (
        "html",
        "'<table>' + ''.join('<tr>' + f'<td>{i}</td>' * 10 + '</tr>' for i in range(20_000))",
    ),
    "one paragraph of letters": ("html", "'<p>' + 'x ' * 2_000_000"),
    "elements without a block": ("html", "'<i>a</i>' * 200_000"),
    "attributes": ("html", "'<i a b c>x</i> ' * 70_000"),
}
PROGRAM = """
import re, sys
from segmenter import Segmenter

def read(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

segmenter = Segmenter.load()
segment = segmenter.segment if {kind!r} == "text" else segmenter.segment_html
segmenter.segment("The ferry leaves at nine, and all of its seats are taken.\\n" * 99)
segmenter.segment_html("<p>The ferry leaves at nine, and all of its seats are taken.</p>" * 99)
document = {document}
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak starts again
before = read("VmRSS")
segment(document)
print(read("VmHWM") - before, len(document.encode()))
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="peak memory is read from Linux's /proc"
)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_peak_is_within_the_bound(name: str) -> None:
    kind, document = DOCUMENTS[name]
    program = PROGRAM.format(kind=kind, document=document)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    taken, size = map(int, done.stdout.split())
    assert taken <= TIMES * size + FIXED, f"{taken / MEGABYTE:.0f} MB for {size / MEGABYTE:.1f} MB"


REFUSED: dict[str, tuple[str, str]] = {
    "a million lines of one letter": ("text", "a\n" * MEGABYTE),
    "a million paragraphs of one letter": ("html", "<p>a" * MEGABYTE),
    "nothing but tags": ("html", "<p>" * MEGABYTE),
    "nothing but comments": ("html", "<!>" * MEGABYTE),
    "nothing but attributes": ("html", "<p a b c d e f g>" * 100_000),
    "attributes without space between": ("html", '<p a="b"c="d"e="f"/g/h/i/j>' * 60_000),
    "few tags with many attributes": ("html", ("<p" + " a" * 290 + ">") * 3_000),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_take_more_is_refused(name: str) -> None:
    kind, document = REFUSED[name]
    with pytest.raises(LimitError, match="memory") as caught:
        (split_text if kind == "text" else split_html)(document)
    assert caught.value.limit == "memory"


def test_limit_is_settable() -> None:
    lines = "a\n" * 1_000
    beyond = 1_000 * 700 - 20 * len(lines)
    assert len(split_text(lines, Limits(memory=beyond))) == 1_000
    with pytest.raises(LimitError, match="memory"):
        split_text(lines, Limits(memory=beyond - 1))
