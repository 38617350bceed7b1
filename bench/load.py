"""``python -m bench.load``: the service at twice what it can do.

First its capacity is measured: pages a second for clients that ask as fast as they get answers.
Then clients ask on a timetable of twice that rate, whatever the answers are: they heed no
``Retry-After``. Service and clients have cores of their own all the time; otherwise the work of the
clients that are refused would be measured as the service's.
"""

from __future__ import annotations

import itertools
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from bench.cores import Cores, chosen_cores, running_apart
from bench.load_report import Load, Phase, load_report
from bench.machine import describe_machine
from bench.marks import write_between_marks, write_option
from bench.pages import chosen_pages, pages_option
from bench.service import Answered, Service, ask, quantile
from bench.watch import Watch

__all__ = ["main", "measure"]

_SAMPLE_SECONDS: Final = 0.5
_CAPACITY_CLIENTS: Final = 16


def measure(
    pages: Sequence[str],
    origin: str,
    *,
    clients: Sequence[int],
    seconds: float,
    times: float,
    cores: Cores | None,
) -> Load:
    """Measure capacity, then load by each number of clients.

    Args:
        pages: HTML pages.
        origin: where they are from, in words.
        clients: asking at the same time under load, one number for each load.
        seconds: of each load, and half of them before the first for the capacity.
        times: the rate of requests over the capacity.
        cores: of the service and of the clients; ``None`` lets the system choose.

    Raises:
        RuntimeError: the service did not start.
    """
    bodies = [page.encode("utf-8", "replace") for page in pages]
    machine = describe_machine()
    with running_apart(cores, {}) as service:
        once = iter(range(len(bodies)))
        ask(service, bodies, _CAPACITY_CLIENTS, lambda: next(once, None))
        at_capacity = _phase(service, bodies, _CAPACITY_CLIENTS, seconds / 2, _until)
        rate = times * at_capacity.throughput
        over = tuple(
            _phase(service, bodies, number, seconds, lambda end: _timetable(rate, end))
            for number in clients
        )
    return Load(machine, origin, cores, times, at_capacity, over)


def _phase(
    service: Service,
    bodies: Sequence[bytes],
    clients: int,
    seconds: float,
    plan: Callable[[float], Callable[[], int | None]],
) -> Phase:
    """Ask by a plan, which is told the moment that it ends."""
    with Watch(service.memory_mb, _SAMPLE_SECONDS) as memory:
        answers = ask(service, bodies, clients, plan(time.monotonic() + seconds))
    done = [answer.seconds * 1e3 for answer in answers if answer.status == 200]
    before_last, last = (statistics.median(memory.quarter(number)) for number in (2, 3))
    return Phase(
        clients=clients,
        seconds=seconds,
        offered=len(answers) / seconds,
        throughput=_rate(answers),
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


def _until(end: float) -> Callable[[], int | None]:
    """Pages one after the other, until time is over."""
    numbers = itertools.count()
    return lambda: next(numbers) if time.monotonic() < end else None


def _timetable(rate: float, end: float) -> Callable[[], int | None]:
    """Pages at their times; one that no client was free for is asked for late."""
    numbers = itertools.count()
    began = time.monotonic()

    def next_page() -> int | None:
        number = next(numbers)
        due = began + number / rate
        if max(due, time.monotonic()) > end:
            return None
        time.sleep(max(due - time.monotonic(), 0.0))
        return number

    return next_page


@click.command()
@pages_option
@click.option("--clients", type=click.IntRange(min=1), multiple=True, default=[16, 256],
              show_default=True, help="Can be given several times.")  # fmt: skip
@click.option("--seconds", type=click.FloatRange(min=4), default=60.0, show_default=True)
@click.option("--times", type=click.FloatRange(min=0.1), default=2.0, show_default=True)
@click.option(
    "--service-cores", help="Numbers with commas between.  [default: all but the clients']"
)
@click.option("--client-cores", help="Numbers with commas between.  [default: the last one]")
@write_option
def main(
    *,
    sources: tuple[Path, ...],
    clients: tuple[int, ...],
    seconds: float,
    times: float,
    service_cores: str | None,
    client_cores: str | None,
    write: Path | None,
) -> None:
    """Ask the service for --times as many pages as it can do, for --seconds; figures as JSON."""
    try:
        cores = chosen_cores(service_cores, client_cores)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    pages = chosen_pages(sources)
    load = measure(
        pages.html, pages.origin, clients=clients, seconds=seconds, times=times, cores=cores
    )
    shares = [load.to_capacity(phase) for phase in load.over]
    click.echo(json.dumps({**asdict(load), "to_capacity": shares}, indent=1))
    if write is not None:
        write_between_marks(write, "load", load_report(load))


if __name__ == "__main__":
    main()
