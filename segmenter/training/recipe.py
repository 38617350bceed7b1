"""How the classifiers are made of labelled pages: a teacher first, then one for each kind of input.

Main-text corpora say of a block only whether it is body, and some pages have no labels at all.
A first classifier of HTML, the teacher, says what else their blocks are; the classifiers that are
kept learn from the labels and from that (see ``targets``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from segmenter.classifier import BlockClassifier
from segmenter.errors import CorpusError
from segmenter.training.corpora import LabelledPage
from segmenter.training.dataset import TrainingPage, html_pages, text_pages
from segmenter.training.fit import fit_classifier, fit_first_stage
from segmenter.training.optimise import Schedule
from segmenter.training.sources import Report
from segmenter.training.targets import by_corpus_too
from segmenter.types import InputKind

__all__ = ["KINDS", "fit_pages", "prefixed"]

KINDS: Final[tuple[InputKind, ...]] = ("html", "text")
_GOLD_WEIGHT: Final[Mapping[InputKind, float]] = {"html": 3.0, "text": 6.0}
"""Pages labelled block by block count for so many with only their main text."""
_SEED_WEIGHT: Final = 9.0
"""The seeds are few, and hold on purpose what real pages seldom have."""
_DRAWS: Final = 4
"""Pages are made into raw text so many times: what is left of menus, where lines break and what is
put in differ, while the labels are the same."""
_SMALL: Final = 200
_SCHEDULE: Final[Mapping[InputKind, Schedule]] = {
    "html": Schedule(whole_page=0.3),
    "text": Schedule(epochs=6),
}
_TEACHER_SCHEDULE: Final = Schedule(hidden=128, epochs=6)
_SMALL_SCHEDULE: Final[Mapping[InputKind, Schedule]] = {
    "html": Schedule(hidden=32, epochs=40, lengths=(96, 1024), always=1024),
    "text": Schedule(hidden=32, epochs=10, lengths=(96, 1024), always=1024),
}
"""With fewer pages the network is smaller, sees them more often, and is compiled less often."""


def fit_pages(
    pages: Sequence[LabelledPage],
    unlabelled: Sequence[LabelledPage],
    seed: int,
    report: Report,
) -> Mapping[InputKind, BlockClassifier]:
    """A classifier for each kind of input.

    Args:
        pages: labelled pages.
        unlabelled: HTML pages of which nothing is known.
        seed: of everything random.
        report: is told of the progress.

    Raises:
        CorpusError: there are no pages of a kind.
    """
    small = len(pages) < _SMALL
    schedules = _SMALL_SCHEDULE if small else _SCHEDULE
    told = prefixed(report, "html")
    measured = _weighted(html_pages(pages))
    told(f"fitting on {len(measured):,} pages")
    first = fit_first_stage(measured, seed, told)
    teach = prefixed(told, "teacher")
    schedule = schedules["html"] if small else _TEACHER_SCHEDULE
    html = fit_classifier(first, measured, seed, schedule, teach)
    lessons = {page.labelled.id: _taught(page, html) for page in measured}
    more = [_taught(page, html) for page in html_pages(unlabelled)]
    if not small:
        both = (replace(p, labelled=by_corpus_too(p.labelled)) for p in lessons.values())
        html = fit_classifier(first, chain(both, more), seed, schedules["html"], told)
    del first, measured
    told = prefixed(report, "text")
    learned = [lessons[page.id].labelled if page.id in lessons else page for page in pages]
    learned += [page.labelled for page in more]
    del lessons, more
    raw = _weighted(text_pages(learned, seed))
    told(f"fitting on {len(raw):,} pages, {_DRAWS} times drawn")
    first = fit_first_stage(raw, seed, told)
    again = (_weighted(text_pages(learned, seed, draw)) for draw in range(1, _DRAWS))
    drawn = chain(raw, chain.from_iterable(again))
    text = fit_classifier(first, drawn, seed, schedules["text"], told)
    return {"html": html, "text": text}


def prefixed(report: Report, prefix: str) -> Report:
    """A report that says of what it is."""
    return lambda line: report(f"{prefix}: {line}")


def _weighted(measured: Iterable[TrainingPage]) -> list[TrainingPage]:
    pages = [replace(page, weight=page.weight * _page_weight(page)) for page in measured]
    if not pages:
        raise CorpusError("there are no pages to train on")
    return pages


def _taught(page: TrainingPage, teacher: BlockClassifier) -> TrainingPage:
    """The page with the teacher's opinion; one that was labelled block by block as it is."""
    if page.labelled.gold is not None:
        return page
    opinion = teacher.probabilities(page.features)
    return replace(page, labelled=replace(page.labelled, teacher=opinion))


def _page_weight(page: TrainingPage) -> float:
    if page.labelled.source == "seeds":
        return _SEED_WEIGHT
    return 1.0 if page.labelled.gold is None else _GOLD_WEIGHT[page.features.input]
