"""What a training run came to, with gains, losses and what is unclear in it."""

from __future__ import annotations

from typing import Final

from segmenter.training.changes import BlockChange, PageChange
from segmenter.training.gate import Comparison, Scores, Verdict
from segmenter.training.retrain import KindReport, Outcome
from segmenter.types import LABELS

__all__ = ["BY_PAGE", "OUTCOME"]


def _scores(active: float, candidate: float, low: float, high: float) -> Scores:
    return Scores(active, candidate, round(candidate - active, 3), low, high)


_MATRIX: Final = tuple(
    tuple(400 if row == column else 7 for column in range(len(LABELS)))
    for row in range(len(LABELS))
)


def _comparison(macro_f1: Scores, **labels: Scores) -> Comparison:
    assert set(labels) <= set(LABELS)
    return Comparison(
        pages=12,
        blocks=340,
        macro_f1=macro_f1,
        labels=labels,
        confusion={"active": _MATRIX, "candidate": _MATRIX},
    )


BY_PAGE: Final = _comparison(
    _scores(0.61, 0.744, 0.082, 0.191),
    headline=_scores(1.0, 1.0, 0.0, 0.0),
    byline=_scores(0.8, 0.832, -0.021, 0.09),
    body=_scores(0.93, 0.9, -0.052, -0.011),
    headline_fragment=_scores(0.12, 0.6, 0.31, 0.66),
    boilerplate=_scores(0.2, 0.388, 0.127, 0.25),
)
_BASE: Final = _comparison(
    _scores(0.9, 0.897, -0.004, 0.001), body=_scores(0.97, 0.969, -0.003, 0.002)
)
_CHANGED: Final = PageChange(
    page="bridge-17",
    changed=1,
    blocks=20,
    better=1,
    worse=0,
    changes=(BlockChange(0, 13, "Bridge closed", "headline", "body", "headline"),),
)

OUTCOME: Final = Outcome(
    version="0.2.0-r1",
    active="0.2.0",
    promoted=False,
    reason="not asked to promote",
    kinds={
        "html": KindReport(
            pages=12,
            sites=1,
            compared="one site only, so split by page",
            by_page=BY_PAGE,
            by_site=None,
            base=_BASE,
            verdict=Verdict(True, "better on your pages"),
        ),
        "text": KindReport(
            pages=2,
            sites=1,
            compared="too few pages to compare on",
            by_page=None,
            by_site=None,
            base=_BASE,
            verdict=Verdict(False, "2 pages are too few to compare on; at least 3 are needed"),
        ),
    },
    changes={"html": (_CHANGED,), "text": (_CHANGED,)},
    unused=(),
)
