"""datatrove 0.10: a WARC reader, an extractor, and a step that labels blocks and filters.

All need datatrove's core dependencies only; ``WarcPages`` needs the extra ``warc`` as well.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from segmenter.crawl.inputs.warc import warc_records
from segmenter.crawl.records import FaultRecord, Record
from segmenter.crawl.segmenting import loaded
from segmenter.decoding import decode_html, decode_text, looks_like_html
from segmenter.errors import DecodingError, SegmenterError
from segmenter.extras import extra
from segmenter.types import DEFAULT_KEEP, Document, Segmentation, check_keep

with extra("datatrove"):
    from datatrove.pipeline.base import PipelineStep
    from datatrove.pipeline.extractors.base import BaseExtractor
    from datatrove.pipeline.readers.base import BaseDiskReader
    from datatrove.utils.logging import logger
    from datatrove.utils.typeshelper import StatHints

if TYPE_CHECKING:
    from datatrove.data import Document as TroveDocument
    from datatrove.pipeline.writers.disk_base import DiskWriter

__all__ = ["SegmentExtractor", "SegmentPages", "WarcPages"]

# What goes from a segmentation into a document's metadata; its text, id and url have a place.
_MEMBERS: Final = ("input", "language", "model", "headline", "byline", "confidence", "blocks")


class WarcPages(BaseDiskReader):  # type: ignore[misc]
    """Reads HTML responses of WARC files and texts of WET files, the same pages as the CLI.

    Takes the arguments of datatrove's ``WarcReader`` but for ``compression``, which the file
    tells. ``metadata`` gets ``url``, ``date``, ``input`` (``html`` or ``text``) and ``offset``.
    Damaged records are logged with their offset and counted as ``broken_record``.
    """

    name = "🕷 WARC pages"

    def __init__(self, data_folder: Any, **options: Any) -> None:
        super().__init__(data_folder, **options)

    def read_file(self, filepath: str) -> Iterator[TroveDocument]:
        """The pages of one file."""
        with self.data_folder.open(filepath, "rb") as stream:
            for record in warc_records(stream):
                if record is None:
                    self.stat_update("passed_over")
                    continue
                with self.track_time():
                    document = self._document(record, filepath)
                if document is not None:
                    yield document

    def _document(self, record: Record, filepath: str) -> TroveDocument | None:
        if isinstance(record, FaultRecord):
            self._broken(filepath, record, record.error.message)
            return None
        page = record.parse()
        assert isinstance(page, Document)
        try:
            text = _decoded(page)
        except DecodingError as error:
            self._broken(filepath, record, str(error))
            return None
        data = {
            "text": text,
            "id": page.id,
            "url": page.url,
            "date": record.date,
            "input": page.input,
            "offset": record.place.number,
        }
        return self.get_document_from_dict(data, filepath, record.place.number)

    def _broken(self, filepath: str, record: Record, message: str) -> None:
        self.stat_update("broken_record")
        logger.warning(f"{filepath}, offset {record.place.number:,}: {message}")


class SegmentExtractor(BaseExtractor):  # type: ignore[misc]
    """Stands where datatrove's ``Trafilatura`` extractor stands: HTML or raw text to kept text.

    Args:
        keep: labels whose blocks make up the text.
        model: model directory; ``None`` for the shipped model.
        timeout: seconds for one document.
    """

    name = "✂ page-segmenter"

    def __init__(
        self,
        keep: Sequence[str] = DEFAULT_KEEP,
        model: str | None = None,
        timeout: float = 1,
    ) -> None:
        super().__init__(timeout)
        self.keep = check_keep(tuple(keep))
        self.model = model

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[TroveDocument]:
        """Extract every document in a process beside this one, which ends it after the timeout.

        The model is loaded here, and the other process inherits it: loading would take it longer
        than the timeout, and every document would be lost.
        """
        loaded(self.model)
        if multiprocessing.get_start_method() != "fork":
            logger.warning(
                "processes are not forked here, so each loads the model by itself: "
                "give SegmentExtractor a timeout of 10 s, or use SegmentPages"
            )
        yield from super().run(data, rank, world_size)

    def extract(self, text: str) -> str:
        """The kept text of one page."""
        document = Document(html=text) if looks_like_html(text) else Document(text=text)
        return loaded(self.model).segment_document(document, keep=self.keep).text


class SegmentPages(PipelineStep):  # type: ignore[misc]
    """Puts the kept text into ``text``, and blocks, confidence and the rest into ``metadata``.

    A document is HTML or raw text by ``metadata["input"]``, else by how it begins. Pages that
    can't be segmented are dropped and counted by error.

    Args:
        keep: labels whose blocks make up the text.
        model: model directory; ``None`` for the shipped model.
        probabilities: give every block the probabilities of all labels.
        min_confidence: documents under it are dropped, 0 to 1.
        drop_empty: drop documents of which no text is kept.
        exclusion_writer: gets the dropped documents as they came, the reason in their metadata.
        profiles: file of site profiles, used for documents with ``metadata["url"]``.
    """

    type = "✂ - SEGMENT"
    name = "✂ page-segmenter"

    def __init__(
        self,
        keep: Sequence[str] = DEFAULT_KEEP,
        model: str | None = None,
        *,
        probabilities: bool = False,
        min_confidence: float = 0.0,
        drop_empty: bool = True,
        exclusion_writer: DiskWriter | None = None,
        profiles: str | None = None,
    ) -> None:
        super().__init__()
        self.profiles = profiles
        self.keep = check_keep(tuple(keep))
        self.model = model
        self.probabilities = probabilities
        self.min_confidence = min_confidence
        self.drop_empty = drop_empty
        self.exclusion_writer = exclusion_writer

    def run(
        self,
        data: Any,
        rank: int = 0,
        world_size: int = 1,  # noqa: ARG002
    ) -> Iterator[TroveDocument]:
        """Segment every document, in order."""
        loaded(self.model, self.profiles)
        with self.exclusion_writer or contextlib.nullcontext() as writer:
            for document in data:
                self.stat_update(StatHints.total)
                with self.track_time():
                    reason = self._segment(document)
                if reason is None:
                    self.stat_update(StatHints.forwarded)
                    self.update_doc_stats(document)
                    yield document
                    continue
                self.stat_update(StatHints.dropped, f"dropped_{reason}")
                if writer is not None:
                    document.metadata["filter_reason"] = reason
                    writer.write(document, rank)

    def _segment(self, document: TroveDocument) -> str | None:
        """Change the document; why it is to be dropped, if so."""
        try:
            segmenter = loaded(self.model, self.profiles)
            page = segmenter.segment_document(_page(document), keep=self.keep)
        except SegmenterError as error:
            logger.warning(f"{document.id}: {error}")
            return type(error).__name__
        if page.confidence < self.min_confidence:
            return "confidence"
        if self.drop_empty and not page.text:
            return "empty"
        self._fill(document, page)
        return None

    def _fill(self, document: TroveDocument, page: Segmentation) -> None:
        value = page.to_dict(probabilities=self.probabilities)
        document.text = value["text"]
        document.metadata.update((name, value[name]) for name in _MEMBERS)


def _page(document: TroveDocument) -> Document:
    text, url = document.text, document.metadata.get("url")
    kind = document.metadata.get("input")
    if kind == "html" or (kind is None and looks_like_html(text)):
        return Document(html=text, id=document.id, url=url)
    return Document(text=text, id=document.id, url=url)


def _decoded(page: Document) -> str:
    """The page as ``Segmenter`` reads its bytes."""
    if page.html is None:
        decode, content = decode_text, page.text
    else:
        decode, content = decode_html, page.html
    return decode(content, page.content_type) if isinstance(content, bytes) else content or ""
