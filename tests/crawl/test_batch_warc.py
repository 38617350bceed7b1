"""``segmenter batch`` over WARC and WET files, sound and broken."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import os
import random
import subprocess
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from batch_runs import kill_after, pages_done, rows_of, run
from crawl_pages import (
    STORY,
    conversion,
    other_records,
    page,
    record,
    response,
    write_members,
    write_warc,
)
from fastwarc import ArchiveIterator
from hypothesis import given, settings
from hypothesis import strategies as st

from segmenter import Segmenter
from segmenter.crawl.inputs.warc import warc_records
from segmenter.crawl.records import FaultRecord, RecordError
from segmenter.types import Document

PAGES = 150
MANY_PAGES = 450


@pytest.fixture(scope="module")
def warc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_warc(tmp_path_factory.mktemp("warc") / "crawl.warc.gz", PAGES)


@pytest.fixture(scope="module")
def long_warc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """So long that a run is not over before a busy machine has killed it twice."""
    return write_warc(tmp_path_factory.mktemp("long") / "crawl.warc.gz", MANY_PAGES)


@pytest.fixture(scope="module")
def expected(warc: Path) -> bytes:
    result = run(warc, "-o", "-")
    assert result.returncode == 0, result.stderr
    assert f"{PAGES} pages in" in result.stderr.decode()
    assert f"passed over: {1 + 4 * PAGES // 10} records that are no pages" in result.stderr.decode()
    return bytes(result.stdout)


def read(data: bytes) -> list[Document | RecordError]:
    return [item.parse() for item in warc_records(io.BytesIO(data)) if item is not None]


def test_html_responses_become_rows_and_nothing_else_does(expected: bytes) -> None:
    rows = rows_of(expected)
    assert [row["url"] for row in rows] == [f"https://news.example/{n}" for n in range(PAGES)]
    alone = Segmenter.load().segment_html(
        page(7),
        id="<urn:uuid:00000000-0000-0000-0000-000000000007>",
        url="https://news.example/7",
        content_type="text/html; charset=utf-8",
    )
    assert rows[7] == alone.to_dict()


def test_wet_records_are_raw_text() -> None:
    result = run("-", "-o", "-", stdin=conversion(1) + record("warcinfo", 2, b"", "a/b"))
    (row,) = rows_of(result.stdout)
    assert row["input"] == "text"
    assert STORY.format(1) in [block["text"] for block in row["blocks"]]


@pytest.mark.parametrize("kind", ["gzip", "one-gzip-member", "zst", "xz", "plain"])
def test_however_it_is_compressed_and_named(
    kind: str, warc: Path, expected: bytes, tmp_path: Path
) -> None:
    plain = gzip.decompress(warc.read_bytes())
    packs: dict[str, Callable[[bytes], bytes]] = {
        "gzip": lambda _: warc.read_bytes(),
        "one-gzip-member": gzip.compress,
        "zst": zstandard.compress,
        "xz": lzma.compress,
        "plain": bytes,
    }
    pack = packs[kind]
    nameless = tmp_path / "crawl"
    nameless.write_bytes(pack(plain))
    if kind == "zst":
        assert run("-", "-o", "-", stdin=pack(plain)).stdout == expected
    else:
        assert run(nameless, "-o", "-").stdout == expected


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet", "out.warc.wet.gz"])
def test_killed_again_and_again_every_output_is_the_same(
    workers: str, name: str, long_warc: Path, tmp_path: Path
) -> None:
    whole, output = tmp_path / f"whole.{name}", tmp_path / name
    assert run(long_warc, "-o", whole).returncode == 0
    kills = 0
    arguments = (long_warc, "-o", output, "--workers", workers)
    until = 1
    while kill_after(output, until, *arguments):
        kills += 1
        until = max(pages_done(output), 0) + 1 if kills < 3 else MANY_PAGES + 1
    assert kills >= 2
    assert output.read_bytes() == whole.read_bytes()
    assert sorted(os.listdir(tmp_path)) == sorted([name, whole.name])


def test_killed_between_two_files_of_several(tmp_path: Path) -> None:
    for number in range(6):
        write_warc(tmp_path / f"{number}.warc.gz", 30, first=100 * number)
    whole, output = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    assert run(tmp_path / "*.warc.gz", "-o", whole).returncode == 0
    assert len(rows_of(whole.read_bytes())) == 180
    while kill_after(output, max(pages_done(output), 0) + 1, tmp_path / "*.warc.gz", "-o", output):
        pass
    assert output.read_bytes() == whole.read_bytes()
    assert kill_after(output.with_name("b.jsonl"), 64, tmp_path, "-o", tmp_path / "b.jsonl")
    write_warc(tmp_path / "3.warc.gz", 29)
    refused = run(tmp_path, "-o", tmp_path / "b.jsonl")
    assert refused.returncode == 2
    assert "another input" in refused.stderr.decode()


def test_standard_input_that_changed_is_noticed(warc: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    data = warc.read_bytes()
    source, other = tmp_path / "a", tmp_path / "b"
    source.write_bytes(data)
    write_warc(other, PAGES, first=1)
    cat = subprocess.Popen(["cat", source], stdout=subprocess.PIPE)
    assert cat.stdout is not None
    assert kill_after(output, 64, "-", "-o", output, stdin=cat.stdout)
    cat.stdout.close()
    cat.wait()
    refused = run("-", "-o", output, stdin=other.read_bytes())
    assert refused.returncode == 2
    assert "the input does not begin with" in refused.stderr.decode()
    assert run("-", "-o", output, stdin=data).returncode == 0


def test_cleaned_records_keep_url_date_and_origin(tmp_path: Path) -> None:
    source = write_members(
        tmp_path / "in.warc.gz", [response(1), response(2, longer=30), response(3)]
    )
    output = tmp_path / "clean.warc.wet.gz"
    assert run(source, "-o", output).returncode == 1
    found = []
    for made in ArchiveIterator(output.open("rb"), verify_digests=True):
        found.append((dict(made.headers.to_tuples()), made.reader.read()))
    assert len(found) == 3
    headers, text = found[0]
    assert headers["WARC-Type"] == "conversion"
    assert headers["WARC-Target-URI"] == "https://news.example/1"
    assert headers["WARC-Date"] == "2024-05-06T07:08:09Z"
    assert headers["WARC-Refers-To"] == "<urn:uuid:00000000-0000-0000-0000-000000000001>"
    assert text.decode() == rows_of(run(source, "-o", "-").stdout)[0]["text"]
    assert found[1][0]["WARC-Type"] == "metadata"
    assert "cut short" in json.loads(found[1][1])["error"]["message"]
    assert len({headers["WARC-Record-ID"] for headers, _ in found}) == 3
    # The text of a cleaned file is a WET file again.
    assert len(rows_of(run(output, "-o", "-").stdout)) == 2


GZ = [gzip.compress(response(number), mtime=0) for number in range(4)]


def flipped(member: bytes) -> bytes:
    middle = len(member) // 2
    return member[:middle] + bytes([member[middle] ^ 0xFF]) + member[middle + 1 :]


BROKEN: dict[str, tuple[Sequence[bytes], str]] = {
    "gzip-member-cut-short": ([GZ[0], GZ[1][:-40], GZ[2], GZ[3]], "damaged"),
    "gzip-member-flipped": ([GZ[0], flipped(GZ[1]), GZ[2], GZ[3]], "damaged"),
    "gzip-checksum-wrong": ([GZ[0], GZ[1][:-8] + bytes(8), GZ[2], GZ[3]], "damaged"),
    "gzip-garbage": ([GZ[0], b"\x1f\x8b\x08 garbage" * 9, GZ[2], GZ[3]], "damaged"),
    "gzip-zeros-and-garbage": ([GZ[0], b"x" * 200_000, GZ[2], GZ[3]], "damaged"),
    "plain-garbage": ([response(0), b"garbage" * 9, response(2), response(3)], "no WARC header"),
    "no-length": (
        [response(0), response(1).replace(b"-Length", b"-Size"), response(2), response(3)],
        "no valid Content-Length",
    ),
    "negative-length": (
        [response(0), response(1).replace(b"Length: ", b"Length: -"), response(2), response(3)],
        "no valid Content-Length",
    ),
    "length-too-long": (
        [response(0), response(1, longer=20), response(2), response(3)],
        "the next record begins after",
    ),
    "length-far-too-long": (
        [response(0), response(1, longer=10**6), response(2), response(3)],
        "the next record begins after",
    ),
    "length-too-short": (
        [response(0), response(1, longer=-20), response(2), response(3)],
        "goes on behind",
    ),
    "length-too-long-in-gzip": (
        [GZ[0], gzip.compress(response(1, longer=20)), GZ[2], GZ[3]],
        "cut short",
    ),
    "length-too-short-in-gzip": (
        [GZ[0], gzip.compress(response(1, longer=-20)), GZ[2], GZ[3]],
        "goes on behind",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_record_costs_only_itself(name: str) -> None:
    parts, says = BROKEN[name]
    records = [item for item in warc_records(io.BytesIO(b"".join(parts))) if item is not None]
    faults = [item for item in records if isinstance(item, FaultRecord)]
    whole = [item.parse() for item in records if not isinstance(item, FaultRecord)]
    assert [document.html for document in whole if isinstance(document, Document)] == [
        page(number) for number in (0, 2, 3)
    ]
    assert len(faults) == 1
    assert says in faults[0].error.message
    assert faults[0].error.damaged
    assert faults[0].place.number == len(parts[0])


@pytest.mark.parametrize("parts", [GZ, [response(number) for number in range(4)]])
def test_a_file_cut_short_gives_what_is_whole_and_says_where(
    parts: Sequence[bytes], tmp_path: Path
) -> None:
    data = b"".join(parts)
    source = tmp_path / "cut.warc"
    # Less than five bytes may be the line ends behind the last record: nothing is lost with them.
    for cut in (5, len(parts[3]) - 30):
        source.write_bytes(data[:-cut])
        result = run(source, "-o", "-")
        assert result.returncode == 1
        *rows, last = rows_of(result.stdout)
        assert len(rows) == 3
        assert last["offset"] == len(data) - len(parts[3])


@given(st.randoms(use_true_random=False), st.integers(0, 40))
@settings(deadline=None, max_examples=60)
def test_no_damage_is_fatal(chance: random.Random, blows: int) -> None:
    data = bytearray(b"".join(GZ))
    for _ in range(blows):
        at = chance.randrange(len(data))
        match chance.randrange(3):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + chance.randrange(60)]
            case _:
                data[at:at] = chance.randbytes(30)
    found = read(bytes(data))
    offsets = [
        item.place.number for item in warc_records(io.BytesIO(bytes(data))) if item is not None
    ]
    assert offsets == sorted(offsets)
    whole = {document.html for document in found if isinstance(document, Document)}
    if not blows:
        assert whole == {page(number) for number in range(4)}
    # Content that was changed is never handed out: the checksum covers it.
    assert whole <= {page(number) for number in range(4)}


NESTED: dict[str, bytes] = {
    "headers-without-end": b"WARC/1.0\r\n",
    "records-that-claim-all-that-follows": (
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 50000000\r\n\r\n"
    ),
    "records-that-claim-line-ends": b"WARC/1.0\r\nContent-Length: 1\r\n\r\n" + b"\n" * 99,
}


@pytest.mark.parametrize("name", NESTED)
def test_broken_bounds_inside_broken_bounds_cost_no_more_than_their_size(name: str) -> None:
    def seconds(size: int) -> float:
        data = io.BytesIO(NESTED[name] * (size // len(NESTED[name])))
        began = time.process_time()
        for _ in warc_records(data):
            pass
        return time.process_time() - began

    assert seconds(4_000_000) < 10 * (seconds(1_000_000) + 0.05)


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("Content-Encoding: gzip", gzip.compress(page(1))),
        ("Content-Encoding: br", brotli.compress(page(1))),
        ("Content-Encoding: deflate", zlib.compress(page(1))),
        ("Content-Encoding: zstd", zstandard.compress(page(1))),
        ("Transfer-Encoding: chunked", chunked(page(1))),
        (
            "Transfer-Encoding: chunked\r\nContent-Encoding: gzip",
            chunked(gzip.compress(page(1))),
        ),
        # Crawlers that undo the encoding and keep its header.
        ("Content-Encoding: gzip", page(1)),
        ("Transfer-Encoding: chunked", page(1)),
        ("Content-Length: 3", page(1)),
    ],
)
def test_http_encodings_are_undone(header: str, body: bytes) -> None:
    (document,) = read(response(1, body, header=f"Content-Type: text/html\r\n{header}"))
    assert isinstance(document, Document)
    assert document.html == page(1)


def test_a_compressed_bomb_is_refused() -> None:
    bomb = gzip.compress(bytes(200_000_000))
    (error,) = read(response(1, bomb, header="Content-Type: text/html\r\nContent-Encoding: gzip"))
    assert isinstance(error, RecordError)
    assert error.type == "LimitError"
    assert not error.damaged


def test_an_oversized_record_is_passed_over_in_flat_memory() -> None:
    video = record("response", 1, bytes(60_000_000), "application/http")
    error, document = read(video + response(2))
    assert isinstance(error, RecordError)
    assert "record_bytes" in error.message
    assert isinstance(document, Document)


@pytest.mark.parametrize(
    ("header", "charset"),
    [
        ("Content-Type: text/html; charset=windows-1251", "cp1251"),
        ("content-type: text/html;CHARSET=koi8-r", "koi8-r"),
        ("Content-Type: text/html", "utf-8"),
    ],
)
def test_the_character_set_of_the_http_header_counts(header: str, charset: str) -> None:
    text = "Мост снова открыт для пешеходов, сообщил город."
    body = f"<html><body><p>{text}</p></body></html>".encode(charset)
    (row,) = rows_of(run("-", "-o", "-", stdin=response(1, body, header=header)).stdout)
    assert [block["text"] for block in row["blocks"]] == [text]


@pytest.mark.parametrize("header", ["Content-Type: text/html; charset=\xff\xfe", "X: \xe9"])
def test_odd_headers_do_no_harm(header: str) -> None:
    (document,) = read(response(1, header=header))
    assert isinstance(document, Document)


def test_text_that_is_not_in_its_character_set_is_an_error_with_its_offset() -> None:
    wrong = conversion(1).replace(b"text/plain", b"text/plain; charset=utf-8")
    wrong = wrong.replace(b"Bridge", b"Br\xfcdge")
    result = run("-", "-o", "-", stdin=conversion(0) + wrong + conversion(2))
    first, error, last = rows_of(result.stdout)
    assert error["error"]["type"] == "DecodingError"
    assert error["offset"] == len(conversion(0))
    assert first["input"] == last["input"] == "text"
    assert result.returncode == 0
    assert "DecodingError 1" in result.stderr.decode()


def test_other_records_are_no_pages() -> None:
    assert read(b"".join(other_records(1))) == []
