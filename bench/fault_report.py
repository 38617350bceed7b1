"""What ``bench.faults`` saw, and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.machine import Machine, in_words

__all__ = ["Outcome", "fault_report"]

_WIDTH: Final = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a fault did.

    Attributes:
        fault: its name.
        statuses: of the pages asked for while it lasted and until all was well again; 0 is a
            connection that failed.
        wrong: answers that were neither the page's nor a 503 with ``Retry-After``.
        stored, refused: label pages whose storing was answered 201, and those that were not.
        lost: of those stored, how many were not there in the end.
        ready_seconds: from the fault's end to the first moment at which it was ready, a page was
            answered rightly and labels could be stored.
        seen: what else there was to see.
    """

    fault: str
    statuses: Mapping[int, int]
    wrong: int
    stored: int
    refused: int
    lost: int
    ready_seconds: float
    seen: str

    @property
    def is_well(self) -> bool:
        """Nothing false was answered, nothing was lost, and it was ready within 5 seconds."""
        return not self.wrong and not self.lost and self.ready_seconds <= 5


def fault_report(machine: Machine, seconds: float, outcomes: Sequence[Outcome]) -> str:
    """The figures as Markdown."""
    setting = (
        f"By `python -m bench.faults --seconds {seconds:g}` {in_words(machine)}. "
        f"{_verdict(outcomes)}"
    )
    head = ("fault", "pages answered 200", "labels stored", "refused with 503", "lost", "wrong")
    lines = [
        textwrap.fill(setting, _WIDTH, break_on_hyphens=False),
        "",
        f"| {' | '.join(head)} | ready again after | |",
        "| --- |" + " --: |" * len(head) + " --- |",
    ]
    for outcome in outcomes:
        cells = (
            outcome.fault.replace("-", " "),
            f"{outcome.statuses.get(200, 0):,}",
            f"{outcome.stored:,}",
            f"{outcome.refused + outcome.statuses.get(503, 0):,}",
            f"{outcome.lost}",
            f"{outcome.wrong}",
            f"{outcome.ready_seconds:.2f} s",
            outcome.seen,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _verdict(outcomes: Sequence[Outcome]) -> str:
    if all(outcome.is_well for outcome in outcomes):
        return "No answer was wrong, and nothing that was answered as stored was lost:"
    unwell = ", ".join(outcome.fault for outcome in outcomes if not outcome.is_well)
    return f"Not well: {unwell}."
