"""``python -m bench.http_rates``: what the service costs beyond the library.

Clients ask a service for pages as fast as they get answers. Their rate is set against that of the
library on the same pages, in as many processes as the service has, in turns of one run: the library
makes the same JSON, so that the difference is what HTTP, the hand-over and the clients take.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import click

from bench.machine import Machine, describe_machine
from bench.pages import chosen_pages, pages_option
from bench.service import Answered, Service, ask, quantile, running_service
from bench.spread import Spread

__all__ = ["HttpRates", "main", "measure"]

_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_LIBRARY: Final = """
import json, sys, time
from segmenter import Segmenter
segmenter = Segmenter.load()
with open(sys.argv[1], encoding="utf-8") as file:
    pages = json.load(file)
share = pages[int(sys.argv[2]) :: int(sys.argv[3])]
encode = json.dumps
for page in share[:5]:
    encode(segmenter.segment_html(page).to_dict())
print("ready", flush=True)
sys.stdin.readline()
for page in share:
    encode(segmenter.segment_html(page).to_dict(), ensure_ascii=False).encode()
print("done", flush=True)
"""


@dataclass(frozen=True, slots=True)
class HttpRates:
    """All figures of one run.

    Attributes:
        origin: where the pages are from.
        pages: asked for in each round.
        processes: of the library, and segmenting ones of the service.
        clients: asking at the same time.
        library: pages a second of the library in each round.
        service: pages a second of the service in each round.
        to_library: ``service`` over ``library`` in each round.
        p50_ms, p99_ms: from a request to the end of its answer, over all rounds.
        statuses: how many answers had which status.
    """

    machine: Machine
    origin: str
    pages: int
    processes: int
    clients: int
    library: Spread
    service: Spread
    to_library: Spread
    p50_ms: float
    p99_ms: float
    statuses: dict[str, int]


def measure(
    pages: Sequence[str], origin: str, *, count: int, clients: int, rounds: int
) -> HttpRates:
    """Measure in turns.

    Args:
        pages: HTML pages, repeated until there are ``count``.
        origin: where they are from, in words.
        count: pages of each round.
        clients: asking at the same time.
        rounds: of library and service each.

    Raises:
        RuntimeError: the service did not start.
        subprocess.CalledProcessError: the library failed.
    """
    asked = [pages[number % len(pages)] for number in range(count)]
    processes = os.cpu_count() or 1
    library: list[float] = []
    served: list[float] = []
    answers: list[Answered] = []
    with running_service({"SEGMENTER_WORKERS": str(processes)}) as service:
        _round(service, asked[: 10 * processes], clients)
        for _ in range(rounds):
            library.append(count / _library_seconds(asked, processes))
            found, seconds = _round(service, asked, clients)
            served.append(count / seconds)
            answers += found
    ratios = [ours / theirs for ours, theirs in zip(served, library, strict=True)]
    times = [answer.seconds * 1e3 for answer in answers]
    statuses = [str(answer.status) for answer in answers]
    return HttpRates(
        machine=describe_machine(),
        origin=origin,
        pages=count,
        processes=processes,
        clients=clients,
        library=Spread.of(library),
        service=Spread.of(served),
        to_library=Spread.of(ratios),
        p50_ms=quantile(times, 0.5),
        p99_ms=quantile(times, 0.99),
        statuses={status: statuses.count(status) for status in sorted(set(statuses))},
    )


def _round(service: Service, pages: Sequence[str], clients: int) -> tuple[list[Answered], float]:
    numbers = iter(range(len(pages)))
    lock = threading.Lock()

    def next_page() -> int | None:
        with lock:
            return next(numbers, None)

    bodies = [page.encode("utf-8", "replace") for page in pages]
    began = time.perf_counter()
    answers = ask(service, bodies, clients, next_page)
    return answers, time.perf_counter() - began


def _library_seconds(pages: Sequence[str], processes: int) -> float:
    """The library on a share of the pages in each process, loaded and warm beforehand."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "pages.json")
        file.write_text(json.dumps(list(pages)), "utf-8")
        started = [
            subprocess.Popen(
                [sys.executable, "-c", _LIBRARY, str(file), str(number), str(processes)],
                env={**os.environ, **_ONE_THREAD},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(processes)
        ]
        _wait_for(started, "ready\n")
        began = time.perf_counter()
        for process in started:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        _wait_for(started, "done\n")
        seconds = time.perf_counter() - began
        for process in started:
            process.communicate()
    return seconds


def _wait_for(processes: Sequence[subprocess.Popen[str]], word: str) -> None:
    for process in processes:
        assert process.stdout is not None
        if process.stdout.readline() != word:
            raise subprocess.CalledProcessError(process.wait(), "the library")


@click.command()
@pages_option
@click.option("--count", type=click.IntRange(min=16), default=1_000, show_default=True)
@click.option("--clients", type=click.IntRange(min=1), default=16, show_default=True)
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
def main(*, sources: tuple[Path, ...], count: int, clients: int, rounds: int) -> None:
    """Set the service's pages a second against the library's, as JSON."""
    pages = chosen_pages(sources)
    rates = measure(pages.html, pages.origin, count=count, clients=clients, rounds=rounds)
    click.echo(json.dumps(asdict(rates), indent=1))


if __name__ == "__main__":
    main()
