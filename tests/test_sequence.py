"""Probabilities to labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.sequence import decide, expected_f1
from segmenter.types import LABEL_INDEX, LABELS, FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]

BODY = LABEL_INDEX["body"]
BOILERPLATE = LABEL_INDEX["boilerplate"]


def rows(body: list[float]) -> FloatArray:
    result = np.zeros((len(body), len(LABELS)), dtype=np.float32)
    result[:, BODY] = body
    result[:, BOILERPLATE] = 1 - result[:, BODY]
    return result


BLOCKS = st.lists(
    st.tuples(st.integers(0, 100).map(lambda n: n / 100), st.integers(1, 60)),
    min_size=1,
    max_size=12,
)


def f1_over_shared_errors(body: FloatArray, words: IntArray, kept: BoolArray) -> float:
    """The expected word-F1 where the log odds of all blocks are off by the same normal error."""
    errors = np.linspace(-16, 16, 4001)
    density = np.exp(-((errors / 2) ** 2) / 2)
    with np.errstate(divide="ignore"):
        odds = np.log(body / (1 - body))
    shifted = 1 / (1 + np.exp(-(odds + errors[:, None])))
    if not kept.any():
        each = np.prod(1 - shifted, axis=1)
    else:
        each = 2 * (shifted[:, kept] @ words[kept]) / (words[kept].sum() + shifted @ words)
    return float((each * density).sum() / density.sum())


@given(BLOCKS)
def test_no_cut_has_a_better_expected_f1_over_errors_that_blocks_share(
    blocks: list[tuple[float, int]],
) -> None:
    probabilities = rows([p for p, _ in blocks])
    words = np.array([count for _, count in blocks], dtype=np.int64)
    labels, _ = decide(probabilities, words)
    body = probabilities[:, BODY].astype(np.float64)
    kept = labels == BODY
    # Blocks are kept by a cut.
    assert body[kept].min(initial=1) > body[~kept].max(initial=-1) or not kept.any()
    reached = f1_over_shared_errors(body, words, kept)
    cuts = [body >= cut for cut in {*body.tolist(), 2.0}]
    best = max(f1_over_shared_errors(body, words, cut) for cut in cuts)
    # The quadrature of five nodes is that far from the integral.
    assert reached == pytest.approx(best, abs=0.03)


@given(BLOCKS)
def test_confidence_is_a_share_and_the_expected_f1(blocks: list[tuple[float, int]]) -> None:
    probabilities = rows([p for p, _ in blocks])
    words = np.array([count for _, count in blocks], dtype=np.int64)
    labels, confidence = decide(probabilities, words)
    assert 0 <= confidence <= 1
    expected = expected_f1(probabilities[:, BODY], words, labels == BODY)
    assert confidence == pytest.approx(expected, abs=1e-3)


def test_where_nothing_is_sure_the_likeliest_blocks_are_kept() -> None:
    # A list of thirty like entries: each is body or none is.
    labels, confidence = decide(rows([0.2] * 30), np.full(30, 12))
    assert labels.tolist() == [BODY] * 30
    assert confidence < 0.4


def test_what_is_unsure_yields_to_what_is_sure() -> None:
    labels, _ = decide(rows([0.99] * 5 + [0.2] * 5), np.full(10, 40))
    assert labels.tolist() == [BODY] * 5 + [BOILERPLATE] * 5


def test_nothing_is_kept_where_the_page_most_likely_has_no_body() -> None:
    labels, confidence = decide(rows([0.05, 0.02]), np.array([9, 9]))
    assert labels.tolist() == [BOILERPLATE] * 2
    assert confidence == pytest.approx(0.95 * 0.98, abs=1e-3)


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
        # A page of one block that is most likely not body most likely has none.
        ({"boilerplate": 0.45, "body": 0.55}, "body"),
        ({"boilerplate": 0.6, "body": 0.4}, "boilerplate"),
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
