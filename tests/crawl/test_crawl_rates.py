"""The measurement behind ``docs/scale.md`` runs, and writes where the document says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_rates_are_measured_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    from bench.crawl_rates import main

    document = Path(shutil.copy(ROOT / "docs" / "scale.md", tmp_path))
    arguments = ["--count", "20", "--records", "100", "--write", str(document)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.output)
    assert figures["pages"] == 20
    assert figures["library_rate"] > 0
    assert figures["one"]["peak_mb"] > 50
    assert len(figures["wet_tenths"]) == 10
    before = (ROOT / "docs" / "scale.md").read_text("utf-8")
    after = document.read_text("utf-8")
    assert "the bottleneck is" in after
    assert after.partition("<!--")[0] == before.partition("<!--")[0]
    assert after.rpartition("-->")[2] == before.rpartition("-->")[2]
