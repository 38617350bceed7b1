"""Files of one page each: HTML or raw text, plain or compressed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segmenter.crawl.compression import plain_pieces
from segmenter.crawl.inputs.opened import OpenedInput
from segmenter.crawl.records import PageRecord, Place, Record, fault
from segmenter.decoding import looks_like_html
from segmenter.errors import InputError, LimitError
from segmenter.types import Document, Limits

__all__ = ["PageInput"]

_PLACE: Final = Place("file")


class PageInput(OpenedInput):
    """A file that is one page; its name is the page's id."""

    def records(self) -> Iterator[Record | None]:
        """See ``Input``."""
        try:
            data = self._content()
        except InputError as error:
            yield fault(_PLACE, error, id=self.name, damaged=not isinstance(error, LimitError))
            return
        if looks_like_html(data):
            yield PageRecord(_PLACE, Document(html=data, id=self.name))
        else:
            yield PageRecord(_PLACE, Document(text=data, id=self.name))

    def _content(self) -> bytes:
        limit, held, size = Limits().document_bytes, list[bytes](), 0
        with self._open() as stream:
            for piece in plain_pieces(stream, self.name):
                held.append(piece)
                size += len(piece)
                if size > limit:
                    raise LimitError("document_bytes", limit, size)
        return b"".join(held)
