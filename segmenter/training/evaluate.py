"""Predictions on held-out pages to figures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from segmenter.sequence import decide
from segmenter.training.corpora import LabelledPage
from segmenter.training.metrics import (
    Counts,
    bootstrap_interval,
    calibration_error,
    label_scores,
    word_counts,
    word_f1,
)
from segmenter.types import LABELS, FloatArray, IntArray

__all__ = ["Prediction", "evaluate", "known_labels"]

_NEWS: Final = ("fundus", "atf")
_LANGUAGE_PAGES: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a model that had not seen its site says of a page.

    Attributes:
        labelled: the page as it was measured.
        form: ``html``, or the form of the raw text.
        probabilities: shape (n, 9).
        words: shape (n,), words in each block.
    """

    labelled: LabelledPage
    form: str
    probabilities: FloatArray
    words: IntArray


def known_labels(page: LabelledPage) -> IntArray:
    """Shape (n,): the label of each block that is known exactly, else -1."""
    exact = (page.allowed & (page.allowed - 1)) == 0
    return np.where(exact, np.log2(np.maximum(page.allowed, 1)).astype(np.int64), -1)


def evaluate(predictions: Iterable[Prediction]) -> dict[str, Any]:
    """All figures, by form of the input.

    Returns:
        for each form: ``labels`` (precision, recall, F1 of each), ``macro_f1``, ``body`` (word-F1
        over gold pages, by page type and language), ``main_text`` (word-F1 against the corpora's
        main text, by corpus and page type), ``calibration_error``, ``confusion`` (words, gold by
        row) and ``risk`` (1 - body F1 at full and at 80 % coverage by confidence).
    """
    by_form: dict[str, list[Prediction]] = defaultdict(list)
    for prediction in predictions:
        by_form[prediction.form].append(prediction)
    return {form: _figures(group) for form, group in by_form.items()}


def _figures(predictions: Sequence[Prediction]) -> dict[str, Any]:
    label_pages: list[tuple[dict[str, Counts], dict[str, Counts]]] = []
    body: dict[str, list[float]] = defaultdict(list)
    main: dict[str, list[float]] = defaultdict(list)
    risk: list[tuple[float, float]] = []
    confusion = np.zeros((len(LABELS), len(LABELS)), dtype=np.int64)
    probability: list[FloatArray] = []
    correct: list[FloatArray] = []
    for prediction in predictions:
        page = prediction.labelled
        labels, confidence = decide(prediction.probabilities, prediction.words)
        found = _label_words(page.page.block_texts(), [LABELS[label] for label in labels])
        if page.gold is not None:
            gold = _gold_words(prediction)
            label_pages.append((found, gold))
            known = known_labels(page)
            sure = known >= 0
            np.add.at(confusion, (known[sure], labels[sure]), prediction.words[sure])
            probability.append(prediction.probabilities[np.arange(len(labels)), labels][sure])
            correct.append((labels == known)[sure])
            if gold.get("body"):
                f1 = word_f1(found.get("body", Counter()), gold["body"])
                risk.append((confidence, f1))
                for key in _groups(page):
                    body[key].append(f1)
        if page.main_text and prediction.form in ("html", "lines"):
            f1 = word_f1(found.get("body", Counter()), word_counts(page.main_text))
            for key in _corpus_groups(page):
                main[key].append(f1)
    scores = label_scores(label_pages)
    return {
        "labels": scores,
        "macro_f1": float(np.mean([score["f1"] for score in scores.values()])),
        "body": _means(body),
        "main_text": _means(main),
        "calibration_error": calibration_error(np.concatenate(probability), np.concatenate(correct))
        if probability
        else None,
        "confusion": confusion.tolist(),
        "risk": _risk(risk),
        "pages": len(label_pages),
    }


def _label_words(texts: Sequence[str], labels: Sequence[str]) -> dict[str, Counts]:
    result: dict[str, Counts] = defaultdict(Counter)
    for text, label in zip(texts, labels, strict=True):
        result[label] += word_counts(text)
    return dict(result)


def _gold_words(prediction: Prediction) -> dict[str, Counts]:
    """Of the gold blocks; for a page that lost blocks to stripping, of those that are left."""
    page = prediction.labelled
    if prediction.form != "stripped" and page.gold is not None:
        return _label_words([text for text, _ in page.gold], [label for _, label in page.gold])
    known = known_labels(page)
    texts = page.page.block_texts()
    left = np.flatnonzero(known >= 0).tolist()
    return _label_words([texts[i] for i in left], [LABELS[known[i]] for i in left])


def _groups(page: LabelledPage) -> list[str]:
    keys = ["all", f"type {page.page_type or 'unknown'}", f"language {page.language or 'unknown'}"]
    if page.id.split("-")[0] in _NEWS:
        keys.append("news")
    return keys


def _corpus_groups(page: LabelledPage) -> list[str]:
    prefix = page.id.split("-")[0]
    if prefix == "wcxb":
        return ["wcxb-dev", f"wcxb-dev {page.page_type or 'unknown'}"]
    return ["news (fundus, andythefactory)"] if prefix in _NEWS else []


def _means(groups: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float]]:
    result = {}
    for key, values in sorted(groups.items()):
        if key.startswith("language") and len(values) < _LANGUAGE_PAGES:
            continue
        low, high = bootstrap_interval(values)
        result[key] = {
            "f1": float(np.mean(values)), "low": low, "high": high, "pages": len(values)
        }  # fmt: skip
    return result


def _risk(pages: Sequence[tuple[float, float]]) -> dict[str, float]:
    if not pages:
        return {}
    ordered = [f1 for _, f1 in sorted(pages, key=lambda page: -page[0])]
    covered = ordered[: max(1, round(0.8 * len(ordered)))]
    return {"full": 1 - float(np.mean(ordered)), "covered_80": 1 - float(np.mean(covered))}
