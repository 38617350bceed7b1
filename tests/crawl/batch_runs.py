"""Real runs of ``segmenter batch``, and what they leave behind."""

from __future__ import annotations

import gzip
import json
import lzma
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zstandard

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "segmenter.cli", "batch")
ROWS = 330
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}
PAGE = "The bridge is open again\n\nBy Ann Example\n\nAfter two years the old bridge, number {}, "
PAGE += "was opened to walkers on Monday, the town said. Über die Brücke, 桥.\n\nRead more: a fair"


def pages(count: int) -> bytes:
    rows: list[dict[str, str]] = []
    for number in range(count):
        text = PAGE.format(number)
        row = {"id": f"p{number}", "url": f"https://news.example/{number}"}
        if number % 3:
            rows.append({**row, "text": text})
        else:
            body = "".join(f"<p>{part}</p>" for part in text.split("\n\n"))
            rows.append({**row, "html": f"<html><body>{body}</body></html>"})
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def run(*arguments: str | Path, stdin: bytes = b"") -> Any:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(
        command, input=stdin, capture_output=True, cwd=ROOT, timeout=100, check=False
    )


def start(*arguments: str | Path, **options: Any) -> subprocess.Popen[bytes]:
    command = [*COMMAND, *map(str, arguments)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(command, cwd=ROOT, **streams)


def rows_of(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def pages_done(output: Path) -> int:
    """How far the checkpoint says that a run is; -1 before there is one."""
    try:
        saved = json.loads(output.with_name(output.name + ".checkpoint").read_bytes())
    except FileNotFoundError:
        return -1
    return int(saved["checkpoint"]["tally"]["pages"])


def await_pages(process: subprocess.Popen[bytes], output: Path, pages: int) -> None:
    """Wait until a run has done so many pages."""
    deadline = time.monotonic() + 30
    while pages_done(output) < pages:
        assert process.poll() is None, "the run ended early"
        assert time.monotonic() < deadline, "the run does not get on"
        time.sleep(0.01)


def kill_after(output: Path, pages: int, *arguments: str | Path, stdin: Any = None) -> bool:
    """Start a run and kill -9 it as soon as so many pages are done; false if it got to its end."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with start(*arguments, stdin=stdin, **quiet) as process:
        while process.poll() is None and pages_done(output) < pages:
            time.sleep(0.002)
        process.kill()
    return process.returncode == -signal.SIGKILL


def rows_until_checkpoint(output: Path) -> bytes:
    saved = json.loads(output.with_name(output.name + ".checkpoint").read_bytes())
    size = int(saved["checkpoint"]["size"])
    return output.with_name(output.name + ".part").read_bytes()[:size]
