"""``python -m bench.crawl_rates``: what a crawl costs, and machines and hours for a large one.

A WARC is made by repeating given pages under different URLs. ``segmenter batch`` over it is set
against the library alone on the same pages, with one worker and with two; memory is what Linux
says of each process. Then a stream of small WET records, to see whether each costs the same.
"""

from __future__ import annotations

import contextlib
import gzip
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

import click
import psutil

from bench.machine import Machine, describe_machine
from bench.marks import write_between_marks, write_option
from bench.pages import chosen_pages, pages_option, seed_texts
from bench.scale_report import scale_report
from bench.watch import Watch

__all__ = ["CrawlRates", "main", "measure"]

_TENTHS: Final = 10
_SAMPLE_SECONDS: Final = 0.1
_WET_BYTES: Final = 4_000
# Else one worker takes all cores, and spends more on its threads than it gains.
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_LIBRARY: Final = """
import sys, time
from segmenter import Document, Segmenter
from segmenter.crawl.inputs.warc import warc_records
segmenter = Segmenter.load()
with open(sys.argv[1], "rb") as stream:
    pages = [record.parse() for record in warc_records(stream) if record is not None]
list(segmenter.segment_documents(pages[:20]))
began = time.perf_counter()
for _ in segmenter.segment_documents(pages): pass
print(time.perf_counter() - began)
"""


@dataclass(frozen=True, slots=True)
class BatchRun:
    """One run of the command.

    Attributes:
        seconds: wall clock, the start-up included.
        peak_mb: the largest resident size of any of its processes that segments, in MB.
        growth: resident size of these in the last quarter of the run over that in the second.
    """

    seconds: float
    peak_mb: float
    growth: float


@dataclass(frozen=True, slots=True)
class CrawlRates:
    """All figures of one run.

    Attributes:
        pages: pages in the WARC, made of ``different`` ones.
        warc_bytes: size of the WARC.
        library_rate: pages a second of ``Segmenter.segment_documents`` in one process.
        start_seconds: what starting the command costs.
        one, two: ``segmenter batch`` with one and with two workers.
        batch_rate: pages a second with one worker, the start taken off.
        to_library: that over ``library_rate``.
        speedup: two workers over one, the start taken off.
        wet_records: small records of the stream.
        wet_rate: records a second of it.
        wet_tenths: seconds for each tenth of the stream.
        wet_growth: as ``BatchRun.growth``, of the stream.
        wet_peak_mb: as ``BatchRun.peak_mb``, of the stream.
    """

    machine: Machine
    origin: str
    pages: int
    different: int
    warc_bytes: int
    library_rate: float
    start_seconds: float
    one: BatchRun
    two: BatchRun
    batch_rate: float
    to_library: float
    speedup: float
    wet_records: int
    wet_rate: float
    wet_tenths: tuple[float, ...]
    wet_growth: float
    wet_peak_mb: float


