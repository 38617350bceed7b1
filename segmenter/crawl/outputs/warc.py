"""WARC: the kept text of every page as a ``conversion`` record, as in Common Crawl's WET files."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from segmenter.crawl.compression import Compression, compress
from segmenter.crawl.outputs.base import Outcome
from segmenter.crawl.records import Record, RecordError
from segmenter.types import Segmentation

__all__ = ["WarcOutput"]

# Record ids are made from the page's, so that a run done again gives the same file.
_NAMESPACE: Final = uuid.UUID("6f0b3f1e-6d52-5b0c-9a50-3b7f6a4f9d27")
_NO_DATE: Final = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class WarcOutput:
    """WARC/1.1 records, each a compressed member of its own.

    A page becomes a ``conversion`` record of ``text/plain`` with the page's URL, date and, in
    ``WARC-Refers-To``, record id. A record without a result becomes a ``metadata`` record whose
    JSON says why. Needs the extra ``warc``.
    """

    name: ClassVar[str] = "warc"

    def encode(self, outcomes: Sequence[Outcome], compression: Compression) -> bytes:
        """See ``Output``."""
        return b"".join(compress(_record(outcome), compression) for outcome in outcomes)


def _record(outcome: Outcome) -> bytes:
    match outcome.result:
        case RecordError() as error:
            content = json.dumps(error.to_dict(), ensure_ascii=False).encode("utf-8", "replace")
            identity = None if error.id is None else str(error.id)
            headers = {"Content-Type": "application/json", "WARC-Type": "metadata"}
        case Segmentation() as page:
            content = page.text.encode("utf-8", "replace")
            identity = page.id
            headers = {"Content-Type": "text/plain", "WARC-Type": "conversion"}
            if page.url is not None:
                headers["WARC-Target-URI"] = page.url
            if page.language is not None:
                headers["WARC-Identified-Content-Language"] = page.language
    if identity is not None:
        headers["WARC-Refers-To"] = identity
    return _encoded(outcome.record, headers, content)


def _encoded(record: Record, headers: Mapping[str, str], content: bytes) -> bytes:
    from fastwarc import WarcRecord

    made = WarcRecord()
    made.init_headers()
    name = f"{record.place.file}\n{record.place.number}\n{headers.get('WARC-Refers-To')}"
    identity = uuid.uuid5(_NAMESPACE, name.encode("utf-8", "replace").decode())
    made.headers["WARC-Type"] = headers["WARC-Type"]
    made.headers["WARC-Record-ID"] = f"<urn:uuid:{identity}>"
    made.headers["WARC-Date"] = record.date or _NO_DATE
    for header in sorted(headers):
        # A line end would end the header.
        made.headers[header] = " ".join(headers[header].encode("utf-8", "replace").decode().split())
    made.set_bytes_content(content)
    sink = io.BytesIO()
    made.write(sink, checksum_data=True)
    return sink.getvalue()
