"""Probabilities to labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.sequence import decide, expected_f1
from segmenter.types import LABEL_INDEX, LABELS, FloatArray

BODY = LABEL_INDEX["body"]
BOILERPLATE = LABEL_INDEX["boilerplate"]


def rows(body: list[float]) -> FloatArray:
    result = np.zeros((len(body), len(LABELS)), dtype=np.float32)
    result[:, BODY] = body
    result[:, BOILERPLATE] = 1 - result[:, BODY]
    return result


@given(
    st.lists(
        st.tuples(st.integers(0, 100).map(lambda n: n / 100), st.integers(1, 60)),
        min_size=1,
        max_size=12,
    )
)
def test_no_cut_in_the_range_has_a_better_expected_f1(blocks: list[tuple[float, int]]) -> None:
    probabilities = rows([p for p, _ in blocks])
    words = np.array([count for _, count in blocks], dtype=np.int64)
    labels, confidence = decide(probabilities, words)
    body = probabilities[:, BODY]
    kept = labels == BODY
    # Blocks are kept by a cut, and the range of cuts is 0.25 to 0.5.
    assert kept[body >= 0.5].all()
    assert not kept[body < 0.25].any()
    assert 0 <= confidence <= 1
    best = max(
        expected_f1(body, words, body >= cut)
        for cut in [0.5, *(p for p in body if 0.25 <= p < 0.5)]
    )
    assert expected_f1(body, words, kept) == pytest.approx(best, abs=1e-6)
    assert confidence == pytest.approx(best, abs=1e-3)


def test_block_without_words_is_boilerplate() -> None:
    labels, _ = decide(rows([0.99, 0.99]), np.array([0, 20]))
    assert labels.tolist() == [BOILERPLATE, BODY]


def test_page_without_body_is_sure_of_it() -> None:
    labels, confidence = decide(rows([0.0, 0.0]), np.array([5, 5]))
    assert labels.tolist() == [BOILERPLATE, BOILERPLATE]
    assert confidence == 1.0


def test_other_label_is_the_likeliest() -> None:
    probabilities = np.full((1, len(LABELS)), 0.05, dtype=np.float32)
    probabilities[0, LABEL_INDEX["comment"]] = 0.6
    labels, _ = decide(probabilities, np.array([9]))
    assert labels.tolist() == [LABEL_INDEX["comment"]]
