"""Pages of a made-up crawl, and WARC files of them."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

STORY = (
    "After two years of work the old bridge over the river, number {}, was opened to walkers "
    "again on Monday, the town said in a statement that was read out before the first of them."
)


def page(number: int) -> bytes:
    """An article with a menu, some paragraphs and a footer."""
    body = "".join(f"<p>{STORY.format(f'{number}.{part}')}</p>" for part in range(4))
    return (
        f"<html><head><title>Bridge {number} opens</title></head><body>"
        "<ul class='menu'><li><a href='/'>Home</a></li><li><a href='/news'>News</a></li></ul>"
        f"<article><h1>Bridge {number} opens</h1>{body}</article>"
        "<footer>© Example Times</footer></body></html>"
    ).encode()


def record(
    kind: str, number: int, block: bytes, content_type: str, *, length: int | None = None
) -> bytes:
    """A WARC record; ``length`` is what its Content-Length says in place of the truth."""
    said = len(block) if length is None else length
    return (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{number:012}>\r\n"
        "WARC-Date: 2024-05-06T07:08:09Z\r\n"
        f"WARC-Target-URI: https://news.example/{number}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {said}\r\n\r\n"
    ).encode() + block + b"\r\n\r\n"  # fmt: skip


def response(
    number: int,
    body: bytes | None = None,
    *,
    header: str = "Content-Type: text/html; charset=utf-8",
    status: str = "200 OK",
    longer: int = 0,
) -> bytes:
    """A record of an HTTP response; ``longer`` is by how much its Content-Length is wrong."""
    block = f"HTTP/1.1 {status}\r\n{header}\r\n\r\n".encode("latin-1")
    block += page(number) if body is None else body
    http = "application/http; msgtype=response"
    return record("response", number, block, http, length=len(block) + longer)


def conversion(number: int, text: bytes | None = None) -> bytes:
    """A record of a WET file."""
    said = f"Bridge {number} opens\n{STORY.format(number)}\n".encode() if text is None else text
    return record("conversion", number, said, "text/plain")


def other_records(number: int) -> list[bytes]:
    """What stands in a WARC file between the pages."""
    return [
        record("request", number, b"GET / HTTP/1.1\r\n\r\n", "application/http; msgtype=request"),
        record("metadata", number, b"fetchTimeMs: 12\r\n", "application/warc-fields"),
        response(number, b"\x89PNG\r\n", header="Content-Type: image/png"),
        response(number, b"<p>Gone</p>", status="404 Not Found"),
    ]


def write_members(path: Path, records: Sequence[bytes]) -> Path:
    """A .warc.gz, one member a record."""
    path.write_bytes(b"".join(gzip.compress(item, mtime=0) for item in records))
    return path


def write_warc(path: Path, count: int, *, first: int = 0) -> Path:
    """A .warc.gz of so many pages, with other records between them."""
    records = [record("warcinfo", 0, b"software: test\r\n", "application/warc-fields")]
    for number in range(first, first + count):
        records.append(response(number))
        if number % 10 == 0:
            records += other_records(number)
    return write_members(path, records)
