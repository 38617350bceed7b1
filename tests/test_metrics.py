"""The figures that segmentations are compared by."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.training.metrics import (
    bootstrap_interval,
    calibration_error,
    label_scores,
    word_counts,
    word_f1,
)
from segmenter.types import LABELS

COUNTS = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 5)).map(Counter)


def test_words_are_lower_case_runs_and_single_han_characters() -> None:
    assert word_counts("The ferry, the FERRY 42") == {"the": 2, "ferry": 2, "42": 1}
    assert word_counts("渡轮晚点 GPS导航") == dict.fromkeys("渡轮晚点导航", 1) | {"gps": 1}
    assert word_counts("カメラ") == {"カ": 1, "メ": 1, "ラ": 1}
    assert word_counts(" .,;") == {}


@given(COUNTS, COUNTS)
def test_word_f1(found: Counter[str], gold: Counter[str]) -> None:
    score = word_f1(found, gold)
    assert 0 <= score <= 1
    assert score == word_f1(gold, found)
    assert (score == 1) == (found == gold)


def test_word_f1_by_hand() -> None:
    assert word_f1(word_counts("a a b"), word_counts("a b c c")) == pytest.approx(4 / 7)
    assert word_f1(Counter(), Counter()) == 1
    assert word_f1(Counter("a"), Counter()) == 0


def test_label_scores_sum_words_over_pages() -> None:
    pages = [
        ({"body": Counter("aab")}, {"body": Counter("ab"), "deck": Counter("a")}),
        ({"deck": Counter("c")}, {"body": Counter("cc")}),
    ]
    scores = label_scores(pages)
    assert list(scores) == list(LABELS)
    assert scores["body"] == {
        "precision": pytest.approx(2 / 3),
        "recall": pytest.approx(2 / 4),
        "f1": pytest.approx(4 / 7),
        "gold_words": 4.0,
    }
    assert scores["deck"]["f1"] == scores["deck"]["recall"] == 0
    assert scores["byline"]["gold_words"] == 0


def test_calibration_error() -> None:
    sure = np.full(10, 0.8, dtype=np.float32)
    right = np.array([1] * 8 + [0] * 2, dtype=np.float32)
    assert calibration_error(sure, right) == pytest.approx(0, abs=1e-6)
    assert calibration_error(sure, np.zeros(10, np.float32)) == pytest.approx(0.8)
    assert calibration_error(np.ones(3, np.float32), np.ones(3, np.float32)) == 0


def test_bootstrap_interval() -> None:
    values = list(np.linspace(0, 1, 101))
    low, high = bootstrap_interval(values)
    assert 0.4 < low < 0.5 < high < 0.6
    assert bootstrap_interval(values) == (low, high)
    assert bootstrap_interval([0.7] * 5) == pytest.approx((0.7, 0.7))
    assert np.isnan(bootstrap_interval([])).all()
