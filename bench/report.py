"""A run as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Final

from bench.comparison import CHUNK
from bench.goals import RATIOS, STARTUP, TWO_WORKERS, goals
from bench.machine import Machine
from bench.run import Results
from bench.scaling import FROM_BYTES, Growth
from bench.stages import STAGES

__all__ = ["as_json", "as_markdown"]

_STARTUP: Final = (
    ("import segmenter", "import_s", 1e3, "ms"),
    ("load the shipped model", "load_s", 1e3, "ms"),
    ("first page of each kind", "first_pages_s", 1e3, "ms"),
    ("peak memory: bare interpreter", "empty_mib", 1, "MiB"),
    ("peak memory: loaded", "loaded_mib", 1, "MiB"),
    ("peak memory: after the first pages", "after_pages_mib", 1, "MiB"),
)


def as_json(results: Results) -> str:
    """All figures; times in the units that the keys name."""
    row = asdict(results)
    row["goals"] = [{**asdict(goal), "kept": goal.kept} for goal in goals(results)]
    return json.dumps(row, indent=1, ensure_ascii=False) + "\n"


def as_markdown(results: Results, *, plots: Sequence[str] = ()) -> str:
    """For readers.

    Args:
        plots: names of image files beside the report.
    """
    parts = [
        "# Speed",
        _setting(results),
        "## Bounds",
        _bounds(results),
        "## Side by side",
        _side_by_side(results),
        "## Stage by stage",
        _stages(results),
        _parts(results),
        "## Workers",
        _workers(results),
        "## Start and memory",
        _startup(results),
        "## Growth",
        _growth(results),
        *(f"![{name.partition('.')[0]}]({name})" for name in plots),
    ]
    return "\n\n".join(parts) + "\n"


def _setting(results: Results) -> str:
    machine, pages = results.machine, results.pages
    libraries = ", ".join(f"{name} {found}" for name, found in machine.libraries.items())
    return (
        f"Written by `make bench` on {machine.date}: {machine.processor}, one core of "
        f"{machine.cores}{_load(machine)}, {machine.system}, Python {machine.python}; {libraries}; "
        f"model {results.model}.\n\n"
        f"Pages: {pages.count} ({pages.origin}); in the mean {pages.html_bytes / 1e3:,.1f} kB of "
        f"HTML, {pages.text_bytes / 1e3:,.1f} kB of text and {pages.blocks:,.0f} blocks. Figures "
        f"are medians of {results.comparison.passes} passes, with the least and the most in "
        "brackets."
    )


def _load(machine: Machine) -> str:
    return "" if machine.load is None else f" (load before the run {machine.load})"


def _bounds(results: Results) -> str:
    return _table(
        ("bound", "at most", "measured", "kept"),
        (
            (goal.what, f"{goal.bound:.3g}", f"{goal.measured:.3g}", "yes" if goal.kept else "no")
            for goal in goals(results)
        ),
    )


def _side_by_side(results: Results) -> str:
    rows = sorted(results.comparison.rows.items(), key=lambda item: item[1].to_reference.median)
    head = ("", "ms a page", "of trafilatura's time", "goal", "of parse and visit", "goal")
    table = _table(
        (*head, "pages", "failed"),
        (
            (
                row.title,
                f"{row.milliseconds:.2f}",
                f"{row.to_reference:.3f}",
                _bound(RATIOS.get(name, (None, None))[0]),
                f"{row.to_parser:.2f}",
                _bound(RATIOS.get(name, (None, None))[1]),
                str(row.pages),
                str(row.failed),
            )
            for name, row in rows
        ),
    )
    return (
        f"{table}\n\nThe segmenter's rows give the page's text unless they say otherwise; the raw "
        "text is the visible text of the same pages, one block a line, and its ratios are to the "
        f"others' time on the HTML. All take turns at every {CHUNK} pages, which is also the batch."
    )


def _stages(results: Results) -> str:
    rows: list[tuple[str, ...]] = []
    totals = {
        kind: sum(times.milliseconds[stage].median for stage in STAGES)
        for kind, times in results.stages.items()
    }
    for stage in STAGES:
        cells = [stage]
        for kind, times in results.stages.items():
            spread = times.milliseconds[stage]
            cells += [f"{spread:.3f}", f"{spread.median / totals[kind]:.0%}"]
        rows.append(tuple(cells))
    return (
        _table(("stage", "HTML, ms a page", "share", "raw text, ms a page", "share"), rows)
        + f"\n\nOn {results.stages['html'].pages} of the pages. `assemble` makes every block's "
        "JSON values; for the text alone it is next to nothing."
    )


def _parts(results: Results) -> str:
    html, text = results.parts["html"], results.parts["text"]
    rows = [
        (stage, part, f"{spent:.3f}", f"{text[stage][part]:.3f}" if part in text[stage] else "")
        for stage, parts in html.items()
        for part, spent in parts.items()
    ]
    return "The three largest stages by their parts, with a clock at each:\n\n" + _table(
        ("stage", "part", "HTML, ms a page", "raw text, ms a page"), rows
    )


def _workers(results: Results) -> str:
    workers = results.workers
    if workers is None:
        return "Not measured: it takes two cores and more pages."
    return (
        f"`segmenter batch` on {workers.pages} of the HTML pages, start-up taken off: "
        f"{workers.one:.2f} s with one worker, {workers.two:.2f} s with two, that is "
        f"{workers.to_one:.2f} of the time (goal: at most {TWO_WORKERS:.2f})."
    )


def _startup(results: Results) -> str:
    figures = results.startup.figures
    rows: list[tuple[str, ...]] = []
    for what, name, factor, unit in _STARTUP:
        spread = figures[name]
        values = [value * factor for value in (spread.median, spread.least, spread.most)]
        bound = _bound(STARTUP[name] * factor, f" {unit}") if name in STARTUP else ""
        rows.append((what, f"{values[0]:.0f} ({values[1]:.0f}..{values[2]:.0f}) {unit}", bound))
    return _table(("in fresh processes", "", "goal"), rows)


def _bound(value: float | None, unit: str = "") -> str:
    return "" if value is None else f"≤ {value:.3g}{unit}"


def _growth(results: Results) -> str:
    series = results.scaling.values()
    rows = [
        (
            one.title,
            f"{point.size:,} {one.unit}",
            f"{point.bytes:,}",
            f"{point.seconds.median * 1e3:,.2f}",
            f"{point.nanoseconds_per_byte:,.0f}",
        )
        for one in series
        for point in one.points
    ]
    factors = "; ".join(f"{one.title} {_factor(one)}" for one in series)
    return (
        _table(("document", "size", "bytes", "ms", "ns a byte"), rows)
        + f"\n\nMost over least time for a byte from {FROM_BYTES:,} bytes on: {factors}."
    )


def _factor(one: Growth) -> str:
    return "not measured" if one.factor is None else f"{one.factor:.2f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |"]
    lines.append("| --- |" + " --: |" * (len(head) - 1))
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)
