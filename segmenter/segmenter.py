"""The segmenter: the stages composed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from segmenter.decoding import decode_html, decode_text
from segmenter.errors import LimitError, SegmenterError
from segmenter.features import page_features
from segmenter.html import split_html
from segmenter.language import page_language
from segmenter.model_package import Model, load_model, shipped_model_path
from segmenter.sequence import decide
from segmenter.text import split_text
from segmenter.threads import one_blas_thread
from segmenter.types import (
    DEFAULT_KEEP,
    LABELS,
    Document,
    Limits,
    ModelId,
    Page,
    Segmentation,
    check_keep,
)

__all__ = ["Segmenter"]


class Segmenter:
    """Takes scraped pages apart into labelled blocks.

    The same document and model give the same answer, whatever was segmented before. Instances
    hold no state of a page and may be shared by threads.
    """

    def __init__(self, model: Model, *, limits: Limits | None = None) -> None:
        self._model = model
        self._limits = limits or Limits()

    @classmethod
    def load(cls, path: str | Path | None = None, *, limits: Limits | None = None) -> Segmenter:
        """Load a model directory; the shipped one by default.

        Raises:
            ModelError: there is no usable model.
        """
        place = shipped_model_path() if path is None else Path(path)
        return cls(load_model(place), limits=limits)

    @property
    def model(self) -> ModelId:
        """The loaded model's name and version, as answers carry them."""
        return self._model.id

    @property
    def limits(self) -> Limits:
        """The bounds on one document."""
        return self._limits

    def segment(
        self,
        text: str | bytes,
        *,
        id: str | None = None,
        url: str | None = None,
        content_type: str | None = None,
        keep: Sequence[str] = DEFAULT_KEEP,
    ) -> Segmentation:
        """Segment raw page text; see ``segment_document`` for the errors raised."""
        document = Document(text=text, id=id, url=url, content_type=content_type)
        return self.segment_document(document, keep=keep)

    def segment_html(
        self,
        html: str | bytes,
        *,
        id: str | None = None,
        url: str | None = None,
        content_type: str | None = None,
        keep: Sequence[str] = DEFAULT_KEEP,
    ) -> Segmentation:
        """Segment an HTML page; see ``segment_document`` for the errors raised."""
        document = Document(html=html, id=id, url=url, content_type=content_type)
        return self.segment_document(document, keep=keep)

    def segment_document(
        self, document: Document, *, keep: Sequence[str] = DEFAULT_KEEP
    ) -> Segmentation:
        """Decode, split, measure, classify and decide.

        Raises:
            InputError: ``keep`` has an unknown label.
            DecodingError: the bytes are not text in the stated character set.
            LimitError: the document is over one of the limits.
        """
        kept = check_keep(keep)
        page = self._split(document)
        if len(page):
            features = page_features(page)
            classifier = self._model.classifiers[page.input]
            with one_blas_thread():
                probabilities = classifier.probabilities(features)
            labels, confidence = decide(probabilities, features.words.counts)
        else:
            probabilities = np.zeros((0, len(LABELS)), dtype=np.float32)
            labels, confidence = np.zeros(0, dtype=np.int64), 1.0
        declared = page.markup.language if page.markup is not None else ""
        return Segmentation(
            page=page,
            labels=labels,
            probabilities=probabilities,
            confidence=confidence,
            language=page_language(_sample(page), declared),
            model=self._model.id,
            keep=kept,
            id=document.id,
            url=document.url,
        )

    def segment_documents(
        self, documents: Iterable[Document], *, keep: Sequence[str] = DEFAULT_KEEP
    ) -> Iterator[Segmentation | SegmenterError]:
        """One result for each document, in order; a bad document gives its error.

        Raises:
            InputError: ``keep`` has an unknown label.
        """
        kept = check_keep(keep)
        for document in documents:
            try:
                yield self.segment_document(document, keep=kept)
            except SegmenterError as error:
                yield error

    def _split(self, document: Document) -> Page:
        content = document.text if document.html is None else document.html
        assert content is not None  # a Document holds exactly one of the two
        limit = self._limits.document_bytes
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
        return (split_html if is_html else split_text)(content, self._limits)


def _sample(page: Page) -> str:
    """The longest block: what is most likely written in the page's language."""
    if not len(page):
        return ""
    longest = int((page.ends - page.starts).argmax())
    return page.text[int(page.starts[longest]) : int(page.ends[longest])]
