"""A batch run that went through, and one that was killed half-way."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from batch_runs import ROWS, kill_after, pages, pages_done, rows_until_checkpoint, run


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("batch") / "pages.jsonl"
    path.write_bytes(pages(ROWS))
    return path


@pytest.fixture(scope="session")
def expected(source: Path) -> bytes:
    """The output of one uninterrupted run with one worker."""
    output = source.with_name("expected.jsonl")
    result = run(source, "-o", output)
    assert result.returncode == 0, result.stderr
    return output.read_bytes()


@pytest.fixture(scope="session")
def interrupted(source: Path, expected: bytes) -> Path:
    """A directory in which a run to ``out.jsonl`` was killed half-way."""
    output = source.with_name("killed") / "out.jsonl"
    output.parent.mkdir()
    assert kill_after(output, 100, source, "-o", output)
    assert 0 < pages_done(output) < ROWS
    assert not output.exists()
    assert expected.startswith(rows_until_checkpoint(output))
    return output.parent


@pytest.fixture
def killed(interrupted: Path, tmp_path: Path) -> Path:
    """``OUT`` of a killed run, for this test alone."""
    copy = tmp_path / "killed"
    shutil.copytree(interrupted, copy)
    return copy / "out.jsonl"
