"""Figures for people: tables for the terminal, a page with plots."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
from typing import Any, Final

from segmenter.training.plots import confusion_plot, reliability_plot, risk_plot
from segmenter.training.tables import figure_tables, goal_table, rival_tables
from segmenter.types import LABELS

__all__ = ["html_report", "text_report"]

_STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
td,th{border:1px solid #bbb;padding:.2rem .6rem;text-align:left}img{max-width:100%}
"""
_PLOTS: Final = (
    ("Reliability diagram", reliability_plot),
    ("Risk by coverage", risk_plot),
    ("Confusion matrix", confusion_plot),
)


def text_report(figures: Mapping[str, Any], *, with_goals: bool = False) -> str:
    """All tables, with a confusion matrix for each form, as Markdown.

    Args:
        figures: of ``evaluate``.
        with_goals: show the goals too, which are meant for pages of held-out sites.
    """
    lines = _tables(figures, with_goals=with_goals)
    for form, group in figures.items():
        if group["pages"]:
            lines += [f"### Confusion, {form}: words, gold by row", "", *_confusion(group), ""]
    return "\n".join(lines)


def html_report(figures: Mapping[str, Any], *, with_goals: bool = False) -> str:
    """The same as one self-contained page with plots."""
    parts = ["<!doctype html><meta charset=utf-8><title>Evaluation</title>"]
    parts.append(f"<style>{_STYLE}</style><h1>Evaluation</h1>")
    table: list[str] = []
    for line in [*_tables(figures, with_goals=with_goals), ""]:
        if line.startswith("|"):
            table.append(line)
            continue
        if table:
            parts.append(_table(table))
            table = []
        if line.startswith("### "):
            parts.append(f"<h2>{html.escape(line[4:])}</h2>")
        elif line:
            parts.append(f"<p>{html.escape(line)}</p>")
    if any(group["pages"] for group in figures.values()):
        for title, plot in _PLOTS:
            image = base64.b64encode(plot(figures)).decode("ascii")
            parts.append(f'<p><img alt="{title}" src="data:image/png;base64,{image}">')
    return "\n".join(parts)


def _tables(figures: Mapping[str, Any], *, with_goals: bool) -> list[str]:
    first = goal_table(figures) if with_goals else []
    return [*first, *figure_tables(figures), *rival_tables(figures)]


def _confusion(group: Mapping[str, Any]) -> list[str]:
    width = max(len(label) for label in LABELS)
    lines = [" " * width + "".join(f"{label[:9]:>10}" for label in LABELS)]
    for label, counts in zip(LABELS, group["confusion"], strict=True):
        lines.append(f"{label:<{width}}" + "".join(f"{count:>10,}" for count in counts))
    return lines


def _table(lines: list[str]) -> str:
    rows = []
    for number, line in enumerate(lines):
        if number == 1:
            continue
        tag = "th" if number == 0 else "td"
        cells = (html.escape(cell.strip(" *")) for cell in line.strip("|").split("|"))
        rows.append("<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>")
    return "<table>" + "".join(rows) + "</table>"
