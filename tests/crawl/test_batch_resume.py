"""``segmenter batch``: killed anywhere, started again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from batch_runs import ROWS, await_pages, kill_after, pages, pages_done, rows_of, run, start

from segmenter.crawl.compression import plain_pieces

pytest_plugins = ("batch_fixtures",)


def test_killed_again_and_again_the_file_is_the_same(
    source: Path, expected: bytes, tmp_path: Path
) -> None:
    output = tmp_path / "out.jsonl"
    arguments = (source, "-o", output)
    kills = 0
    while kill_after(output, max(pages_done(output), 0) + 1, *arguments):
        kills += 1
        # The last kill may come behind the rename.
        assert not output.exists() or output.read_bytes() == expected
    assert kills >= 3
    assert output.read_bytes() == expected
    assert os.listdir(tmp_path) == ["out.jsonl"]


def test_killed_with_two_workers_and_compressed_output(
    source: Path, expected: bytes, tmp_path: Path
) -> None:
    output, whole = tmp_path / "out.zst", tmp_path / "whole.zst"
    assert kill_after(output, 1, source, "-o", output, "--workers", "2")
    assert run(source, "-o", output).returncode == 0
    assert run(source, "-o", whole).returncode == 0
    assert output.read_bytes() == whole.read_bytes()
    assert b"".join(plain_pieces(output.open("rb"), output.name)) == expected


def test_killed_before_the_first_chunk(source: Path, expected: bytes, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    assert kill_after(output, 0, source, "-o", output)
    assert run(source, "-o", output).returncode == 0
    assert output.read_bytes() == expected


def test_a_half_row_behind_the_checkpoint_is_cut_off(
    source: Path, expected: bytes, killed: Path
) -> None:
    with killed.with_name("out.jsonl.part").open("ab") as part:
        part.write(b'{"id": "half')
    result = run(source, "-o", killed)
    assert killed.read_bytes() == expected
    assert "of them by an earlier run" in result.stderr.decode().splitlines()[0]


def test_killed_before_the_rename(source: Path, expected: bytes, killed: Path) -> None:
    saved = mark_complete(killed, expected)
    killed.with_name("out.jsonl.part").write_bytes(expected)
    assert run(source, "-o", killed).returncode == 0
    assert killed.read_bytes() == expected
    assert not saved.exists()


def test_killed_after_the_rename(source: Path, expected: bytes, killed: Path) -> None:
    saved = mark_complete(killed, expected)
    killed.with_name("out.jsonl.part").unlink()
    killed.write_bytes(expected)
    assert run(source, "-o", killed).returncode == 0
    assert killed.read_bytes() == expected
    assert not saved.exists()


def mark_complete(output: Path, content: bytes) -> Path:
    path = output.with_name(output.name + ".checkpoint")
    saved = json.loads(path.read_bytes())
    saved["checkpoint"].update(complete=True, size=len(content))
    saved["checkpoint"]["tally"]["pages"] = ROWS
    path.write_text(json.dumps(saved), "utf-8")
    return path


def test_standard_input_is_gone_on_with_too(expected: bytes, source: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    data = source.read_bytes()
    with start("-", "-o", output, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(data[: len(data) // 2])
        process.stdin.flush()
        await_pages(process, output, 128)
        process.kill()
    other = run("-", "-o", output, stdin=data.replace(b"p3", b"q3"))
    assert other.returncode == 2
    assert "the input does not begin with" in other.stderr.decode()
    assert run("-", "-o", output, stdin=data).returncode == 0
    assert output.read_bytes() == expected


@pytest.mark.parametrize(
    ("change", "says"),
    [("option", "another --keep"), ("touched", "another input"), ("checkpoint", "no checkpoint")],
)
def test_the_part_of_another_job_is_refused(
    source: Path, killed: Path, tmp_path: Path, change: str, says: str
) -> None:
    changed = tmp_path / "pages.jsonl"
    shutil.copy2(source, changed)
    arguments = ["--keep", "headline"] if change == "option" else []
    if change == "touched":
        os.utime(changed, (1, 1))
    if change == "checkpoint":
        killed.with_name("out.jsonl.checkpoint").unlink()
    part = killed.with_name("out.jsonl.part").read_bytes()
    result = run(changed, "-o", killed, *arguments)
    assert result.returncode == 2
    assert says in result.stderr.decode()
    assert "--restart" in result.stderr.decode()
    assert killed.with_name("out.jsonl.part").read_bytes() == part


def test_restart_discards_the_part(killed: Path) -> None:
    result = run("-", "-o", killed, "--restart", stdin=pages(3))
    assert result.returncode == 0, result.stderr
    assert [row["id"] for row in rows_of(killed.read_bytes())] == ["p0", "p1", "p2"]
    assert os.listdir(killed.parent) == ["out.jsonl"]


def test_an_existing_output_is_only_replaced_when_told(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text("precious")
    refused = run("-", "-o", output, stdin=pages(1))
    assert refused.returncode == 2
    assert "--overwrite" in refused.stderr.decode()
    assert output.read_text() == "precious"
    assert run("-", "-o", output, "--overwrite", stdin=pages(1)).returncode == 0
    assert rows_of(output.read_bytes())[0]["id"] == "p0"


def test_input_and_output_may_not_be_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    path.write_bytes(pages(1))
    result = run(path, "-o", path, "--overwrite")
    assert result.returncode == 2
    assert path.read_bytes() == pages(1)


def test_two_runs_do_not_write_the_same_output(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    with start("-", "-o", output, stdin=subprocess.PIPE) as first:
        await_pages(first, output, 0)
        second = run("-", "-o", output, stdin=pages(1))
        assert second.returncode == 2
        assert "another run is writing" in second.stderr.decode()
        first.communicate(pages(2))
    assert len(rows_of(output.read_bytes())) == 2
