"""Which pages are suggested for labelling, by their ratings alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.labels.suggestions import SKETCH_SIZE, Rating, Sketch, rank

COVERAGE, SHARPNESS = 20.0, 2


def sketches(templates: list[int]) -> list[Sketch]:
    """Pages of some templates; each has half of its sketch for itself."""
    half = SKETCH_SIZE // 2
    return [
        np.concatenate([np.full(half, kind), np.arange(half) + 1_000 * (place + 1)]).astype("u4")
        for place, kind in enumerate(templates)
    ]


@given(
    pages=st.lists(st.tuples(st.integers(0, 4), st.floats(0.1, 1.0)), min_size=1, max_size=14),
    count=st.integers(1, 16),
    labelled=st.lists(st.integers(0, 4), max_size=2),
)
def test_each_time_no_other_page_would_gain_more(
    pages: list[tuple[int, float]], count: int, labelled: list[int]
) -> None:
    drawn = sketches([kind for kind, _ in pages] + labelled)
    ratings = [Rating(one, unsure) for one, (_, unsure) in zip(drawn, pages, strict=False)]
    found = rank(ratings, count, drawn[len(pages) :])
    assert len({one.index for one in found}) == len(found) == min(count, len(pages))
    alike = np.array([[(a == b).mean() for b in drawn[: len(pages)]] for a in drawn])
    weight = np.array([unsure for _, unsure in pages])
    weight = weight / (alike[: len(pages)] ** SHARPNESS).sum(axis=1)
    covered = (alike[len(pages) :] ** SHARPNESS).sum(axis=0)
    nearest = alike[len(pages) :].max(axis=0, initial=0)
    left = set(range(len(pages)))
    for one in found:
        gains = {
            index: weight
            @ np.log(
                (1 + COVERAGE * (covered + alike[index] ** SHARPNESS)) / (1 + COVERAGE * covered)
            )
            * (1 - nearest[index])
            for index in left
        }
        assert one.score == pytest.approx(max(gains.values()), abs=1e-9)
        assert one.score == pytest.approx(gains[one.index], abs=1e-9)
        assert one.novelty == pytest.approx(1 - nearest[one.index])
        left.remove(one.index)
        covered = covered + alike[one.index] ** SHARPNESS
        nearest = np.maximum(nearest, alike[one.index])


def test_a_pool_of_thousands_is_ranked() -> None:
    rng = np.random.default_rng(0)
    templates = rng.integers(0, 30, 3_000).tolist()
    ratings = [Rating(one, float(rng.uniform(0.1, 0.2))) for one in sketches(templates)]
    found = rank(ratings, 30)
    assert len({templates[one.index] for one in found}) >= 25
