"""Labelled pages are checked by the segmenting processes: a page to label may be as hostile as any,
and there its time and memory are bounded."""

from __future__ import annotations

from api.pages.checking import checking_job, report_faults
from api.pages.executor import Executor
from api.problems import NO_FAULT_OF_THE_PAGE, ProblemError
from segmenter.labels.records import LabelRecord, Report

__all__ = ["PlacesCheck"]


class PlacesCheck:
    """``check_places`` for the pages of one request.

    A page that is over its time or memory is a fault of the batch like any other.

    Args:
        pages: checks them.
    """

    def __init__(self, pages: Executor) -> None:
        self._pages = pages
        self._patient = False

    def __call__(self, record: LabelRecord, report: Report) -> None:
        """Report every block of a record that its page does not have.

        Raises:
            ProblemError: there is no model, or no room for the first page; the others wait for it.
            PageFaultError: we failed on the page.
        """
        try:
            outcome = self._pages.run(checking_job(record), patient=self._patient)
        except ProblemError as problem:
            if problem.kind in NO_FAULT_OF_THE_PAGE:
                raise
            report(None, problem.detail)
        else:
            report_faults(outcome, report)
        self._patient = True
