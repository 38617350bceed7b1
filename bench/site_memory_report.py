"""What ``bench.site_memory`` measured, as a table and a plot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.marks import write_between_marks
from segmenter.types import InputKind

__all__ = ["KIND_NAMES", "Row", "write_docs"]

KIND_NAMES: Final[Mapping[InputKind, str]] = {"html": "HTML", "text": "raw text"}
_DOCS: Final = Path(__file__).resolve().parents[1] / "docs"
_LEAST_SITES: Final = 5
"""Of fewer sites an interval by drawing sites says nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """Pages with so many other pages of their site seen, each beside itself without.

    Attributes:
        seen: other pages of the site.
        pages, sites: that were measured.
        labelled: pages among them with all nine labels.
        body: mean word-F1 of the body without and with.
        macro: macro F1 of the nine labels without and with, of the labelled pages.
        body_gain, macro_gain: 95 % intervals of the difference, by drawing sites.
    """

    seen: int
    pages: int
    sites: int
    labelled: int
    body: tuple[float, float]
    body_gain: tuple[float, float]
    macro: tuple[float, float]
    macro_gain: tuple[float, float]


def write_docs(
    tables: Mapping[str, Sequence[Row]], repeated: Mapping[str, float], *, write: bool
) -> str:
    """The tables as Markdown; with ``write`` also put into docs/site-memory.md, with the plot.

    Args:
        tables: by what was measured.
        repeated: of each label's words the share in blocks that another page holds, if measured.

    Raises:
        click.ClickException: the document has no place for them.
    """
    text = "\n".join([*_lines(tables), *_repeated(repeated)]).rstrip()
    if write:
        write_between_marks(_DOCS / "site-memory.md", "figures", text)
        _plot(tables)
    return text


def _lines(tables: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    for name, rows in tables.items():
        yield from (f"{name[0].upper()}{name[1:]}:", "")
        yield (
            "| pages seen | pages (sites) | body word-F1 without, with | gain "
            "| labelled pages | macro F1 without, with | gain |"
        )
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        for row in rows:
            cells = [
                f"{row.seen}",
                f"{row.pages} ({row.sites})",
                _pair(row.body),
                _gain(row.body, row.body_gain, row.sites),
                f"{row.labelled}",
                _pair(row.macro) if row.labelled else "",
                _gain(row.macro, row.macro_gain, row.sites) if row.labelled else "",
            ]
            yield f"| {' | '.join(cells)} |"
        yield ""


def _repeated(shares: Mapping[str, float]) -> Iterator[str]:
    if shares:
        yield "Of each label's words on labelled HTML pages, so many stand in blocks that another"
        yield f"page of the site holds: {', '.join(f'{k} {v:.1%}' for k, v in shares.items())}."


def _pair(values: tuple[float, float]) -> str:
    return f"{values[0]:.3f}, {values[1]:.3f}"


def _gain(values: tuple[float, float], interval: tuple[float, float], sites: int) -> str:
    gain = f"{values[1] - values[0]:+.3f}"
    shown = f" ({interval[0]:+.3f}..{interval[1]:+.3f})"
    return gain + (shown if sites >= _LEAST_SITES else "")


def _plot(tables: Mapping[str, Sequence[Row]]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True)
    for name, rows in tables.items():
        told = [row for row in rows if row.sites >= _LEAST_SITES]
        _curve(left, name, [(r.seen, r.body, r.body_gain) for r in told])
        _curve(right, name, [(r.seen, r.macro, r.macro_gain) for r in told if r.labelled])
    left.set_ylabel("gain in body word-F1")
    right.set_ylabel("gain in macro F1")
    for axes in (left, right):
        axes.axhline(0, color="grey", linewidth=0.8)
        axes.set(xlabel="other pages of the site seen", xscale="log")
        axes.set_xticks([1, 2, 5, 10, 50], labels=["1", "2", "5", "10", "50"])
        axes.minorticks_off()
        axes.spines[["top", "right"]].set_visible(False)
    left.legend(frameon=False, fontsize=8)
    figure.savefig(_DOCS / "site-memory.png", dpi=120)


def _curve(
    axes: Any,
    name: str,
    points: Sequence[tuple[int, tuple[float, float], tuple[float, float]]],
) -> None:
    gains = [after - before for _, (before, after), _ in points]
    below = [max(gain - low, 0) for gain, (_, _, (low, _)) in zip(gains, points, strict=True)]
    above = [max(high - gain, 0) for gain, (_, _, (_, high)) in zip(gains, points, strict=True)]
    seen = [point[0] for point in points]
    axes.errorbar(seen, gains, yerr=[below, above], marker="o", capsize=3, label=name)
