"""WARC (HTML responses) and WET (plain text conversions), ISO 28500.

Everything else in these files, such as requests, images and redirects, is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, Final, Literal

from segmenter.crawl.inputs.opened import OpenedInput
from segmenter.crawl.inputs.warc_frames import MAX_RECORD_BYTES, Frame, FrameFault, frames
from segmenter.crawl.records import PageRecord, Place, Record, fault
from segmenter.decoding import looks_like_html
from segmenter.errors import InputError, LimitError
from segmenter.extras import extra
from segmenter.types import Document

if TYPE_CHECKING:
    from fastwarc import WarcRecord

__all__ = ["WarcInput", "warc_records"]

_HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
_WANTED: Final = re.compile(rb"\r\nWARC-Type[ \t]*:[ \t]*(?:response|conversion)\b", re.IGNORECASE)
_HTTP_HEADER_BYTES: Final = 1 << 18


class WarcInput(OpenedInput):
    """A WARC or WET file or stream, plain or compressed (gzip, zstd, xz).

    Raises:
        MissingExtraError: FastWARC is not installed.
    """

    def records(self) -> Iterator[Record | None]:
        """See ``Input``."""
        with self._open() as stream:
            yield from warc_records(stream)


def warc_records(source: BinaryIO) -> Iterator[Record | None]:
    """The pages of a WARC or WET file; ``None`` for a record that is no page.

    Args:
        source: opened in binary at its beginning; need not be seekable.

    Raises:
        MissingExtraError: FastWARC is not installed.
    """
    _record_class()
    for frame in frames(source, lambda header: _WANTED.search(header) is not None):
        if frame is None:
            yield None
        elif isinstance(frame, FrameFault):
            yield fault(Place("offset", frame.offset), frame.error, damaged=frame.damaged)
        else:
            yield _page(frame)


@cache
def _record_class() -> type[WarcRecord]:
    with extra("warc"):
        from fastwarc import WarcRecord
    return WarcRecord


def _page(frame: Frame) -> Record | None:
    place = Place("offset", frame.offset)
    data = frame.header + frame.block
    try:
        record = _record_class().from_bytes(data)
        identity = record.headers.get("WARC-Record-ID")
    except (OSError, ValueError) as error:
        return fault(place, InputError(f"the WARC header can't be read: {error}"))
    try:
        document = _response(record, data) if record.is_http else _conversion(record, frame.block)
    except InputError as error:
        return fault(place, error, id=identity)
    if document is None:
        return None
    return PageRecord(place, document, record.headers.get("WARC-Date"))


def _conversion(record: WarcRecord, block: bytes) -> Document | None:
    content_type = record.headers.get("Content-Type") or ""
    if _media_type(content_type) != "text/plain":
        return None
    identity, url = record.headers.get("WARC-Record-ID"), record.headers.get("WARC-Target-URI")
    return Document(text=block, id=identity, url=url, content_type=content_type)


def _response(record: WarcRecord, data: bytes) -> Document | None:
    _parse_http(record, "none")
    headers = record.http_headers
    http_type = headers.get("Content-Type")
    stated = record.headers.get("WARC-Identified-Payload-Type") or http_type
    if stated is not None and _media_type(stated) not in _HTML_TYPES:
        return None
    if headers.status_code not in range(200, 300):
        return None
    html = record.reader.read()
    if "Transfer-Encoding" in headers or "Content-Encoding" in headers:
        html = _decoded(data, html)
    if stated is None and not looks_like_html(html):
        return None
    identity, url = record.headers.get("WARC-Record-ID"), record.headers.get("WARC-Target-URI")
    return Document(html=html, id=identity, url=url, content_type=http_type)


def _decoded(data: bytes, body: bytes) -> bytes:
    """A response's body with its transfer and content encodings undone."""
    record = _record_class().from_bytes(data)
    try:
        _parse_http(record, "all")
        html = record.reader.read(MAX_RECORD_BYTES + 1)
    except (InputError, OSError) as error:
        # Some crawlers undo the encoding and leave its header.
        if looks_like_html(body):
            return body
        raise InputError(f"the HTTP body can't be decoded: {error}") from error
    if len(html) > MAX_RECORD_BYTES:
        raise LimitError("record_bytes", MAX_RECORD_BYTES, len(html))
    return html


def _parse_http(record: WarcRecord, decode: Literal["none", "all"]) -> None:
    try:
        record.parse_http(decode, _HTTP_HEADER_BYTES, quirks_mode=True, strict_mode=False)
    except (OSError, ValueError) as error:
        raise InputError(f"the HTTP header can't be read: {error}") from error


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
