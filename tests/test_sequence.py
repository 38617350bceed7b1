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


def one_row(**probability: float) -> FloatArray:
    result = np.zeros((1, len(LABELS)), dtype=np.float32)
    for label, value in probability.items():
        result[0, LABEL_INDEX[label]] = value
    return result


@pytest.mark.parametrize(
    ("probability", "label"),
    [
        # Rare labels are given below half: a deck from about half of body's probability on.
        ({"deck": 0.4, "body": 0.6}, "deck"),
        ({"deck": 0.3, "body": 0.7}, "body"),
        ({"comment": 0.5, "body": 0.5}, "comment"),
        # What stands around the article yields to body within the range of cuts.
        ({"boilerplate": 0.6, "body": 0.4}, "body"),
        ({"boilerplate": 0.8, "body": 0.2}, "boilerplate"),
        ({"headline": 0.25, "boilerplate": 0.75}, "headline"),
        ({"headline": 0.24, "boilerplate": 0.76}, "boilerplate"),
    ],
)
def test_label_by_probability(probability: dict[str, float], label: str) -> None:
    labels, _ = decide(one_row(**probability), np.array([12]))
    assert LABELS[labels[0]] == label


def test_a_page_has_one_headline() -> None:
    probabilities = np.concatenate(
        [
            one_row(headline=0.6, headline_fragment=0.4),
            one_row(headline=0.9, headline_fragment=0.1),
            one_row(headline=0.3, body=0.7),
        ]
    )
    labels, _ = decide(probabilities, np.array([7, 7, 7]))
    assert [LABELS[label] for label in labels] == ["headline_fragment", "headline", "body"]


def test_confidence_is_the_expected_f1_of_the_body_that_is_given() -> None:
    probabilities = np.concatenate([one_row(deck=0.45, body=0.55), one_row(body=0.9, teaser=0.1)])
    words = np.array([30, 50])
    labels, confidence = decide(probabilities, words)
    body = probabilities[:, BODY].astype(np.float64)
    assert confidence == pytest.approx(expected_f1(body, words, labels == BODY), abs=1e-4)
    assert LABELS[labels[0]] == "deck"
