"""``python -m bench.load``: the service at twice what it can do.

First its capacity is measured: pages a second for clients that ask as fast as they get answers.
Then clients ask on a timetable of twice that rate, whatever the answers are.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import click

from bench.machine import Machine, describe_machine
from bench.pages import chosen_pages, pages_option
from bench.service import Answered, ask, quantile, running_service
from bench.watch import Watch

__all__ = ["Load", "main", "measure"]

_SAMPLE_SECONDS: Final = 0.5
_CAPACITY_CLIENTS: Final = 16


@dataclass(frozen=True, slots=True)
class Load:
    """All figures of one run.

    Attributes:
        clients: asking at the same time, each for one page at a time.
        seconds: of the load.
        capacity: pages a second that the service can do.
        offered: requests a second that were made.
        throughput: pages a second that were answered.
        to_capacity: that over ``capacity``.
        statuses: how many answers had which status; 0 is a connection that failed.
        p50_ms, p99_ms: of the pages that were answered, from request to the end of the answer.
        memory_mb: of all processes, median of the last quarter.
        memory_growth: that over the median of the quarter before.
    """

    machine: Machine
    origin: str
    clients: int
    seconds: float
    capacity: float
    offered: float
    throughput: float
    to_capacity: float
    statuses: dict[int, int]
    p50_ms: float
    p99_ms: float
    memory_mb: float
    memory_growth: float


def measure(
    pages: Sequence[str], origin: str, *, clients: int, seconds: float, times: float
) -> Load:
    """Measure capacity, then load.

    Args:
        pages: HTML pages.
        origin: where they are from, in words.
        clients: asking at the same time.
        seconds: of the load; a quarter of them before it for the capacity.
        times: the rate of requests over the capacity.

    Raises:
        RuntimeError: the service did not start.
    """
    bodies = [page.encode("utf-8", "replace") for page in pages]
    with running_service({"SEGMENTER_WORKERS": str(os.cpu_count() or 1)}) as service:
        before = ask(service, bodies, _CAPACITY_CLIENTS, _until(seconds / 4))
        capacity = _rate(before)
        with Watch(service.memory_mb, _SAMPLE_SECONDS) as memory:
            answers = ask(service, bodies, clients, _timetable(times * capacity, seconds))
    done = [answer.seconds * 1e3 for answer in answers if answer.status == 200]
    throughput = _rate(answers)
    before_last, last = (statistics.median(memory.quarter(number)) for number in (2, 3))
    return Load(
        machine=describe_machine(),
        origin=origin,
        clients=clients,
        seconds=seconds,
        capacity=capacity,
        offered=len(answers) / seconds,
        throughput=throughput,
        to_capacity=throughput / capacity,
        statuses=dict(sorted(Counter(answer.status for answer in answers).items())),
        p50_ms=quantile(done, 0.5),
        p99_ms=quantile(done, 0.99),
        memory_mb=last,
        memory_growth=last / before_last,
    )


def _rate(answers: Sequence[Answered]) -> float:
    """Pages answered a second, from the first request to the last answer."""
    began = min(answer.began for answer in answers)
    ended = max(answer.began + answer.seconds for answer in answers)
    return sum(answer.status == 200 for answer in answers) / (ended - began)


def _until(seconds: float) -> Callable[[], int | None]:
    """Pages one after the other, until time is over."""
    numbers = itertools.count()
    end = time.monotonic() + seconds
    return lambda: next(numbers) if time.monotonic() < end else None


def _timetable(rate: float, seconds: float) -> Callable[[], int | None]:
    """Pages at their times; one that no client was free for is asked for late."""
    numbers = itertools.count()
    began = time.monotonic()

    def next_page() -> int | None:
        number = next(numbers)
        due = began + number / rate
        if due > began + seconds or time.monotonic() > began + seconds:
            return None
        time.sleep(max(due - time.monotonic(), 0.0))
        return number

    return next_page


@click.command()
@pages_option
@click.option("--clients", type=click.IntRange(min=1), default=16, show_default=True)
@click.option("--seconds", type=click.FloatRange(min=4), default=60.0, show_default=True)
@click.option("--times", type=click.FloatRange(min=0.1), default=2.0, show_default=True)
def main(*, sources: tuple[Path, ...], clients: int, seconds: float, times: float) -> None:
    """Ask the service for --times as many pages as it can do, for --seconds; figures as JSON."""
    pages = chosen_pages(sources)
    load = measure(pages.html, pages.origin, clients=clients, seconds=seconds, times=times)
    click.echo(json.dumps(asdict(load), indent=1))


if __name__ == "__main__":
    main()
