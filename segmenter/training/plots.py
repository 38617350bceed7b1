"""An evaluation as images, readable at the width of a README and without telling red from green."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from segmenter.extras import extra
from segmenter.training.learning import LearningPoint
from segmenter.types import LABELS

__all__ = ["confusion_plot", "learning_plot", "reliability_plot", "risk_plot"]

# Okabe and Ito 2008: colours that stay apart for the colour-blind.
_COLOURS: Final[Mapping[str, str]] = {
    "html": "#0072B2",
    "lines": "#D55E00",
    "paragraphs": "#009E73",
    "wrapped": "#CC79A7",
    "stripped": "#E69F00",
}
_MARKERS: Final[Mapping[str, str]] = {
    "html": "o", "lines": "s", "paragraphs": "^", "wrapped": "v", "stripped": "D"
}  # fmt: skip
_NAMES: Final[Mapping[str, str]] = {
    "html": "HTML",
    "lines": "raw text, one block a line",
    "paragraphs": "raw text, paragraphs",
    "wrapped": "raw text, hard-wrapped",
    "stripped": "raw text, stripped",
}
_GREY: Final = "#777777"
_FEW: Final = 20
_MATRICES: Final = ("html", "lines")
_DOTS_PER_INCH: Final = 110


def reliability_plot(figures: Mapping[str, Any]) -> bytes:
    """How often labels were right, by their probability; PNG."""
    figure = _figure(8.4, 4.6)
    axes, counts = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle="--", label="perfect")
    for form, group in _forms(figures):
        bins = group["reliability"]
        count = np.array(bins["count"])
        some = count >= min(_FEW, count.max())
        probability = np.array(bins["probability"])[some]
        axes.plot(
            probability,
            np.array(bins["accuracy"])[some],
            **_style(form, f"{_NAMES[form]}: ECE {group['calibration_error']:.3f}"),
        )
        counts.plot(probability, count[some], **_style(form))
    axes.set_ylabel("share of labels that are right")
    axes.set_ylim(0, 1.02)
    axes.legend(fontsize=9, frameon=False, loc="upper left")
    counts.set_yscale("log")
    counts.set_ylabel("blocks")
    counts.set_xlabel(f"probability of the label given (bins with {_FEW} blocks or more)")
    counts.set_xlim(0, 1.01)
    return _png(figure, [axes, counts])


def risk_plot(figures: Mapping[str, Any]) -> bytes:
    """What is lost if only the most confident pages are kept; PNG."""
    figure = _figure(8.4, 4.2)
    axes = figure.subplots()
    for form, group in _forms(figures):
        if not group["risk_curve"]:
            continue
        coverage, risk = np.array(group["risk_curve"]).T
        axes.plot(coverage, risk, color=_COLOURS[form], linewidth=2, label=_NAMES[form])
        full, covered = group["risk"]["full"], group["risk"]["covered_80"]
        axes.plot([0.8, 1], [covered, full], _MARKERS[form], color=_COLOURS[form], markersize=6)
    axes.axvline(0.8, color=_GREY, linewidth=1, linestyle=":")
    axes.set_xlabel("coverage: share of the pages kept, the most confident first")
    axes.set_ylabel("risk: 1 - body word-F1")
    axes.set_xlim(0, 1.01)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=9, frameon=False, loc="upper left")
    return _png(figure, [axes])


def confusion_plot(figures: Mapping[str, Any]) -> bytes:
    """Which labels the words of each gold label were given; PNG."""
    forms = [form for form, _ in _forms(figures) if form in _MATRICES]
    figure = _figure(5.4 * len(forms), 5.2)
    for axes, form in zip(figure.subplots(1, len(forms), squeeze=False)[0], forms, strict=True):
        confusion = np.array(figures[form]["confusion"], dtype=float)
        share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
        axes.imshow(share, cmap="cividis", vmin=0, vmax=1)
        for row, column in np.ndindex(share.shape):
            if share[row, column] >= 0.005:
                axes.text(
                    column, row, f"{100 * share[row, column]:.0f}", ha="center", va="center",
                    color="black" if share[row, column] > 0.6 else "white", fontsize=9,
                )  # fmt: skip
        axes.set_xticks(range(len(LABELS)), LABELS, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(LABELS)), LABELS)
        axes.set_title(_NAMES[form], fontsize=11)
        axes.set_xlabel("label given")
        axes.set_ylabel("gold label; of its words, % given each label")
    return _png(figure, [])


def learning_plot(points: Sequence[LearningPoint]) -> bytes:
    """What more training sites bring; PNG."""
    figure = _figure(8.4, 4.4)
    left, right = figure.subplots(1, 2, sharex=True)
    for form in dict.fromkeys(point.form for point in points):
        own = [point for point in points if point.form == form]
        sites = [point.sites for point in own]
        left.plot(sites, [p.body for p in own], **_style(form, f"{_NAMES[form]}, gold pages"))
        if all(point.main_text is not None for point in own):
            left.plot(
                sites, [p.main_text for p in own],
                **_style(form, f"{_NAMES[form]}, wcxb-dev") | {"linestyle": "--"},
            )  # fmt: skip
        right.plot(sites, [p.macro for p in own], **_style(form, _NAMES[form]))
    for axes, title in ((left, "body word-F1"), (right, "macro F1 of nine labels")):
        axes.set_xscale("log", base=2)
        sites = sorted({point.sites for point in points})
        axes.set_xticks(sites, [f"{count:,}" for count in sites])
        axes.minorticks_off()
        axes.set_xlabel("training sites")
        axes.set_title(title, fontsize=11)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2,
                  fontsize=9, frameon=False)  # fmt: skip
    return _png(figure, [left, right])


def _forms(figures: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(form, figures[form]) for form in _NAMES if figures.get(form, {}).get("pages")]


def _style(form: str, label: str | None = None) -> dict[str, Any]:
    return {
        "color": _COLOURS[form], "marker": _MARKERS[form], "markersize": 4, "linewidth": 1.5,
        "label": label,
    }  # fmt: skip


def _figure(width: float, height: float) -> Any:
    with extra("train"):
        from matplotlib.figure import Figure
    return Figure(figsize=(width, height), layout="constrained")


def _png(figure: Any, gridded: Sequence[Any]) -> bytes:
    for axes in gridded:
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    buffer = io.BytesIO()
    # Without the library's version in it, equal figures give equal files.
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    return buffer.getvalue()
