"""The bench as it is called: real tools, few pages, small documents."""

from __future__ import annotations

import gzip
import json
import lzma
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.generated import SERIES
from bench.pages import PagesError, read_pages, seed_pages
from bench.spread import Spread
from bench.stages import STAGES

ROOT = Path(__file__).parents[1]
PAGE = (
    "<html><head><title>The lock is open</title></head><body><nav><a href='/'>Home</a></nav>"
    "<h1>The lock is open</h1><p>Boats pass the lock again from Monday, the canal trust said.</p>"
    "<p>Both gates were made new over the winter.</p></body></html>"
)


def bench(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        check=False,
    )


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "one.html").write_text(PAGE, "utf-8")
    (folder / "two.html").write_bytes(PAGE.encode("utf-16"))
    (folder / "three.html.gz").write_bytes(gzip.compress(PAGE.encode()))
    (folder / "notes.txt").write_text("not a page", "utf-8")
    return folder


def json_lines(path: Path, rows: list[Any]) -> Path:
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    if path.suffix == ".xz":
        data = lzma.compress(data)
    elif path.suffix == ".gz":
        data = gzip.compress(data)
    path.write_bytes(data)
    return path


@pytest.mark.slow
def test_run_over_a_folder_writes_report_json_and_plots(pages: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--passes", "2", "--largest", "11000", "--sample", "1", "--write", "--out", out)
    done = bench("--pages", pages, *options, "--json")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert json.loads((out / "results.json").read_text("utf-8")) == results
    assert results["pages"]["count"] == 3
    rows = results["comparison"]["rows"]
    assert {"lexbor", "trafilatura", "html", "html_batch", "text", "text_batch"} <= set(rows)
    assert all(row["failed"] == 0 and row["pages"] == 3 for row in rows.values())
    for row in rows.values():
        for figure in ("milliseconds", "to_reference", "to_parser"):
            spread = row[figure]
            assert 0 < spread["least"] <= spread["median"] <= spread["most"]
    assert rows["trafilatura"]["to_reference"]["median"] == 1
    for times in results["stages"].values():
        assert set(times["milliseconds"]) == set(STAGES)
        assert times["milliseconds"]["classifier"]["median"] > 0
    html, text = results["parts"]["html"], results["parts"]["text"]
    assert {"split", "features", "classifier"} == set(html) == set(text)
    assert "walk over all nodes" in html["split"]
    assert "walk over all nodes" not in text["split"]
    for part in ("words looked up", "network, first layer", "network, other layers"):
        assert html["classifier"][part] > 0
        assert text["classifier"][part] > 0
    figures = results["startup"]["figures"]
    assert figures["empty_mib"]["most"] < figures["loaded_mib"]["least"]
    assert set(results["scaling"]) == set(SERIES)
    assert results["goals"]
    report = (out / "RESULTS.md").read_text("utf-8")
    assert str(tmp_path) not in report
    for name in ("growth.png", "stages.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
        assert f"({name})" in report


def test_run_without_pages_says_what_is_accepted(tmp_path: Path) -> None:
    done = bench("--pages", tmp_path)
    assert done.returncode == 1
    assert "no pages in" in done.stderr
    assert ".jsonl.xz" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "jsonl.xz"])
def test_json_lines_are_read_whatever_their_compression(tmp_path: Path, suffix: str) -> None:
    source = json_lines(tmp_path / f"some.{suffix}", [{"html": PAGE}, {"html": "<p>b", "id": 2}])
    found = read_pages([source])
    assert sorted(found.html) == sorted([PAGE, "<p>b"])
    assert found.origin == f"2 of some.{suffix}"


def test_folder_pages_are_decoded(pages: Path) -> None:
    assert read_pages([pages]).html == (PAGE, PAGE, PAGE)


def test_limit_takes_equal_shares_and_the_same_pages_each_time(tmp_path: Path) -> None:
    many = json_lines(tmp_path / "many.jsonl", [{"html": f"many {n}"} for n in range(100)])
    few = json_lines(tmp_path / "few.jsonl", [{"html": f"few {n}"} for n in range(3)])
    found = read_pages([few, many], limit=10).html
    assert found == read_pages([few, many], limit=10).html
    assert sum(page.startswith("few") for page in found) == 3
    assert sum(page.startswith("many") for page in found) == 7
    assert max(int(page.split()[1]) for page in found if page.startswith("many")) > 9


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bad.jsonl", b'{"html": 5}\n', "line 1: no string in the field 'html'"),
        ("bad.jsonl", b"{", "can't be read"),
        ("bad.jsonl.gz", b"plain", "can't be read"),
        ("bad.jsonl.xz", b"plain", "can't be read"),
        ("bad.csv", b"html\n", "is no source of pages"),
        ("bad.jsonl", b"", "no pages in"),
    ],
)
def test_bad_sources_are_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    source = tmp_path / name
    source.write_bytes(content)
    with pytest.raises(PagesError, match=r"bad\.") as caught:
        read_pages([source])
    assert message in str(caught.value)


def test_seed_pages_come_in_several_sizes() -> None:
    sizes = sorted(len(page) for page in seed_pages().html)
    assert sizes[-1] > 20 * sizes[0]


@pytest.mark.parametrize("name", SERIES)
def test_generated_documents_grow_with_their_size(name: str) -> None:
    series = SERIES[name]
    small, large = (len(series.make(size).encode()) for size in (3_000, 30_000))
    assert 8 < large / small < 12
    if series.unit == "bytes":
        assert large == pytest.approx(30_000, rel=0.3)


def test_spread_shows_median_and_range() -> None:
    assert f"{Spread.of([3.0, 1.0, 2.0]):.1f}" == "2.0 (1.0..3.0)"
