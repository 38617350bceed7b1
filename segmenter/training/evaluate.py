"""Predictions on held-out pages to figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from segmenter.training.corpora import LabelledPage
from segmenter.training.metrics import (
    Mean,
    label_counts,
    label_scores,
    macro_interval,
    reliability,
    risk_curve,
)
from segmenter.training.rival_scores import RivalScores
from segmenter.training.scoring import PageScore, Prediction, known_labels, score
from segmenter.types import LABELS

__all__ = ["NEWS", "Prediction", "evaluate", "known_labels"]

NEWS: Final = "news (fundus, andythefactory)"
_NEWS_PREFIXES: Final = ("fundus", "atf")
_LANGUAGE_PAGES: Final = 5
_CURVE_POINTS: Final = 50
_COVERAGE: Final = 0.8

Groups = dict[str, list[PageScore]]


def evaluate(
    predictions: Iterable[Prediction], rivals: Sequence[RivalScores] = ()
) -> dict[str, Any]:
    """All figures, by form of the input.

    Where pages of a gold file are among them, the figures for pages labelled block by block are
    of these alone, else of the example pages.

    Returns:
        for each form, as values that JSON has: ``labels`` (precision, recall, F1 with interval and
        ceiling of each), ``macro_f1``, ``macro_low``, ``macro_high``, ``macro_ceiling``; ``body``
        (word-F1 over gold pages, by page type and language) and ``main_text`` (against the
        corpora's main text, by corpus and page type), each with interval, pages, ceiling and the
        rivals'; ``readers`` (of the pages of ``main_text`` that are labelled block by block too:
        what the readers' labels and the segmenter's reach against the main text);
        ``calibration_error``, ``reliability``, ``confusion`` (words, gold by row), ``risk``
        (1 - body F1 at full and at 80 % coverage by confidence), ``risk_curve``, ``pages``, and
        ``rivals_failed``.
    """
    by_form: dict[str, list[PageScore]] = defaultdict(list)
    for prediction in predictions:
        by_form[prediction.form].append(score(prediction))
    return {form: _figures(form, group, rivals) for form, group in by_form.items()}


def _figures(
    form: str, scores: Sequence[PageScore], rivals: Sequence[RivalScores]
) -> dict[str, Any]:
    labelled = [s for s in scores if s.gold]
    gold = [s for s in labelled if s.page.source == "gold"] or labelled
    with_body = [s for s in gold if s.body is not None]
    with_main = [s for s in scores if s.main_text is not None]
    body = {r.name: r.body.get(form, {}) for r in rivals}
    main = {r.name: r.main_text.get(form, {}) for r in rivals}
    return {
        **_label_figures(gold),
        "body": _means(_gold_groups(with_body), ("body", "body_ceiling"), body),
        "main_text": _means(_corpus_groups(with_main), ("main_text", "main_text_ceiling"), main),
        "readers": _readers(_corpus_groups(with_main)),
        **_calibration(gold),
        "confusion": _confusion(gold),
        **_risk(with_body),
        "pages": len(gold),
        "rivals_failed": {r.name: r.failed[form] for r in rivals if form in r.failed},
    }


def _label_figures(scores: Sequence[PageScore]) -> dict[str, Any]:
    counts = label_counts([(s.found, s.gold) for s in scores])
    labels = label_scores(counts)
    ceiling = label_scores(label_counts([(s.ideal, s.gold) for s in scores]))
    low, high = macro_interval(counts)
    return {
        "labels": {label: labels[label] | {"ceiling": ceiling[label]["f1"]} for label in LABELS},
        "macro_f1": float(np.mean([labels[label]["f1"] for label in LABELS])),
        "macro_low": low,
        "macro_high": high,
        "macro_ceiling": float(np.mean([ceiling[label]["f1"] for label in LABELS])),
    }


def _calibration(scores: Sequence[PageScore]) -> dict[str, Any]:
    if not scores:
        return {"calibration_error": None, "reliability": None}
    bins = reliability(
        np.concatenate([s.probability for s in scores]),
        np.concatenate([(s.given == s.known).astype(float) for s in scores]),
    )
    return {
        "calibration_error": bins.error,
        "reliability": {
            "count": bins.count.astype(int).tolist(),
            "probability": bins.probability.round(4).tolist(),
            "accuracy": bins.accuracy.round(4).tolist(),
        },
    }


def _confusion(scores: Sequence[PageScore]) -> list[list[int]]:
    confusion = np.zeros((len(LABELS), len(LABELS)), dtype=np.int64)
    for s in scores:
        np.add.at(confusion, (s.known, s.given), s.words)
    rows: list[list[int]] = confusion.tolist()
    return rows


def _risk(scores: Sequence[PageScore]) -> dict[str, Any]:
    if not scores:
        return {"risk": {}, "risk_curve": []}
    curve = risk_curve([s.confidence for s in scores], [s.body or 0.0 for s in scores])
    places = np.unique(np.linspace(1, len(curve), _CURVE_POINTS).round().astype(int))
    return {
        "risk": {
            "full": float(curve[-1]),
            "covered_80": float(curve[max(1, round(_COVERAGE * len(curve))) - 1]),
        },
        "risk_curve": [
            [round(place / len(curve), 4), round(float(curve[place - 1]), 4)]
            for place in places.tolist()
        ],
    }


def _gold_groups(scores: Iterable[PageScore]) -> Groups:
    groups: Groups = defaultdict(list)
    for s in scores:
        page = s.page
        keys = [
            "all",
            f"type {page.page_type or 'unknown'}",
            f"language {page.language or 'unknown'}",
        ]
        if _is_news(page):
            keys.append("news")
        for key in keys:
            groups[key].append(s)
    return {
        key: group
        for key, group in groups.items()
        if not key.startswith("language") or len(group) >= _LANGUAGE_PAGES
    }


def _corpus_groups(scores: Iterable[PageScore]) -> Groups:
    groups: Groups = defaultdict(list)
    for s in scores:
        if s.page.id.startswith("wcxb-"):
            groups["wcxb-dev"].append(s)
            groups[f"wcxb-dev {s.page.page_type or 'unknown'}"].append(s)
        elif _is_news(s.page):
            groups[NEWS].append(s)
    return groups


def _is_news(page: LabelledPage) -> bool:
    return page.id.split("-")[0] in _NEWS_PREFIXES


def _means(
    groups: Groups, fields: tuple[str, str], rivals: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """For each group of pages the mean of one field, of its ceiling, and the rivals' means over
    the very same pages."""
    name, ceiling = fields
    result = {}
    for key, group in sorted(groups.items()):
        theirs = {
            rival: [values[s.page.id] for s in group]
            for rival, values in rivals.items()
            if all(s.page.id in values for s in group)
        }
        result[key] = asdict(Mean.of([getattr(s, name) for s in group])) | {
            "ceiling": float(np.mean([getattr(s, ceiling) for s in group])),
            "rivals": {rival: asdict(Mean.of(values)) for rival, values in theirs.items()},
        }
    return result


def _readers(groups: Groups) -> dict[str, Any]:
    """For each group of pages what readers and the segmenter reach, over the very same pages."""
    result = {}
    for key, group in sorted(groups.items()):
        both = [s for s in group if s.main_text_readers is not None]
        if both:
            result[key] = {
                "readers": asdict(Mean.of([s.main_text_readers or 0.0 for s in both])),
                "segmenter": asdict(Mean.of([s.main_text or 0.0 for s in both])),
            }
    return result
