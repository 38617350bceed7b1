"""``segmenter batch``: order, bad rows, compression, workers, flat memory."""

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
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from batch_runs import PACK, PAGE, ROWS, await_pages, pages, rows_of, run, start
from hypothesis import given
from hypothesis import strategies as st

from segmenter import model_package
from segmenter.crawl.compression import compress, plain_pieces
from segmenter.crawl.inputs.jsonl import MAX_ROW_BYTES, JsonlInput, json_rows
from segmenter.crawl.inputs.opened import Location
from segmenter.crawl.reader import CrawlReader, Position
from segmenter.crawl.records import RecordError
from segmenter.errors import InputError

pytest_plugins = ("batch_fixtures",)


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
    assert summary[2] == "errors: none"
    (confidence,) = summary[3:]
    counts = [int(part.split()[1]) for part in confidence.removeprefix("confidence: ").split(", ")]
    assert sum(counts) == ROWS


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
    await_pages(process, tmp_path / "out", 100)
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
    too_long, good = json_rows(pieces)
    error = too_long.parse()
    assert isinstance(error, RecordError)
    assert "row_bytes" in error.message
    assert good.place.number == 2
    assert good.content == GOOD_ROW


@given(
    lines=st.lists(st.binary(max_size=20).map(lambda b: b.replace(b"\n", b"")), max_size=200),
    size=st.integers(1, 64),
    skipped=st.integers(0, 200),
)
def test_rows_do_not_depend_on_how_the_input_is_cut_up(
    lines: list[bytes], size: int, skipped: int
) -> None:
    data = b"".join(line + b"\n" for line in lines)
    rows = list(json_rows([data]))
    assert rows == list(json_rows(data[i : i + size] for i in range(0, len(data), size)))
    assert [(row.place.number, row.content) for row in rows] == [
        (number, line) for number, line in enumerate(lines, 1) if line.strip()
    ]

    def reader() -> CrawlReader:
        source = JsonlInput(Location("-", lambda: io.BytesIO(data)))
        return CrawlReader([source], digests=True)

    whole = list(reader().chunks())
    for position, chunk in enumerate(whole):
        again = reader()
        assert again.skip(chunk.after)
        assert list(again.chunks()) == whole[position + 1 :]
    if skipped > len(rows):
        assert not reader().skip(Position(0, skipped))


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
