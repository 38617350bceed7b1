"""The running service under requests made of its own OpenAPI document."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from live_server import ROOT

from bench.fuzz_api import fuzz, guarded_service, main


@pytest.mark.slow
def test_a_minute_of_requests_of_the_document_finds_nothing() -> None:
    with guarded_service() as target:
        found = fuzz(target, 45, seed=1)
        assert found.told == ""
        assert found.failures == 0
        assert found.tested == found.operations > 15
        assert target.calls() > 200


@pytest.mark.slow
def test_failures_are_counted_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told that nothing may be refused, it finds what is."""
    monkeypatch.setattr("bench.fuzz_api._MAY_REFUSE", ())
    monkeypatch.setattr("bench.fuzz_api._ROUND_SECONDS", 45)
    document = Path(shutil.copy(ROOT / "docs" / "operations.md", tmp_path))
    done = CliRunner().invoke(main, ["--calls", "100", "--write", str(document)])
    assert done.exit_code == 1
    summary = done.output.splitlines()[-1]
    assert re.fullmatch(
        r"[\d,]+ calls in 1 round, of \d+ of the \d+ operations; [1-9]\d* failures", summary
    )
    assert f"\n{summary}.\n<!-- end of fuzz-api -->" in document.read_text("utf-8")
