"""``segmenter batch``: order, bad rows, compression, workers, kill and resume, flat memory."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from segmenter import model_package
from segmenter.crawl.compression import compress, plain_pieces
from segmenter.crawl.rows import MAX_ROW_BYTES, RowReader, parse_row
from segmenter.errors import InputError

ROOT = Path(__file__).parents[1]
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


def lines_done(output: Path) -> int:
    """How far the checkpoint says that a run is."""
    try:
        saved = json.loads(output.with_name(output.name + ".checkpoint").read_bytes())
    except FileNotFoundError:
        return -1
    return int(saved["checkpoint"]["lines"])


def kill_after(output: Path, lines: int, *arguments: str | Path) -> bool:
    """Start a run and kill -9 it as soon as so many lines are done; false if it got to its end."""
    with start(*arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and lines_done(output) < lines:
            time.sleep(0.002)
        process.kill()
    return process.returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("batch") / "pages.jsonl"
    path.write_bytes(pages(ROWS))
    return path


@pytest.fixture(scope="module")
def expected(source: Path) -> bytes:
    """The output of one uninterrupted run with one worker."""
    output = source.with_name("expected.jsonl")
    result = run(source, "-o", output)
    assert result.returncode == 0, result.stderr
    return output.read_bytes()


@pytest.fixture(scope="module")
def interrupted(source: Path, expected: bytes) -> Path:
    """A directory in which a run to ``out.jsonl`` was killed half-way."""
    output = source.with_name("killed") / "out.jsonl"
    output.parent.mkdir()
    assert kill_after(output, 100, source, "-o", output)
    assert 0 < lines_done(output) < ROWS
    assert not output.exists()
    assert expected.startswith(rows_until_checkpoint(output))
    return output.parent


def rows_until_checkpoint(output: Path) -> bytes:
    saved = json.loads(output.with_name(output.name + ".checkpoint").read_bytes())
    size = int(saved["checkpoint"]["size"])
    return output.with_name(output.name + ".part").read_bytes()[:size]


@pytest.fixture
def killed(interrupted: Path, tmp_path: Path) -> Path:
    """``OUT`` of a killed run, for this test alone."""
    copy = tmp_path / "killed"
    shutil.copytree(interrupted, copy)
    return copy / "out.jsonl"


def test_one_row_for_every_row_in_order(expected: bytes) -> None:
    rows = rows_of(expected)
    assert [row["id"] for row in rows] == [f"p{number}" for number in range(ROWS)]
    assert [row["input"] for row in rows[:4]] == ["html", "text", "text", "html"]
    assert rows[1]["url"] == "https://news.example/1"
    block = rows[1]["blocks"][0]
    assert PAGE.format(1)[block["start"] : block["end"]] == block["text"]
    assert "probabilities" not in block


def test_two_workers_give_the_same_bytes(source: Path, expected: bytes, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    assert run(source, "-o", output, "--workers", "2").returncode == 0
    assert output.read_bytes() == expected
    assert os.listdir(tmp_path) == ["out.jsonl"]


def test_stdin_to_stdout_with_a_summary_on_stderr(source: Path, expected: bytes) -> None:
    result = run("-", "-o", "-", stdin=source.read_bytes())
    assert result.returncode == 0
    assert result.stdout == expected
    summary = result.stderr.decode().splitlines()
    assert summary[0].startswith(f"{ROWS} pages in ")
    assert summary[1].startswith("labels: ")
    assert summary[2:] == ["errors: none"]


def test_options_shape_the_rows() -> None:
    arguments = ("--keep", "headline,body,boilerplate,teaser,byline,deck,caption,comment")
    result = run("-", "-o", "-", "--probabilities", *arguments, stdin=pages(2))
    for row in rows_of(result.stdout):
        assert "Über die Brücke" in row["text"]
        assert len(row["blocks"][0]["probabilities"]) == 9


@pytest.mark.parametrize("suffix", ["gz", "xz", "zst"])
def test_compressed_in_and_out(source: Path, expected: bytes, tmp_path: Path, suffix: str) -> None:
    packed, output = tmp_path / f"in.jsonl.{suffix}", tmp_path / f"out.jsonl.{suffix}"
    pack = PACK[suffix]
    data = source.read_bytes()
    # Two members, as from `cat a.gz b.gz`, cut inside a row.
    packed.write_bytes(pack(data[:5_000]) + pack(data[5_000:]))
    result = run(packed, "-o", output)
    assert result.returncode == 0, result.stderr
    assert b"".join(plain_pieces(output.open("rb"), output.name)) == expected
    if suffix != "zst":
        unpack = {"gz": gzip.decompress, "xz": lzma.decompress}[suffix]
        assert unpack(output.read_bytes()) == expected


BAD_ROWS: dict[str, tuple[bytes, str, str]] = {
    "not-json": (b'{"id": "b", "text": nonsense}', "InputError", "not JSON"),
    "not-utf8": (b'{"id": "b", "text": "caf\xe9"}', "InputError", "not UTF-8"),
    "array": (b'["a page"]', "InputError", "JSON array, not an object"),
    "string": (b'"a page"', "InputError", "JSON string, not an object"),
    "null": (b"null", "InputError", "JSON null, not an object"),
    "nested-too-deeply": (b"[" * 100_000, "InputError", "nested too deeply"),
    "number-too-long": (b'{"text": ' + b"9" * 5_000 + b"}", "InputError", "not accepted"),
    "neither": (b'{"id": "b"}', "InputError", "exactly one of 'text' and 'html'"),
    "both": (b'{"id": "b", "text": "a", "html": "b"}', "InputError", "exactly one of"),
    "text-a-number": (b'{"id": "b", "text": 7}', "InputError", "'text' is a string"),
    "html-an-array": (b'{"id": "b", "html": []}', "InputError", "'html' is a string"),
    "id-an-object": (b'{"id": {}, "text": "a"}', "InputError", "'id' is a string"),
    "id-a-number": (b'{"id": 12, "text": "a"}', "InputError", "'id' is a string"),
    "url-a-number": (b'{"id": "b", "url": 1, "text": "a"}', "InputError", "'url' is a string"),
    "too-large": (
        b'{"id": "b", "text": "' + b"a " * 25_000_001 + b'"}',
        "LimitError",
        "document_bytes: 50,000,002",
    ),
}
GOOD_ROW = b'{"id": "good", "text": "A page with one line."}'


@pytest.fixture(scope="module")
def bad_rows() -> dict[str, dict[str, Any]]:
    """Error rows by name; good rows and blank lines stand between the bad ones."""
    lines = [line for data, _, _ in BAD_ROWS.values() for line in (GOOD_ROW, data, b"  ")]
    result = run("-", "-o", "-", stdin=b"\n".join(lines) + b"\n")
    assert result.returncode == 0, result.stderr
    rows = rows_of(result.stdout)
    assert [row["id"] for row in rows[::2]] == ["good"] * len(BAD_ROWS)
    assert f"InputError {len(BAD_ROWS) - 1}, LimitError 1" in result.stderr.decode()
    return dict(zip(BAD_ROWS, rows[1::2], strict=True))


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_bad_row_becomes_an_error_row(name: str, bad_rows: dict[str, dict[str, Any]]) -> None:
    data, kind, says = BAD_ROWS[name]
    row = bad_rows[name]
    assert set(row) == {"id", "line", "error"}
    assert row["line"] == 3 * list(BAD_ROWS).index(name) + 2
    assert row["error"]["type"] == kind
    assert says in row["error"]["message"]
    if name in ("not-json", "not-utf8", "id-an-object"):
        assert row["id"] is None
    elif data.startswith(b'{"id"'):
        assert row["id"] == (12 if name == "id-a-number" else "b")


@pytest.mark.parametrize("data", [b"", b"\n \n\r\n"], ids=["empty", "blank-lines"])
def test_an_input_without_rows_gives_an_empty_file(data: bytes, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl.gz"
    result = run("-", "-o", output, stdin=data)
    assert result.returncode == 0, result.stderr
    assert gzip.decompress(output.read_bytes()) == b""


def test_byte_order_mark_crlf_and_a_missing_last_line_end() -> None:
    result = run("-", "-o", "-", stdin=b"\xef\xbb\xbf" + GOOD_ROW + b"\r\n" + GOOD_ROW)
    assert result.returncode == 0, result.stderr
    assert [row["id"] for row in rows_of(result.stdout)] == ["good", "good"]


def test_a_lone_surrogate_gives_valid_utf8() -> None:
    result = run("-", "-o", "-", stdin=rb'{"id": "\ud800", "text": "A \udc00 page."}' + b"\n")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.decode())["id"] == "\ud800"


@pytest.mark.parametrize("kind", ["plain", "gz", "xz", "zst"])
def test_a_cut_input_delivers_the_rows_before_and_exits_1(kind: str, tmp_path: Path) -> None:
    # Random ids keep the compressed stream long, so that the cut is far behind the first rows.
    ids = [os.urandom(1_500).hex() for _ in range(20)]
    data = b"".join(json.dumps({"id": i, "text": "A page."}).encode() + b"\n" for i in ids)
    packed = PACK[kind](data) if kind in PACK else data
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(packed[: -len(packed) // 3])
    result = run(source, "-o", output)
    *rows, last = rows_of(output.read_bytes())
    assert result.returncode == 1
    assert "cut short" in result.stderr.decode()
    # zstd hands out whole blocks of 128 KiB: none may have come before the cut.
    assert [row["id"] for row in rows] == ids[: len(rows)]
    assert len(rows) >= (0 if kind == "zst" else 10)
    assert last["line"] == len(rows) + 1
    assert last["error"]["type"] == "InputError"
    assert "cut short" in last["error"]["message"]


def test_a_damaged_gzip_exits_1() -> None:
    packed = bytearray(gzip.compress(pages(300)))
    packed[len(packed) // 2] ^= 0xFF
    result = run("-", "-o", "-", stdin=bytes(packed))
    assert result.returncode == 1
    assert "damaged" in rows_of(result.stdout)[-1]["error"]["message"]


def test_a_model_that_does_not_work_exits_1(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(model_package.shipped_model_path(), model)
    with np.load(model / "text.npz") as arrays:
        kept = {name: arrays[name] for name in arrays if not name.startswith("network.")}
    np.savez(model / "text.npz", **kept)
    manifest = json.loads((model / "manifest.json").read_bytes())
    manifest["files"]["text.npz"] = sha256((model / "text.npz").read_bytes()).hexdigest()
    (model / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    result = run("-", "-o", "-", "--model", model, stdin=GOOD_ROW)
    assert result.returncode == 1
    assert result.stderr.decode().splitlines()[-1].startswith("Error: ")


def test_killed_again_and_again_the_file_is_the_same(
    source: Path, expected: bytes, tmp_path: Path
) -> None:
    output = tmp_path / "out.jsonl"
    arguments = (source, "-o", output)
    kills = 0
    while kill_after(output, max(lines_done(output), 0) + 1, *arguments):
        kills += 1
        assert not output.exists()
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
    saved["checkpoint"].update(complete=True, size=len(content), lines=ROWS)
    path.write_text(json.dumps(saved), "utf-8")
    return path


def test_standard_input_is_gone_on_with_too(expected: bytes, source: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    data = source.read_bytes()
    with start("-", "-o", output, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(data[: len(data) // 2])
        process.stdin.flush()
        deadline = time.monotonic() + 30
        while lines_done(output) < 128 and time.monotonic() < deadline:
            time.sleep(0.01)
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
        while lines_done(output) < 0:
            time.sleep(0.01)
        second = run("-", "-o", output, stdin=pages(1))
        assert second.returncode == 2
        assert "another run is writing" in second.stderr.decode()
        first.communicate(pages(2))
    assert len(rows_of(output.read_bytes())) == 2


def worker_processes(parent: int) -> list[int]:
    """Processes below ``parent``, from /proc/<pid>/stat (proc(5): field 4 is the parent)."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        if entry.name.isdigit() and int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def await_gone(processes: list[int]) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not any(Path(f"/proc/{process}").exists() for process in processes):
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """A run with two workers at work on an input without end, in its own process group."""
    process = start(
        "-", "-o", tmp_path / "out", "--workers", "2", stdin=subprocess.PIPE, process_group=0
    )
    writer = threading.Thread(target=feed, args=(process, pages(100), 10_000), daemon=True)
    writer.start()
    while lines_done(tmp_path / "out") < 100:
        assert process.poll() is None
        time.sleep(0.01)
    workers = worker_processes(process.pid)
    assert len(workers) >= 2
    yield process, workers
    process.kill()
    process.wait()
    writer.join()
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()