def measure(pages: Sequence[str], origin: str, count: int, records: int) -> CrawlRates:
    """Measure all of it.

    Args:
        pages: HTML pages, repeated until there are ``count``.
        origin: where they are from, in words.
        count: pages in the WARC.
        records: of the WET stream.

    Raises:
        subprocess.CalledProcessError: a run failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder, "few.warc.gz"), Path(folder, "many.warc.gz")
        _write_warc(few, pages, 1)
        _write_warc(many, pages, count)
        library = float(_output(["-c", _LIBRARY, str(many)]))
        start = statistics.median(_run(few, 1).seconds for _ in range(3))
        one, two = _run(many, 1), _run(many, 2)
        start_two = statistics.median(_run(few, 2).seconds for _ in range(3))
        size = many.stat().st_size
    tenths, wet = _wet_stream(records)
    batch_seconds = one.seconds - start
    return CrawlRates(
        machine=describe_machine(),
        origin=origin,
        pages=count,
        different=min(len(pages), count),
        warc_bytes=size,
        library_rate=count / library,
        start_seconds=start,
        one=one,
        two=two,
        batch_rate=count / batch_seconds,
        to_library=library / batch_seconds,
        speedup=batch_seconds / (two.seconds - start_two),
        wet_records=records,
        wet_rate=records / sum(tenths),
        wet_tenths=tenths,
        wet_growth=wet.growth,
        wet_peak_mb=wet.peak_mb,
    )


def _write_warc(path: Path, pages: Sequence[str], count: int) -> None:
    with path.open("wb") as file:
        for number in range(count):
            body = pages[number % len(pages)].encode("utf-8", "replace")
            block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
            file.write(gzip.compress(_record("response", number, block), compresslevel=6))


def _record(kind: str, number: int, block: bytes) -> bytes:
    media = "text/plain" if kind == "conversion" else "application/http; msgtype=response"
    header = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{number:012}>\r\n"
        "WARC-Date: 2024-01-01T00:00:00Z\r\n"
        f"WARC-Target-URI: https://site{number % 1_000}.example/{number}\r\n"
        f"Content-Type: {media}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return header.encode() + block + b"\r\n\r\n"


def _wet_records(count: int) -> Iterator[bytes]:
    text = "\n".join(seed_texts()).encode()[:_WET_BYTES]
    # A character cut in two would make it text of another character set.
    whole = text.decode("utf-8", "ignore").encode()
    for number in range(count):
        yield _record("conversion", number, whole)


def _wet_stream(count: int) -> tuple[tuple[float, ...], BatchRun]:
    """Seconds for each tenth of a stream of small records."""
    process = _start(["-", "-o", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    writer = threading.Thread(target=_feed, args=(process.stdin, count))
    with _watched(process.pid) as memory:
        writer.start()
        # The clock starts with the first rows, when the model is loaded.
        done = process.stdout.read(1).count(b"\n")
        times = [time.perf_counter()]
        while piece := process.stdout.read(1 << 16):
            done += piece.count(b"\n")
            while len(times) <= _TENTHS and done >= count * len(times) // _TENTHS:
                times.append(time.perf_counter())
        writer.join()
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, "segmenter batch")
    tenths = tuple(later - sooner for sooner, later in itertools.pairwise(times))
    return tenths, BatchRun(sum(tenths), *_sizes(memory))


def _feed(sink: IO[bytes], count: int) -> None:
    with sink:
        for record in _wet_records(count):
            sink.write(record)


def _run(source: Path, workers: int) -> BatchRun:
    began = time.perf_counter()
    process = _start([str(source), "-o", "-", "--workers", str(workers)], stdout=subprocess.DEVNULL)
    with _watched(process.pid) as memory:
        process.wait()
    seconds = time.perf_counter() - began
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, "segmenter batch")
    return BatchRun(seconds, *_sizes(memory))


def _start(
    arguments: Sequence[str], *, stdout: int, stdin: int | None = None
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "segmenter.cli", "batch", *arguments]
    environment = {**os.environ, **_ONE_THREAD}
    return subprocess.Popen(
        command, env=environment, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL
    )


def _output(arguments: Sequence[str]) -> str:
    environment = {**os.environ, **_ONE_THREAD}
    command = [sys.executable, *arguments]
    ended = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return ended.stdout


def _watched(pid: int) -> Watch:
    """The resident size of the largest of a process and those below it, in MB."""

    def largest() -> float:
        sizes = [0.0]
        with contextlib.suppress(psutil.NoSuchProcess):
            top = psutil.Process(pid)
            for process in (top, *top.children()):
                with contextlib.suppress(psutil.NoSuchProcess):
                    sizes.append(process.memory_info().rss / 1e6)
        return max(sizes)

    return Watch(largest, _SAMPLE_SECONDS)


def _sizes(memory: Watch) -> tuple[float, float]:
    """The largest size, and that of the last quarter over that of the second."""
    second, last = (statistics.median(memory.quarter(number)) for number in (1, 3))
    return max(memory.samples), last / second if second else 1.0


@click.command()
@pages_option
@click.option("--count", type=click.IntRange(min=8), default=10_000, show_default=True)
@click.option("--records", type=click.IntRange(min=10), default=1_000_000, show_default=True)
@write_option
def main(*, sources: tuple[Path, ...], count: int, records: int, write: Path | None) -> None:
    """Measure `segmenter batch` on a WARC of --count pages and --records small WET records."""
    pages = chosen_pages(sources)
    rates = measure(pages.html, pages.origin, count, records)
    figures: dict[str, Any] = asdict(rates)
    click.echo(json.dumps(figures, indent=1))
    if write is not None:
        write_between_marks(write, "figures", scale_report(rates))


if __name__ == "__main__":
    main()
