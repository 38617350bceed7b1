"""Real datatrove pipelines: several tasks and workers, killed and gone on with."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from batch_runs import rows_of, run
from crawl_pages import page, response, write_members, write_warc
from datatrove.data import Document as TroveDocument

from segmenter import Segmenter
from segmenter.crawl.datatrove import SegmentExtractor, SegmentPages, WarcPages
from segmenter.crawl.outputs.jsonl import encode_row
from segmenter.crawl.segmenting import loaded

ROOT = Path(__file__).parents[2]
FILES, PAGES = 4, 20
# What datatrove's extras install and we do not; the adapters must do without.
EXTRAS = ("pyarrow", "warcio", "cchardet", "magic", "datasets", "tldextract", "regex")
BLOCKED = f"""
import runpy, sys
for name in {EXTRAS}: sys.modules[name] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crawl")
    for number in range(FILES):
        write_warc(folder / f"{number}.warc.gz", PAGES, first=100 * number)
    return folder


def start(crawl: Path, output: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", BLOCKED, "examples/datatrove_warc.py", crawl, output, *options]
    return subprocess.Popen(
        list(map(str, command)), cwd=ROOT, text=True, stderr=subprocess.PIPE, process_group=0
    )


def finish(crawl: Path, output: Path, *options: str) -> str:
    with start(crawl, output, *options) as process:
        log = process.communicate(timeout=300)[1]
    assert process.returncode == 0, log
    return log


def documents(folder: Path) -> dict[str, dict[str, Any]]:
    rows = [row for path in sorted(folder.glob("*.jsonl")) for row in rows_of(path.read_bytes())]
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["metadata"]["url"]: row for row in rows}


def as_answer(document: dict[str, Any]) -> bytes:
    """A document of the pipeline in the form that the command line gives."""
    metadata = document["metadata"]
    names = ("input", "language", "model", "headline", "byline")
    return encode_row(
        {"id": document["id"], "url": metadata["url"]}
        | {name: metadata[name] for name in names}
        | {"text": document["text"], "confidence": metadata["confidence"]}
        | {"blocks": metadata["blocks"]}
    )


@pytest.mark.slow
def test_killed_and_started_again_it_gives_the_bytes_of_the_command_line(
    crawl: Path, tmp_path: Path
) -> None:
    options = ("--tasks", "4", "--workers", "2")
    completed = tmp_path / "logs" / "completions"
    with start(crawl, tmp_path, *options) as process:
        deadline = time.monotonic() + 120
        while not list(completed.glob("*")) and time.monotonic() < deadline:
            time.sleep(0.005)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    done = {path.name: path.stat().st_mtime_ns for path in completed.glob("*")}
    assert done
    log = finish(crawl, tmp_path, *options)
    assert f"Skipping {len(done)} already completed tasks" in log or len(done) == FILES
    again = {path.name: path.stat().st_mtime_ns for path in completed.glob("*")}
    assert len(again) == FILES
    assert done.items() <= again.items()
    found = documents(tmp_path / "pages")
    lines = run(crawl, "-o", "-").stdout.splitlines(keepends=True)
    assert len(lines) == FILES * PAGES
    assert [as_answer(found[json.loads(line)["url"]]) for line in lines] == lines


@pytest.mark.slow
def test_the_extractor_loses_no_document(crawl: Path, tmp_path: Path) -> None:
    options = ("--text-only", "--seconds", "30", "--tasks", "2", "--workers", "2")
    assert "Timeout" not in finish(crawl, tmp_path, *options)
    found = documents(tmp_path / "pages")
    assert len(found) == FILES * PAGES
    assert found["https://news.example/7"]["text"] == Segmenter.load().segment_html(page(7)).text


def test_the_model_is_loaded_before_the_time_of_a_document_begins() -> None:
    loaded.cache_clear()
    extractor = SegmentExtractor(timeout=30)
    pages = [TroveDocument(page(number).decode(), str(number)) for number in range(3)]
    assert [document.id for document in extractor.run(iter(pages))] == ["0", "1", "2"]
    # Loaded in this process, of which the one with the time limit is a fork.
    assert loaded.cache_info().misses == 1


def test_documents_under_a_confidence_are_dropped_and_counted() -> None:
    pages = [
        TroveDocument(page(1).decode(), "html"),
        TroveDocument("Some words.\n\nMore of them.", "text"),
        TroveDocument("", "empty"),
    ]
    plain = SegmentPages(drop_empty=False)
    assert [d.metadata["input"] for d in plain.run(iter(pages))] == ["html", "text", "text"]
    strict = SegmentPages(min_confidence=1.1)
    assert list(strict.run(iter(pages))) == []
    assert strict.stats["dropped_confidence"].total == 3
    assert strict.stats["total"].total == 3


def test_what_reads_as_html_by_its_metadata_is_html() -> None:
    text = TroveDocument("no tag at all", "1", metadata={"input": "html", "url": "https://a.b/"})
    (document,) = SegmentPages(drop_empty=False).run(iter([text]))
    assert document.metadata["input"] == "html"
    assert document.metadata["url"] == "https://a.b/"
    assert document.metadata["blocks"][0]["path"]


def test_damaged_records_are_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    write_members(tmp_path / "a.warc.gz", [response(1), response(2, longer=9), response(3)])
    reader = WarcPages(str(tmp_path))
    found = list(reader.run())
    assert [document.metadata["url"] for document in found] == [
        "https://news.example/1",
        "https://news.example/3",
    ]
    assert found[1].metadata["offset"] > 0
    assert reader.stats["broken_record"].total == 1
