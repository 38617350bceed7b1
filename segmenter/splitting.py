"""A document to a page: bounded, decoded, split."""

from __future__ import annotations

from segmenter.decoding import decode_html, decode_text
from segmenter.errors import LimitError
from segmenter.html import split_html
from segmenter.text import split_text
from segmenter.types import Document, Limits, Page

__all__ = ["split_document"]


def split_document(document: Document, limits: Limits) -> Page:
    """The page of a document.

    Raises:
        DecodingError: the bytes are not text in the stated character set.
        LimitError: the document is over one of the limits.
    """
    content = document.text if document.html is None else document.html
    assert content is not None  # a Document holds exactly one of the two
    limit = limits.document_bytes
    size = len(content)
    # A character has one to four bytes: most pages need not be encoded to be measured.
    if isinstance(content, str) and size <= limit < 4 * size:
        size = len(content.encode("utf-8", "surrogatepass"))
    if size > limit:
        raise LimitError("document_bytes", limit, size)
    is_html = document.html is not None
    if isinstance(content, bytes):
        decode = decode_html if is_html else decode_text
        content = decode(content, document.content_type)
    return (split_html if is_html else split_text)(content, limits)
