"""The rivals on the very pages that predictions are scored on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

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
_TOLD_EVERY = 250


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
        scores = _run(scored, html_of, tools, rules, report)
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
    tools: Sequence[Rival],
    rules: Sequence[Rival],
    report: Report,
) -> list[RivalScores]:
    scores = {r.name: RivalScores(r.name, r.version, r.title) for r in (*tools, *rules)}
    html = {p.labelled.id: p for p in predictions if p.form == "html"}
    text = [p for p in predictions if p.form != "html"]
    for number, (prediction, content) in enumerate(_with_content(html, html_of), start=1):
        for rival in tools:
            scores[rival.name].run(rival, prediction, content)
        if number % _TOLD_EVERY == 0:
            report(f"rivals: {number:,} of {len(html):,} HTML pages")
    for number, prediction in enumerate(text, start=1):
        raw = prediction.labelled.page.text
        content = as_html(raw)
        for rival in tools:
            scores[rival.name].run(rival, prediction, content)
        for rival in rules:
            scores[rival.name].run(rival, prediction, raw)
        if number % _TOLD_EVERY == 0:
            report(f"rivals: {number:,} of {len(text):,} raw texts")
    return list(scores.values())


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
