"""What ``bench.load`` measured, and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bench.cores import Cores
from bench.machine import Machine, in_words

__all__ = ["Load", "Phase", "load_report"]

_WIDTH: Final = 100


@dataclass(frozen=True, slots=True)
class Phase:
    """The figures of one part of a run.

    Attributes:
        clients: asking at the same time, each for one page at a time.
        seconds: how long they asked.
        offered: requests a second that were made.
        throughput: pages a second that were answered.
        statuses: how many answers had which status; 0 is a connection that failed.
        p50_ms, p99_ms: of the pages that were answered, from request to the end of the answer.
        memory_mb: of all processes, median of the last quarter.
        memory_growth: that over the median of the quarter before.
    """

    clients: int
    seconds: float
    offered: float
    throughput: float
    statuses: Mapping[int, int]
    p50_ms: float
    p99_ms: float
    memory_mb: float
    memory_growth: float


@dataclass(frozen=True, slots=True)
class Load:
    """All figures of one run.

    Attributes:
        machine: before the run.
        origin: where the pages are from.
        cores: of the service and of the clients; ``None`` where they were not kept apart.
        times: requests asked for under load, over the capacity.
        at_capacity: clients that ask as fast as they get answers.
        over: clients that ask by a timetable, one phase for each number of them.
    """

    machine: Machine
    origin: str
    cores: Cores | None
    times: float
    at_capacity: Phase
    over: tuple[Phase, ...]

    def to_capacity(self, phase: Phase) -> float:
        """Throughput in a phase over that at capacity."""
        return phase.throughput / self.at_capacity.throughput


def load_report(load: Load) -> str:
    """The figures as Markdown."""
    setting = textwrap.fill(" ".join(_setting(load)), _WIDTH, break_on_hyphens=False)
    return "\n".join([setting, "", *_table(load)])


def _setting(load: Load) -> Iterator[str]:
    clients = " ".join(f"--clients {phase.clients}" for phase in load.over)
    yield (
        f"By `python -m bench.load {clients} --seconds {load.over[0].seconds:g}` "
        f"{in_words(load.machine)}; {load.origin}."
    )
    if load.cores is None:
        yield "The clients ran on the same cores as the service, and took time from it."
    else:
        yield (
            f"All processes of the service were pinned to {_named(load.cores.service)}, the "
            f"clients to {_named(load.cores.clients)}, at capacity and over it alike: neither "
            "took time from the other."
        )
    yield "The clients ask again at once, whatever `Retry-After` says."


def _table(load: Load) -> Iterator[str]:
    phases = (load.at_capacity, *load.over)
    rows = {
        "clients": [f"{phase.clients}" for phase in phases],
        "asked for, a second": [f"{phase.offered:.0f}" for phase in phases],
        "answered 200; 503; anything else": [_statuses(phase.statuses) for phase in phases],
        "throughput, pages a second": [f"{phase.throughput:.1f}" for phase in phases],
        "of the capacity": [f"{load.to_capacity(phase):.2f}" for phase in phases],
        "p50, p99 of answered pages": [
            f"{phase.p50_ms:,.0f} ms, {phase.p99_ms:,.0f} ms" for phase in phases
        ],
        "memory of all processes, growth over the last half": [
            f"{phase.memory_mb:.0f} MB, {100 * (phase.memory_growth - 1):.1f} %" for phase in phases
        ],
    }
    yield "| | at capacity |" + f" at {load.times:g} times that |" * len(load.over)
    yield "| --- | --: |" + " --: |" * len(load.over)
    yield from (f"| {what} | {' | '.join(cells)} |" for what, cells in rows.items())


def _statuses(statuses: Mapping[int, int]) -> str:
    rest = sum(count for status, count in statuses.items() if status not in (200, 503))
    return f"{statuses.get(200, 0):,}; {statuses.get(503, 0):,}; {rest:,}"


def _named(cores: tuple[int, ...]) -> str:
    return f"core{'s' if len(cores) > 1 else ''} {', '.join(map(str, cores))}"
