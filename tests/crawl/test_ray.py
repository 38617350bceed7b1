"""A real local Ray cluster."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from batch_runs import run
from crawl_pages import write_warc

from segmenter.crawl.arrow import json_row
from segmenter.crawl.outputs.jsonl import encode_row

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FILES, PAGES = 6, 120
# By the mark the processes of this cluster are told from others on the machine.
MARK = f"SEGMENTER_RAY_TEST={uuid.uuid4()}"
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"},
    "PYTHON": sys.executable,
    "RAY_USAGE_STATS_ENABLED": "0",
    **dict([MARK.split("=")]),
}


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crawl")
    for number in range(FILES):
        write_warc(folder / f"{number}.warc.gz", PAGES, first=1_000 * number)
    cut = folder / f"{FILES - 1}.warc.gz"
    cut.write_bytes(cut.read_bytes()[:-50])
    return folder


def actors_at_work() -> list[int]:
    """Processes that segment pages just now: Ray names them by their class and its method."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            name, marked = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
            at_work = b"ray::" in name and b"Segment" in name and b".submit" in name
            if at_work and MARK.encode() in marked:
                found.append(int(entry.name))
    return found


def kill_one(stop: threading.Event, killed: list[int]) -> None:
    while not stop.is_set() and not killed:
        for worker in actors_at_work()[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
                killed.append(worker)
        time.sleep(0.01)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_a_worker_killed_in_the_middle_costs_no_page(crawl: Path, tmp_path: Path) -> None:
    expected = run(crawl, "-o", "-").stdout.splitlines(keepends=True)
    stop, killed = threading.Event(), list[int]()
    killer = threading.Thread(target=kill_one, args=(stop, killed))
    killer.start()
    result = subprocess.run(
        ["examples/ray_crawl.sh", str(crawl), str(tmp_path), "--workers", "2",
         "--address", "local"],
        cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    stop.set()
    killer.join()
    assert result.returncode == 0, result.stderr[-3_000:]
    assert killed
    rows = pq.read_table(tmp_path).to_pylist()
    assert len(rows) == FILES * PAGES
    assert sorted(encode_row(json_row(row)) for row in rows) == sorted(expected)
    (error,) = (row["error"] for row in rows if row["error"])
    assert error["file"] == str(crawl / f"{FILES - 1}.warc.gz")
    assert error["offset"] > 0
