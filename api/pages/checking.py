"""Whether a page has the blocks that a record labels, found in a segmenting process."""

from __future__ import annotations

import json

from api.answers import encode_json
from api.pages.wire import Job, Outcome
from segmenter import Segmenter
from segmenter.labels.pages import check_places
from segmenter.labels.records import LabelRecord, Report, parse_record

__all__ = ["check_page", "checking_job", "report_faults"]


def checking_job(record: LabelRecord) -> Job:
    """Look for a record's blocks on its page."""
    return Job("check", encode_json(record.to_dict()))


def check_page(job: Job, segmenter: Segmenter) -> Outcome:  # noqa: ARG001 - no model is asked
    """Do a ``checking_job``."""
    faults: list[tuple[int | None, str]] = []

    def report(block: int | None, detail: str) -> None:
        faults.append((block, detail))

    record = parse_record(json.loads(job.body), report)
    if record is not None:
        check_places(record, report)
    return Outcome(encode_json({"faults": faults}))


def report_faults(outcome: Outcome, report: Report) -> None:
    """Report what came of a ``checking_job``."""
    for block, detail in json.loads(outcome.body)["faults"]:
        report(block, detail)
