"""The rivals on the very pages that predictions are scored on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Final

from joblib import Parallel, delayed

from segmenter.training.files import json_rows
from segmenter.training.rival_scores import (
    RivalScores,
    fingerprint,
    load_rival_scores,
    save_rival_scores,
)
from segmenter.training.rivals import Rival, as_html, html_rivals, line_rivals
from segmenter.training.scoring import MAIN_TEXT_FORMS, Prediction

__all__ = ["compare", "page_html"]

Report = Callable[[str], None]
_Work = tuple[Prediction, str | None]
_AT_ONCE: Final = 2
_BATCH: Final = 200


def compare(
    predictions: Iterable[Prediction],
    html_of: Iterable[tuple[str, str]],
    report: Report,
    kept: Path | None = None,
) -> list[RivalScores]:
    """Run every rival on every page that is predicted and has gold.

    As HTML the rivals get the page's own HTML, as raw text its paragraphs or lines in ``<p>``; the
    rules for lines get the raw text itself.

    Args:
        predictions: of all pages and forms.
        html_of: id and HTML of at least the pages predicted as HTML; read once.
        report: is told of the progress.
        kept: a file to take the scores from, if it is of the same pages and rivals, and else to
            write them to.

    Raises:
        MissingExtraError: a rival is not installed.
    """
    scored = [p for p in predictions if _has_gold(p)]
    tools, rules = html_rivals(), line_rivals()
    of = fingerprint(scored, [*tools, *rules]) if kept is not None else ""
    scores = load_rival_scores(kept, of) if kept is not None else None
    if scores is None:
        scores = _run(scored, html_of, [*tools, *rules], report)
        if kept is not None:
            save_rival_scores(kept, scores, of)
    return scores


def page_html(files: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Id and HTML of the pages in JSON lines files, and of ``.html`` files by their name."""
    for file in files:
        if file.suffix == ".html":
            yield file.stem, file.read_text("utf-8")
        elif ".jsonl" in file.suffixes:
            for _, row in json_rows(file):
                if "html" in row:  # files of labels have none
                    yield row["id"], row["html"]


def _run(
    predictions: Sequence[Prediction],
    html_of: Iterable[tuple[str, str]],
    rivals: Sequence[Rival],
    report: Report,
) -> list[RivalScores]:
    scores = [RivalScores(r.name, r.version, r.title) for r in rivals]
    html = {p.labelled.id: p for p in predictions if p.form == "html"}
    text = [p for p in predictions if p.form != "html"]
    work = chain(_with_content(html, html_of), ((p, None) for p in text))
    parts = Parallel(n_jobs=_AT_ONCE, return_as="generator")(
        delayed(_scored)(batch) for batch in _batches(work)
    )
    for number, part in enumerate(parts, start=1):
        for whole, more in zip(scores, part, strict=True):
            whole.add(more)
        report(f"rivals: {min(number * _BATCH, len(predictions)):,} of {len(predictions):,} pages")
    return scores


def _batches(work: Iterator[_Work]) -> Iterator[list[_Work]]:
    while batch := list(islice(work, _BATCH)):
        yield batch


def _scored(work: Sequence[_Work]) -> list[RivalScores]:
    """What every rival reaches on some pages, which have their HTML or are raw text."""
    tools, rules = html_rivals(), line_rivals()
    scores = [RivalScores(r.name, r.version, r.title) for r in (*tools, *rules)]
    for prediction, html in work:
        raw = prediction.labelled.page.text
        content = as_html(raw) if html is None else html
        for rival, score in zip(tools, scores, strict=False):
            score.run(rival, prediction, content)
        if html is None:
            for rule, score in zip(rules, scores[len(tools) :], strict=True):
                score.run(rule, prediction, raw)
    return scores


def _with_content(
    predictions: Mapping[str, Prediction], html_of: Iterable[tuple[str, str]]
) -> Iterator[tuple[Prediction, str]]:
    seen: set[str] = set()
    for identity, html in html_of:
        if identity in predictions and identity not in seen:
            seen.add(identity)
            yield predictions[identity], html


def _has_gold(prediction: Prediction) -> bool:
    page = prediction.labelled
    return page.scored or bool(page.main_text and prediction.form in MAIN_TEXT_FORMS)
