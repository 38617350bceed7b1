"""Pages in JSONL in, segmentations in JSONL out: one row for every row, in the same order.

A bad row becomes an error row ``{"id": …, "line": 17, "error": {"type": …, "message": …}}`` and
the rest goes on; blank lines are passed over. Rows are done in chunks whose bounds depend on the
input alone, so the output is the same, byte by byte, for any number of workers.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, BinaryIO, Final

from segmenter import model_package
from segmenter.crawl.compression import Compression, compress, compression_of, plain_pieces
from segmenter.crawl.resume import OutputError, ResumableOutput
from segmenter.crawl.rows import Chunk, RowError, RowReader, encode_row, parse_row
from segmenter.crawl.tally import Tally
from segmenter.crawl.workers import in_order
from segmenter.errors import SegmenterError
from segmenter.segmenter import Segmenter
from segmenter.types import DEFAULT_KEEP, LABELS, Document, Segmentation

__all__ = ["INTERNAL_ERROR", "RowOptions", "segment_chunk", "segment_to_file", "segment_to_stream"]

OnProgress = Callable[[Tally], object]

# Type of the error rows that are no fault of the input but of this library.
INTERNAL_ERROR: Final = "InternalError"


@dataclass(frozen=True, slots=True)
class RowOptions:
    """What shapes an output row.

    Attributes:
        model: model directory; ``None`` for the shipped model.
        keep: labels whose blocks make up ``text``.
        probabilities: give every block the probabilities of all labels.
    """

    model: str | None = None
    keep: tuple[str, ...] = DEFAULT_KEEP
    probabilities: bool = False


def _ignore(_: Tally) -> None:
    """Progress that nobody wants to know of."""


def segment_to_stream(
    source: BinaryIO,
    sink: BinaryIO,
    options: RowOptions,
    *,
    name: str = "-",
    workers: int = 1,
    on_progress: OnProgress = _ignore,
) -> Tally:
    """Segment the rows of ``source`` into ``sink``, which is flushed after every chunk.

    Args:
        source: JSONL, plain or compressed (gzip, xz, zstd), opened for reading in binary.
        sink: takes plain JSONL.
        options: what shapes an output row.
        name: file name of ``source``.
        workers: processes, from 1.
        on_progress: called with the counts so far, first before any work and then after every
            chunk.

    Raises:
        ModelError: the model can't be loaded.
        WorkerError: a worker process died.
    """
    tally = Tally()
    on_progress(tally)
    reader = RowReader(plain_pieces(source, name))
    for _, data, counted in _segmented_chunks(reader, options, "none", workers):
        sink.write(data)
        sink.flush()
        tally = tally.plus(counted)
        on_progress(tally)
    return tally


def segment_to_file(
    source: BinaryIO,
    path: Path,
    options: RowOptions,
    *,
    name: str = "-",
    workers: int = 1,
    overwrite: bool = False,
    restart: bool = False,
    on_progress: OnProgress = _ignore,
) -> Tally:
    """Segment the rows of ``source`` into a file, going on where a killed run stopped.

    The output stands in ``<path>.part`` until it is complete; its name's suffix (``.gz``,
    ``.xz``, ``.zst``) says how it is compressed. Killed at any moment and called again with the
    same input and options, the file is the same as that of one uninterrupted run.

    Args:
        source, options, name, workers, on_progress: see ``segment_to_stream``.
        path: the output file.
        overwrite: replace an existing output file.
        restart: discard what a killed run left.

    Returns:
        The counts of the whole file, what earlier runs did included.

    Raises:
        OutputError: the output exists, or the part belongs to another input, options or model.
        ModelError: the model can't be loaded.
        WorkerError: a worker process died.
    """
    compression = compression_of(path.name)
    job = _job(source, options)
    with ResumableOutput(path, job, overwrite=overwrite, restart=restart) as output:
        on_progress(output.checkpoint.tally)
        if not output.checkpoint.complete:
            reader = RowReader(plain_pieces(source, name))
            _skip_done(reader, output)
            for chunk, data, counted in _segmented_chunks(reader, options, compression, workers):
                output.append(data, lines=chunk.lines, digest=chunk.digest, tally=counted)
                on_progress(output.checkpoint.tally)
            if not output.checkpoint.lines:
                output.append(compress(b"", compression), lines=0, digest="", tally=Tally())
        output.finish()
        return output.checkpoint.tally


def segment_chunk(
    chunk: Chunk, options: RowOptions, compression: Compression = "none"
) -> tuple[bytes, Tally]:
    """The output rows of a chunk, compressed as one member, and their counts."""
    parsed = [parse_row(row) for row in chunk.rows]
    documents = [item for item in parsed if isinstance(item, Document)]
    results = iter(_segmented(_loaded(options.model), documents, options.keep))
    lines: list[bytes] = []
    pages, damaged = 0, 0
    labels, errors = Counter[str](), Counter[str]()
    for row, item in zip(chunk.rows, parsed, strict=True):
        outcome = item if isinstance(item, RowError) else _outcome(row.line, item, next(results))
        if isinstance(outcome, RowError):
            errors[outcome.type] += 1
            damaged += outcome.damaged
            lines.append(encode_row(outcome.to_dict()))
        else:
            pages += 1
            labels.update(LABELS[index] for index in outcome.labels.tolist())
            lines.append(encode_row(outcome.to_dict(probabilities=options.probabilities)))
    tally = Tally(pages, dict(labels), dict(errors), damaged)
    return compress(b"".join(lines), compression), tally


def _segmented_chunks(
    reader: RowReader, options: RowOptions, compression: Compression, workers: int
) -> Iterator[tuple[Chunk, bytes, Tally]]:
    task = partial(segment_chunk, options=options, compression=compression)
    for chunk, (data, tally) in in_order(task, reader.chunks(), workers):
        yield chunk, data, tally


@lru_cache(maxsize=1)
def _loaded(model: str | None) -> Segmenter:
    """The model, loaded once in each process."""
    return Segmenter.load(model)


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


def _outcome(
    line: int, document: Document, result: Segmentation | Exception
) -> Segmentation | RowError:
    match result:
        case SegmenterError():
            return RowError(line, type(result).__name__, str(result), id=document.id)
        case Exception():
            message = f"{type(result).__name__}: {result}"
            return RowError(line, INTERNAL_ERROR, message, id=document.id)
        case _:
            return result


def _skip_done(reader: RowReader, output: ResumableOutput) -> None:
    done = output.checkpoint
    if done.lines and reader.skip(done.lines) != done.digest:
        raise OutputError(
            f"the input does not begin with the {done.lines:,} lines that {output.part} was made "
            "from; use --restart to discard it and begin again"
        )


def _job(source: BinaryIO, options: RowOptions) -> Mapping[str, Any]:
    """All that the output depends on, by names for the message that says what differs."""
    path = model_package.shipped_model_path() if options.model is None else Path(options.model)
    manifest = model_package.read_manifest(path)
    files = json.dumps(dict(manifest.files), sort_keys=True).encode()
    return {
        "input": _identity(source),
        "--keep": list(options.keep),
        "--probabilities": options.probabilities,
        "model": [manifest.name, manifest.version, hashlib.sha256(files).hexdigest()],
    }


def _identity(source: BinaryIO) -> Mapping[str, int]:
    """Size and time of a file; of a pipe nothing is known before it is read."""
    try:
        status = os.fstat(source.fileno())
    except OSError:
        return {}
    if not stat.S_ISREG(status.st_mode):
        return {}
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns}
