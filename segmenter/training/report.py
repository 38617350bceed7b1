"""Figures for people: a table for the terminal, a page with plots."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from segmenter.training.card import figure_tables
from segmenter.types import LABELS

__all__ = ["html_report", "text_report"]

_STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
td,th{border:1px solid #bbb;padding:.2rem .6rem;text-align:left}img{max-width:100%}
"""


def text_report(figures: Mapping[str, Any]) -> str:
    """All tables, with a confusion matrix for each form, as Markdown."""
    lines = figure_tables(figures)
    for form, group in figures.items():
        if group["pages"]:
            lines += [f"### Confusion, {form}: words, gold by row", "", *_confusion(group), ""]
    return "\n".join(lines)


def html_report(figures: Mapping[str, Any]) -> str:
    """One self-contained page."""
    parts = ["<!doctype html><meta charset=utf-8><title>Evaluation</title>"]
    parts.append(f"<style>{_STYLE}</style><h1>Evaluation</h1>")
    table: list[str] = []
    for line in [*figure_tables(figures), ""]:
        if line.startswith("|"):
            table.append(line)
            continue
        if table:
            parts.append(_table(table))
            table = []
        if line.startswith("### "):
            parts.append(f"<h2>{html.escape(line[4:])}</h2>")
    for form, group in figures.items():
        if group["pages"]:
            image = base64.b64encode(_plot(form, group)).decode("ascii")
            alt = html.escape(f"Confusion matrix and label F1, {form}")
            parts.append(f'<p><img alt="{alt}" src="data:image/png;base64,{image}">')
    return "\n".join(parts)


def _confusion(group: Mapping[str, Any]) -> list[str]:
    width = max(len(label) for label in LABELS)
    lines = [" " * width + "".join(f"{label[:9]:>10}" for label in LABELS)]
    for label, row in zip(LABELS, group["confusion"], strict=True):
        lines.append(f"{label:<{width}}" + "".join(f"{count:>10,}" for count in row))
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


def _plot(form: str, group: Mapping[str, Any]) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 5.2), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    confusion = np.array(group["confusion"], dtype=float)
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    left.imshow(share, cmap="cividis", vmin=0, vmax=1)
    for row, column in np.ndindex(share.shape):
        if share[row, column] >= 0.005:
            colour = "black" if share[row, column] > 0.6 else "white"
            left.text(column, row, f"{share[row, column]:.2f}", ha="center", va="center",
                      color=colour, fontsize=8)  # fmt: skip
    left.set_xticks(range(len(LABELS)), LABELS, rotation=40, ha="right")
    left.set_yticks(range(len(LABELS)), LABELS)
    left.set_title(f"{form}: share of gold words (row) by label given")
    scores = [group["labels"][label]["f1"] for label in LABELS]
    right.barh(LABELS, scores, color="#33658a")
    right.bar_label(right.containers[0], fmt="%.3f", padding=3)
    right.set_xlim(0, 1.1)
    right.invert_yaxis()
    right.set_title(f"{form}: F1 by label, macro {group['macro_f1']:.3f}")
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110)
    return buffer.getvalue()
