"""What a worker does with a chunk of records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from segmenter.crawl.compression import Compression
from segmenter.crawl.outputs.base import Outcome, Output
from segmenter.crawl.reader import Chunk
from segmenter.crawl.records import Record, RecordError
from segmenter.crawl.tally import CONFIDENCE_BINS, Tally, confidence_bin
from segmenter.errors import SegmenterError
from segmenter.segmenter import Segmenter
from segmenter.types import DEFAULT_KEEP, LABELS, Document, Segmentation

__all__ = ["INTERNAL_ERROR", "Work", "loaded", "results_of", "segment_chunk"]

# Type of the error rows that are no fault of the input but of this library.
INTERNAL_ERROR: Final = "InternalError"


@dataclass(frozen=True, slots=True)
class Work:
    """What to do with records; a value that can be sent to worker processes.

    Attributes:
        output: the format of the output.
        model: model directory; ``None`` for the shipped model.
        keep: labels whose blocks make up ``text``.
        compression: of the output.
        profiles: file of site profiles, if any.
    """

    output: Output
    model: str | None = None
    keep: tuple[str, ...] = DEFAULT_KEEP
    compression: Compression = "none"
    profiles: str | None = None


@lru_cache(maxsize=1)
def loaded(model: str | None, profiles: str | None = None) -> Segmenter:
    """The model and the site profiles, loaded once in each process.

    Raises:
        ModelError: there is no usable model.
        ProfileError: the profiles can't be read.
    """
    return Segmenter.load(model, profiles=profiles)


def segment_chunk(chunk: Chunk, work: Work) -> tuple[bytes, Tally]:
    """The output of a chunk and its counts."""
    results = results_of(loaded(work.model, work.profiles), chunk.records, work.keep)
    outcomes = [Outcome(*pair) for pair in zip(chunk.records, results, strict=True)]
    return work.output.encode(outcomes, work.compression), _counted(results, chunk.passed_over)


def results_of(
    segmenter: Segmenter, records: Sequence[Record], keep: tuple[str, ...]
) -> list[Segmentation | RecordError]:
    """A result or an error for every record, in order; no page stops the others."""
    parsed = [record.parse() for record in records]
    documents = [item for item in parsed if isinstance(item, Document)]
    results = iter(_segmented(segmenter, documents, keep))
    return [
        item if isinstance(item, RecordError) else _result(record, item, next(results))
        for record, item in zip(records, parsed, strict=True)
    ]


def _segmented(
    segmenter: Segmenter, documents: Sequence[Document], keep: tuple[str, ...]
) -> list[Segmentation | Exception]:
    try:
        return list(segmenter.segment_documents(documents, keep=keep))
    except MemoryError:
        raise
    except Exception:
        # A fault in this library met by one page must not stop a crawl of millions: find the page.
        return [_segmented_alone(segmenter, document, keep) for document in documents]


def _segmented_alone(
    segmenter: Segmenter, document: Document, keep: tuple[str, ...]
) -> Segmentation | Exception:
    try:
        return segmenter.segment_document(document, keep=keep)
    except MemoryError:
        raise
    except Exception as error:
        return error


def _result(
    record: Record, document: Document, result: Segmentation | Exception
) -> Segmentation | RecordError:
    match result:
        case SegmenterError():
            return RecordError(record.place, type(result).__name__, str(result), id=document.id)
        case Exception():
            message = f"{type(result).__name__}: {result}"
            return RecordError(record.place, INTERNAL_ERROR, message, id=document.id)
        case _:
            return result


def _counted(results: Sequence[Segmentation | RecordError], passed_over: int) -> Tally:
    pages, damaged = 0, 0
    labels, errors = Counter[str](), Counter[str]()
    confidence = [0] * CONFIDENCE_BINS
    for result in results:
        if isinstance(result, RecordError):
            errors[result.type] += 1
            damaged += result.damaged
        else:
            pages += 1
            labels.update(LABELS[index] for index in result.labels.tolist())
            confidence[confidence_bin(result.confidence)] += 1
    return Tally(pages, dict(labels), dict(errors), damaged, passed_over, tuple(confidence))