def feed(process: subprocess.Popen[bytes], data: bytes, times: int) -> int:
    """Write as long as the process reads; the bytes that it took."""
    assert process.stdin is not None
    taken = 0
    try:
        for _ in range(times):
            taken += os.write(process.stdin.fileno(), data)
    except OSError:
        pass
    return taken


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_kill_leaves_no_workers(endless: tuple[subprocess.Popen[bytes], list[int]]) -> None:
    process, workers = endless
    process.kill()
    assert await_gone(workers)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_ctrl_c_exits_130_in_silence(endless: tuple[subprocess.Popen[bytes], list[int]]) -> None:
    process, workers = endless
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(20) == 130
    assert process.stderr is not None
    assert process.stderr.read().strip() == b""
    assert await_gone(workers)


def peak_memory(process: subprocess.Popen[bytes]) -> int:
    """Peak resident bytes (proc(5), VmHWM)."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return 1024 * next(int(s.split()[1]) for s in status.splitlines() if s.startswith("VmHWM"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_memory_stays_flat_on_an_endless_input(tmp_path: Path) -> None:
    # Rows that are refused at once: this is about what is held, not about segmenting.
    chunk = (json.dumps({"id": "x", "other": "a" * 20_000}).encode() + b"\n") * 50
    with start("-", "-o", tmp_path / "out", stdin=subprocess.PIPE) as process:
        feed(process, chunk, 10)
        after_10_mb = peak_memory(process)
        feed(process, chunk, 150)
        after_160_mb = peak_memory(process)
        process.communicate()
    assert after_160_mb - after_10_mb < 40_000_000


def test_a_slow_reader_slows_the_run_down() -> None:
    with start("-", "-o", "-", "--workers", "2", stdin=subprocess.PIPE) as process:
        taken: list[int] = []
        data = pages(200)
        writer = threading.Thread(target=lambda: taken.append(feed(process, data, 400)))
        writer.start()
        writer.join(2.5)
        # Nobody reads the output, so the writer is stuck with most of its 20 MB in hand.
        assert writer.is_alive()
        process.kill()
        writer.join()
    assert taken[0] < 3_000_000


def test_head_ends_the_run_silently(source: Path) -> None:
    with start(source, "-o", "-") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["id"] == "p0"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 141


def test_progress_in_a_terminal(source: Path, tmp_path: Path) -> None:
    parent, child = pty.openpty()
    with start(source, "-o", tmp_path / "out", stderr=child):
        os.close(child)
        sent = b""
        while select.select([parent], [], [], 30)[0]:
            try:
                sent += os.read(parent, 65536)
            except OSError:
                break
    os.close(parent)
    assert b"a second" in sent
    assert f"{ROWS} pages in ".encode() in sent


def test_a_line_without_end_takes_no_memory() -> None:
    piece = b"a" * 1_000_000
    pieces = [piece] * (MAX_ROW_BYTES // len(piece) + 2) + [b"\n" + GOOD_ROW + b"\n"]
    (chunk,) = RowReader(pieces).chunks()
    too_long, good = chunk.rows
    error = parse_row(too_long)
    assert not hasattr(error, "text")
    assert "row_bytes" in str(error)
    assert good.line == 2
    assert good.data == GOOD_ROW


@given(
    lines=st.lists(st.binary(max_size=20).map(lambda b: b.replace(b"\n", b"")), max_size=200),
    size=st.integers(1, 64),
    skipped=st.integers(0, 200),
)
def test_rows_do_not_depend_on_how_the_input_is_cut_up(
    lines: list[bytes], size: int, skipped: int
) -> None:
    data = b"".join(line + b"\n" for line in lines)
    whole = list(RowReader([data]).chunks())
    assert whole == list(RowReader(data[i : i + size] for i in range(0, len(data), size)).chunks())
    assert [(row.line, row.data) for chunk in whole for row in chunk.rows] == [
        (number, line) for number, line in enumerate(lines, 1) if line.strip()
    ]
    for position, chunk in enumerate(whole):
        again = RowReader([data])
        assert again.skip(chunk.lines) == chunk.digest
        assert list(again.chunks()) == whole[position + 1 :]
    if skipped > len(lines):
        assert RowReader([data]).skip(skipped) is None


@given(parts=st.lists(st.binary(max_size=300), min_size=1, max_size=4))
@pytest.mark.parametrize("kind", ["gzip", "xz", "zstd"])
def test_members_read_back_and_every_cut_is_noticed(kind: Any, parts: list[bytes]) -> None:
    members = [compress(part, kind) for part in parts]
    packed = b"".join(members)
    assert b"".join(plain_pieces(io.BytesIO(packed), "")) == b"".join(parts)
    assert b"".join(plain_pieces(io.BytesIO(packed + bytes(8)), "")) == b"".join(parts)
    for cut in range(len(packed) - len(members[-1]) + 1, len(packed)):
        if cut >= 6:
            with pytest.raises(InputError):
                list(plain_pieces(io.BytesIO(packed[:cut]), ""))
