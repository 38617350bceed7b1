"""A run: inputs to an output, over worker processes, gone on with where it was killed.

A bad record becomes an error in the output and the rest goes on. Records are done in chunks whose
bounds depend on the input alone, so the output is the same, byte by byte, for any number of
workers and however often the run was killed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from segmenter import model_package
from segmenter.crawl.outputs.base import SealedOutput
from segmenter.crawl.reader import Chunk, CrawlReader
from segmenter.crawl.records import Input
from segmenter.crawl.resume import OutputError, ResumableOutput
from segmenter.crawl.segmenting import Work, segment_chunk
from segmenter.crawl.tally import Tally
from segmenter.crawl.workers import in_order
from segmenter.profiles.file import profile_digest

__all__ = ["OnProgress", "segment_to_file", "segment_to_stream"]

# Called with the counts so far and the bytes read of all inputs, first before any work.
OnProgress = Callable[[Tally, int], object]


def _ignore(_: Tally, __: int) -> None:
    """Progress that nobody wants to know of."""


def segment_to_stream(
    inputs: Sequence[Input],
    sink: BinaryIO,
    work: Work,
    *,
    workers: int = 1,
    on_progress: OnProgress = _ignore,
) -> Tally:
    """Segment inputs into ``sink``, which is flushed after every chunk.

    Args:
        inputs: read in this order.
        sink: opened for writing in binary.
        work: what to do with the pages; its output format is not a ``SealedOutput``.
        workers: processes, from 1.
        on_progress: called first before any work and then after every chunk.

    Raises:
        ModelError: the model can't be loaded.
        WorkerError: a worker process died.
    """
    reader, tally = CrawlReader(inputs), Tally()
    on_progress(tally, 0)
    for _, data, counted in _segmented_chunks(reader, work, workers):
        sink.write(data)
        sink.flush()
        tally = tally.plus(counted)
        on_progress(tally, reader.bytes_read)
    return tally


def segment_to_file(
    inputs: Sequence[Input],
    path: Path,
    work: Work,
    *,
    workers: int = 1,
    overwrite: bool = False,
    restart: bool = False,
    on_progress: OnProgress = _ignore,
) -> Tally:
    """Segment inputs into a file, going on where a killed run stopped.

    The output stands in ``<path>.part`` until it is complete. Killed at any moment and called
    again with the same inputs and options, the file is the same as that of one uninterrupted run.

    Args:
        inputs, work, workers, on_progress: see ``segment_to_stream``.
        path: the output file.
        overwrite: replace an existing output file.
        restart: discard what a killed run left.

    Returns:
        The counts of the whole file, what earlier runs did included.

    Raises:
        OutputError: the output exists, or the part belongs to another input, options or model.
        ModelError: the model can't be loaded.
        ProfileError: the site profiles can't be read.
        WorkerError: a worker process died.
    """
    job = _job(inputs, work)
    seal = work.output.seal if isinstance(work.output, SealedOutput) else None
    with ResumableOutput(path, job, overwrite=overwrite, restart=restart, seal=seal) as output:
        on_progress(output.checkpoint.tally, 0)
        if not output.checkpoint.complete:
            reader = CrawlReader(inputs, digests=True)
            _skip_done(reader, output)
            for chunk, data, counted in _segmented_chunks(reader, work, workers):
                output.append(data, after=chunk.after, tally=counted)
                on_progress(output.checkpoint.tally, reader.bytes_read)
            if not output.checkpoint.size:
                output.append(work.output.encode([], work.compression))
        output.finish()
        return output.checkpoint.tally


def _segmented_chunks(
    reader: CrawlReader, work: Work, workers: int
) -> Iterator[tuple[Chunk, bytes, Tally]]:
    task = partial(segment_chunk, work=work)
    for chunk, (data, tally) in in_order(task, reader.chunks(), workers):
        yield chunk, data, tally


def _skip_done(reader: CrawlReader, output: ResumableOutput) -> None:
    done = output.checkpoint.after
    if not reader.skip(done):
        raise OutputError(
            f"the input does not begin with the {done.records:,} records that {output.part} was "
            "made from; use --restart to discard it and begin again"
        )


def _job(inputs: Sequence[Input], work: Work) -> Mapping[str, Any]:
    """All that the output depends on, by names for the message that says what differs."""
    path = model_package.shipped_model_path() if work.model is None else Path(work.model)
    manifest = model_package.read_manifest(path)
    files = json.dumps(dict(manifest.files), sort_keys=True).encode()
    # Names too where there are several inputs: error rows repeat them.
    stamps = [(source.name if len(inputs) > 1 else "", source.stamp) for source in inputs]
    return {
        "input": hashlib.sha256(json.dumps(stamps).encode()).hexdigest(),
        "--keep": list(work.keep),
        "--probabilities": getattr(work.output, "probabilities", False),
        "output format": work.output.name,
        "--profiles": None if work.profiles is None else profile_digest(Path(work.profiles)),
        "model": [manifest.name, manifest.version, hashlib.sha256(files).hexdigest()],
    }
