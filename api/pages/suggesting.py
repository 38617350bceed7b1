"""Which stored pages to label next: the segmenting processes rate them, then they are ranked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from api.contract.retraining import SuggestionAnswer
from api.pages.executor import Executor
from api.pages.rating import RatedPage, rating_job, read_rating, read_sketch, sketch_job
from api.pages.wire import Job, Outcome
from api.problems import NO_FAULT_OF_THE_PAGE, ProblemError
from segmenter.labels.records import LabelRecord
from segmenter.labels.suggestions import Ranked, rank

__all__ = ["suggested"]


def suggested(
    pages: Executor,
    unlabelled: Sequence[LabelRecord],
    labelled: Sequence[LabelRecord],
    *,
    count: int,
    in_flight: int,
) -> list[SuggestionAnswer]:
    """The pages to label next, the most helpful first.

    One that is refused, or ends its process, is passed over: otherwise there would be no
    suggestions for as long as it is stored.

    Args:
        pages: rates them.
        unlabelled: those to choose from.
        labelled: those that have labels already.
        count: how many at most.
        in_flight: how many are rated at the same time.

    Raises:
        ProblemError: there is no model, or no room for the first page; the others wait for room.
        PageFaultError: we failed on a page.
    """
    if not unlabelled:
        return []

    def done(make: Callable[[], Job], *, patient: bool = True) -> Outcome | None:
        try:
            return pages.run(make(), patient=patient)
        except ProblemError as problem:
            if problem.kind in NO_FAULT_OF_THE_PAGE:
                raise
            return None

    jobs = [partial(rating_job, record) for record in unlabelled]
    jobs += [partial(sketch_job, record) for record in labelled]
    first = done(jobs[0], patient=False)
    with ThreadPoolExecutor(in_flight, thread_name_prefix="suggestions") as threads:
        outcomes = [first, *threads.map(done, jobs[1:])]
    found = zip(unlabelled, map(read_rating, outcomes), strict=False)
    rated = [(record, page) for record, page in found if page is not None]
    known = [one for one in map(read_sketch, outcomes[len(unlabelled) :]) if one is not None]
    places = rank([page.rating for _, page in rated], count, known)
    return [_answer(*rated[place.index], place) for place in places]


def _answer(record: LabelRecord, page: RatedPage, place: Ranked) -> SuggestionAnswer:
    return SuggestionAnswer(
        id=record.id,
        url=record.url,
        score=round(place.score, 4),
        uncertainty=round(page.rating.uncertainty, 4),
        novelty=round(place.novelty, 4),
        **page.suggested(),
    )
