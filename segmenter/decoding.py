"""Bytes to text: the character set, and whether it is HTML."""

from __future__ import annotations

import re

from charset_normalizer import from_bytes
from w3lib.encoding import (
    html_to_unicode,
    http_content_type_encoding,
    read_bom,
    resolve_encoding,
)

from segmenter.errors import DecodingError

__all__ = ["decode_html", "decode_text", "looks_like_html"]

# Detection reads only the head of a document: its cost must not grow with the page.
_DETECTION_BYTES = 65_536
_SNIFF_LENGTH = 65_536

_HTML_START = re.compile(
    r"\A[\s\ufeff]*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,4000}?-->\s*)*"
    r"<(?:!doctype\s+html|html|head|body|meta|title|div|p|table|article|main|section|h[1-6])\b",
    re.IGNORECASE | re.DOTALL,
)
_CLOSING_TAG = re.compile(
    r"</(?:p|div|a|span|li|ul|ol|td|tr|table|h[1-6]|article|section|html|body|head)\s*>",
    re.IGNORECASE,
)


def decode_html(data: bytes, content_type: str | None = None) -> str:
    """Decode an HTML page as a browser does; bytes that do not fit become U+FFFD.

    The order is byte order mark, HTTP header, ``<meta>`` or XML declaration, detection
    (WHATWG Encoding and HTML standards, "determining the character encoding").

    Args:
        data: the page.
        content_type: value of the HTTP header ``Content-Type``.
    """
    return html_to_unicode(content_type, data, "cp1252", _detect)[1]


def decode_text(data: bytes, content_type: str | None = None) -> str:
    """Decode raw text: byte order mark, stated character set, UTF-8, detection, in this order.

    A byte order mark stays in the text as U+FEFF, so that offsets count what was received.

    Raises:
        DecodingError: the stated character set is unknown, or the bytes are not in it, or no
            character set fits.
    """
    bom_encoding, _ = read_bom(data)
    if bom_encoding is not None:
        return _strict(data, bom_encoding)
    stated = _stated_charset(content_type)
    if stated is not None:
        return _strict(data, stated)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        detected = _detect(data)
        if detected is None:
            raise DecodingError(
                f"the text is not UTF-8 (byte {error.start:,}) and no other character set fits; "
                "state one as 'text/plain; charset=…'"
            ) from error
        return data.decode(detected, "replace")


def looks_like_html(data: str | bytes) -> bool:
    """Whether a document of unknown kind is HTML: it begins as HTML, or has many closing tags."""
    if isinstance(data, bytes):
        head = data[:_SNIFF_LENGTH]
        encoding, _ = read_bom(head)
        sample = head.decode(encoding or "latin-1", "replace")
    else:
        sample = data[:_SNIFF_LENGTH]
    if _HTML_START.match(sample):
        return True
    closing = sum(1 for _ in _CLOSING_TAG.finditer(sample))
    return closing >= 3 and closing * 400 > len(sample)


def _stated_charset(content_type: str | None) -> str | None:
    if content_type is None or "charset" not in content_type.lower():
        return None
    encoding = http_content_type_encoding(content_type)
    if encoding is None:
        raise DecodingError(f"unknown character set in {content_type!r}")
    return encoding


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DecodingError(
            f"the text is said to be {encoding}, but byte {error.start:,} is not: {error.reason}"
        ) from error


def _detect(data: bytes) -> str | None:
    """UTF-8 where it fits, else the best guess of charset-normalizer on the head."""
    head = data[:_DETECTION_BYTES]
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character cut in two at the end of the head is no fault.
        if len(head) - error.start >= 4 or len(data) == len(head):
            best = from_bytes(head).best()
            return None if best is None else resolve_encoding(best.encoding)
    return "utf-8"
