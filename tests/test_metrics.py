"""The figures that segmentations are compared by."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.training.metrics import (
    bootstrap_interval,
    label_counts,
    label_scores,
    macro_interval,
    reliability,
    risk_curve,
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


def test_words_of_scripts_without_spaces() -> None:
    assert word_counts("ไทย 12") == {"ไ": 1, "ท": 1, "ย": 1, "12": 1}
    assert word_counts("ที่") == {"ท": 1, "ี": 1, "่": 1}
    assert word_counts("カ・メ ﾊﾟ 々 𠀋") == dict.fromkeys("カメﾊ々𠀋ﾟ", 1)
    # Korean is written with spaces.
    assert word_counts("바람이 분다") == {"바람이": 1, "분다": 1}


def scores_of(pages: list[Any]) -> dict[str, dict[str, float]]:
    return label_scores(label_counts(pages))


def test_label_scores_sum_words_over_pages() -> None:
    pages = [
        ({"body": Counter("aab")}, {"body": Counter("ab"), "deck": Counter("a")}),
        ({"deck": Counter("c")}, {"body": Counter("cc")}),
    ]
    scores = scores_of(pages)
    assert list(scores) == list(LABELS)
    body = scores["body"]
    assert body["precision"] == pytest.approx(2 / 3)
    assert body["recall"] == pytest.approx(2 / 4)
    assert body["f1"] == pytest.approx(4 / 7)
    assert body["gold_words"] == 4
    assert body["low"] <= body["f1"] <= body["high"]
    assert scores["deck"]["f1"] == scores["deck"]["recall"] == 0
    assert scores["byline"]["gold_words"] == 0


def test_intervals_over_equal_pages_have_no_width() -> None:
    page = ({"body": Counter("aab")}, {"body": Counter("ab")})
    counts = label_counts([page] * 7)
    f1 = label_scores(counts)["body"]["f1"]
    assert label_scores(counts)["body"]["low"] == pytest.approx(f1)
    assert list(macro_interval(counts)) == pytest.approx([f1 / 9, f1 / 9])


def test_reliability() -> None:
    sure = np.full(10, 0.8)
    right = np.array([1.0] * 8 + [0.0] * 2)
    assert reliability(sure, right).error == pytest.approx(0)
    assert reliability(sure, np.zeros(10)).error == pytest.approx(0.8)
    both = reliability(np.array([0.1, 0.1, 1.0, 1.0]), np.array([0.0, 1.0, 1.0, 1.0]), bins=2)
    assert both.count.tolist() == [2, 2]
    assert both.accuracy.tolist() == [0.5, 1.0]
    assert both.error == pytest.approx(0.2)
    assert reliability(np.zeros(0), np.zeros(0)).error == 0


def test_risk_curve_takes_the_most_confident_pages_first() -> None:
    curve = risk_curve([0.2, 0.9, 0.5], [0.1, 1.0, 0.7])
    assert curve.tolist() == pytest.approx([0, 0.15, 0.4])


def test_bootstrap_interval() -> None:
    values = list(np.linspace(0, 1, 101))
    low, high = bootstrap_interval(values)
    assert 0.4 < low < 0.5 < high < 0.6
    assert bootstrap_interval(values) == (low, high)
    assert bootstrap_interval([0.7] * 5) == pytest.approx((0.7, 0.7))
    assert np.isnan(bootstrap_interval([])).all()
