"""Pages that fuzzing starts from or has found, and a minute of fuzzing."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bench.fuzz_cases import Case, FuzzFailureError, check_case, warm_segmenter
from bench.fuzz_tally import Tally
from segmenter import Document, Segmentation, Segmenter
from segmenter.types import DEFAULT_KEEP

ROOT = Path(__file__).resolve().parents[1]
CORPUS = sorted((ROOT / "tests" / "fuzz_corpus").iterdir())


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return warm_segmenter()


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_a_kept_page(segmenter: Segmenter, path: Path) -> None:
    check_case(Case.from_bytes(path.read_bytes()), segmenter)


def test_pages_that_half_an_hour_found(segmenter: Segmenter) -> None:
    with zipfile.ZipFile(ROOT / "tests" / "fuzz_found.zip") as archive:
        names = archive.namelist()
        assert len(names) > 100
        for name in names:
            check_case(Case.from_bytes(archive.read(name)), segmenter)


def test_the_corpus_has_pages_that_are_segmented_and_pages_that_are_refused(
    segmenter: Segmenter,
) -> None:
    small = [path for path in CORPUS if path.name.startswith(("text-utf", "html-utf", "json-"))]
    results = [check_case(Case.from_bytes(path.read_bytes()), segmenter) for path in small]
    assert None in results
    assert any(result is not None and len(result.page) > 1 for result in results)


def test_a_fault_is_seen(segmenter: Segmenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks fail where what they check does not hold."""
    page = Case("text", None, b"Bridge reopens\n\nIt was closed.")
    with pytest.raises(FuzzFailureError, match=r"behind the last block"):
        check_case(page, _Forgetful(segmenter))
    monkeypatch.setattr("bench.fuzz_cases.MOST_BYTES", -1 << 40)
    with pytest.raises(FuzzFailureError, match=r"bytes of memory"):
        check_case(page, segmenter)
    monkeypatch.setattr("bench.fuzz_cases.MOST_SECONDS", 0.0)
    with pytest.raises(FuzzFailureError, match=r"took .* s"):
        check_case(page, segmenter)


class _Forgetful(Segmenter):
    """Loses the last block of every page."""

    def __init__(self, whole: Segmenter) -> None:
        self._whole = whole

    def segment_document(
        self, document: Document, *, keep: Sequence[str] = DEFAULT_KEEP
    ) -> Segmentation:
        result = self._whole.segment_document(document, keep=keep)
        page = replace(result.page, starts=result.page.starts[:-1], ends=result.page.ends[:-1])
        return replace(
            result,
            page=page,
            labels=result.labels[:-1],
            probabilities=result.probabilities[:-1],
        )


def test_the_dearest_page_is_told_also_where_it_is_a_fault(
    segmenter: Segmenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = Tally(tmp_path / "tally")
    check_case(Case("text", None, b"Bridge reopens"), segmenter, tally)
    check_case(Case("json", None, b"{"), segmenter, tally)
    monkeypatch.setattr("bench.fuzz_cases.MOST_SECONDS", 0.0)
    with pytest.raises(FuzzFailureError):
        check_case(Case("html", None, b"<p>It was closed.</p>" * 2_000), segmenter, tally)
    told = re.fullmatch(
        r"3 pages tried, 1 of them refused; slowest (.+) s, most memory \d+ MB",
        str(Tally(tmp_path / "tally")),
    )
    assert told is not None
    assert float(told[1]) > 0


def test_a_page_that_is_slow_where_code_is_watched_is_judged_elsewhere(
    segmenter: Segmenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.fuzz_cases.MOST_SECONDS", 0.0)
    data = b"\1\0\0<p>It was closed.</p>"
    place = tmp_path / "tally"

    def judge() -> None:
        command = [sys.executable, "-m", "bench.fuzz_one", "--tally", str(place)]
        subprocess.run(command, cwd=ROOT, input=data, check=True, timeout=60)

    tally = Tally(place)
    check_case(Case.from_bytes(data), segmenter, tally, judge_slow=judge)
    assert str(Tally(place)).startswith("1 pages tried, 0 of them refused")


def test_a_page_that_fails_alone_is_told_by_the_exit_code() -> None:
    program = (
        "import bench.fuzz_cases as cases; cases.MOST_SECONDS = 0.0; "
        "from bench.fuzz_one import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, input=b"\0\0\0Bridge reopens", check=False, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert b"14 bytes took" in done.stderr


@pytest.mark.slow
def test_a_minute_of_fuzzing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.fuzz_pages", "--minutes", "1"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3_000:]
    summary = done.stdout.splitlines()[-1]
    assert re.fullmatch(
        r"[1-9][\d,]* pages tried, [\d,]+ of them refused; slowest \d\.\d\d s, "
        r"most memory \d+ MB; 0 crashes",
        summary,
    )
