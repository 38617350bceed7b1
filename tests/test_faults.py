"""Each fault of bench/faults.py, for a moment: nothing false is said, nothing stored is lost."""

from __future__ import annotations

import pytest

from bench.fault_kinds import FAULTS
from bench.fault_report import Outcome, fault_report
from bench.faults import measure
from bench.machine import describe_machine

READY_SECONDS = 5


def test_the_report_names_what_was_not_well() -> None:
    well = Outcome("disk-full", {200: 1_896, 503: 100}, 0, 129, 41, 0, 0.05, "9 blocks free")
    unwell = Outcome("clock-jump", {200: 10}, 0, 20, 0, 1, 0.1, "off by a day")
    report = fault_report(describe_machine(), 10, [well])
    assert "No answer was wrong" in report
    assert "| disk full | 1,896 | 129 | 141 | 0 | 0 | 0.05 s | 9 blocks free |" in report
    assert "Not well: clock-jump." in fault_report(describe_machine(), 10, [well, unwell])


@pytest.mark.slow
def test_nothing_false_is_answered_and_nothing_is_lost() -> None:
    """One after the other, on three services, as ``python -m bench.faults`` does for longer."""
    outcomes: list[Outcome] = []
    missing = measure(list(FAULTS), 2, outcomes.append)
    assert [outcome.fault for outcome in outcomes] == [f for f in FAULTS if f not in missing]
    for outcome in outcomes:
        assert outcome.wrong == 0, outcome
        assert outcome.lost == 0, outcome
        assert outcome.ready_seconds <= READY_SECONDS, outcome
        assert outcome.statuses[200] > 0, outcome
    by_name = {outcome.fault: outcome for outcome in outcomes}
    if "disk-full" in by_name:
        assert by_name["disk-full"].refused > 0
    if "postgresql-killed" in by_name:
        assert by_name["postgresql-killed"].refused > 0
        assert by_name["training-worker-killed"].seen.startswith("run failed")
        assert by_name["active-model-corrupted"].seen.startswith("promotion 409")
    if missing:
        pytest.skip("; ".join(sorted({FAULTS[name].needs for name in missing})))
