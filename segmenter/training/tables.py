"""An evaluation's figures as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from segmenter.training.goals import Goal, goals, label_bar
from segmenter.types import LABELS

__all__ = ["figure_tables", "goal_table", "rival_tables", "row", "table_head"]

REFERENCE: Final = "trafilatura"
_SMALL_BOUND: Final = 0.05
_TITLES: Final = {
    "body": "Body word-F1, pages labelled block by block",
    "main_text": "Body word-F1 against the corpora's main text",
}


def goal_table(figures: Mapping[str, Any]) -> list[str]:
    """Every goal with the figure reached, the ceiling, and the rivals on the same pages."""
    found = goals(figures)
    if not found:
        return []
    head = table_head(
        [
            *("figure", "input", "goal", "reached", "met", "pages", "ceiling", "readers"),
            *(REFERENCE, "best other"),
        ]
    )
    title = f"### Goals: {sum(goal.met for goal in found)} of {len(found)} met"
    return [title, "", *head, *(_goal_row(goal) for goal in found), ""]


def figure_tables(figures: Mapping[str, Any]) -> list[str]:
    """Figures by label, page type, language and form."""
    return [
        *_labels(figures),
        *_means(figures, "body"),
        *_means(figures, "main_text"),
        *_readers(figures),
        *_calibration(figures),
    ]


def rival_tables(figures: Mapping[str, Any]) -> list[str]:
    """The rivals beside the segmenter, on the same pages of each group; how often they failed."""
    lines: list[str] = []
    for name, title in _TITLES.items():
        for form, group in figures.items():
            names = list(dict.fromkeys(r for mean in group[name].values() for r in mean["rivals"]))
            if not names:
                continue
            lines += [f"### {title}: {form}, side by side", ""]
            lines += table_head(["pages", "n", "segmenter", *names])
            for key in sorted(group[name], key=_all_first):
                mean = group[name][key]
                theirs = (mean["rivals"].get(rival) for rival in names)
                cells = [f"{other['f1']:.3f}" if other else "" for other in theirs]
                lines.append(row([key, f"{mean['pages']:,}", f"**{mean['f1']:.3f}**", *cells]))
            lines.append("")
    failed = [
        f"{rival} {count:,} times as {form}"
        for form, group in figures.items()
        for rival, count in group["rivals_failed"].items()
    ]
    if failed:
        lines += [f"Raised an error or gave nothing, and has 0 there: {'; '.join(failed)}.", ""]
    return lines


def table_head(cells: Sequence[str]) -> list[str]:
    """The first two lines of a table."""
    return [row(cells), row(["---"] * len(cells))]


def row(cells: Iterable[str]) -> str:
    """One line of a table."""
    return "| " + " | ".join(cells) + " |"


def _goal_row(goal: Goal) -> str:
    reached = f"**{goal.figure:.{4 if goal.bound < _SMALL_BOUND else 3}f}**"
    if goal.interval:
        reached += f" [{goal.interval[0]:.3f}, {goal.interval[1]:.3f}]"
    if goal.note:
        reached += f" ({goal.note})"
    reference = goal.rivals.get(REFERENCE)
    others = {name: f1 for name, f1 in goal.rivals.items() if name != REFERENCE}
    best = max(others, key=lambda name: others[name]) if others else None
    return row(
        [
            goal.what,
            goal.form,
            f"{'≤' if goal.most else '≥'} {goal.bound:g}",
            reached,
            "yes" if goal.met else "no",
            "" if goal.pages is None else f"{goal.pages:,}",
            "" if goal.ceiling is None else f"{goal.ceiling:.3f}",
            "" if goal.readers is None else f"{goal.readers:.3f}",
            "" if reference is None else f"{reference:.3f}",
            "" if best is None else f"{others[best]:.3f} {best}",
        ]
    )


def _labels(figures: Mapping[str, Any]) -> list[str]:
    forms = [form for form, group in figures.items() if group["pages"]]
    lines = ["### Label F1 (precision / recall)", "", *table_head(["label", *forms])]
    for label in LABELS:
        cells = []
        for form in forms:
            score = figures[form]["labels"][label]
            under = " under" if score["f1"] < label_bar(form) else ""
            cells.append(
                f"{score['f1']:.3f} [{score['low']:.3f}, {score['high']:.3f}] "
                f"({score['precision']:.2f} / {score['recall']:.2f}){under}"
            )
        lines.append(row([label, *cells]))
    macro = (
        f"**{group['macro_f1']:.3f}** [{group['macro_low']:.3f}, {group['macro_high']:.3f}]"
        for group in (figures[form] for form in forms)
    )
    lines.append(row(["**macro F1**", *macro]))
    lines.append(row(["pages", *(f"{figures[form]['pages']:,}" for form in forms)]))
    return [*lines, ""]


def _means(figures: Mapping[str, Any], name: str) -> list[str]:
    forms = [form for form, group in figures.items() if group[name]]
    if not forms:
        return []
    keys = sorted({key for form in forms for key in figures[form][name]}, key=_all_first)
    lines = [f"### {_TITLES[name]}", "", *table_head(["pages", *forms])]
    for key in keys:
        found = [figures[form][name].get(key) for form in forms]
        cells = (
            f"{mean['f1']:.3f} [{mean['low']:.3f}, {mean['high']:.3f}] n={mean['pages']}"
            f" ceiling {mean['ceiling']:.3f}"
            if mean
            else ""
            for mean in found
        )
        lines.append(row([key, *cells]))
    return [*lines, ""]


def _readers(figures: Mapping[str, Any]) -> list[str]:
    found = {form: group["readers"] for form, group in figures.items() if group["readers"]}
    if not found:
        return []
    lines = ["### Main text by readers who follow the annotation guide", ""]
    lines += table_head(["pages", "input", "n", "readers", "segmenter, the same pages"])
    for form, groups in found.items():
        for key in sorted(groups, key=_all_first):
            readers, own = groups[key]["readers"], groups[key]["segmenter"]
            both = (f"{m['f1']:.3f} [{m['low']:.3f}, {m['high']:.3f}]" for m in (readers, own))
            lines.append(row([key, form, f"{readers['pages']:,}", *both]))
    return [*lines, ""]


def _calibration(figures: Mapping[str, Any]) -> list[str]:
    forms = [form for form, group in figures.items() if group["risk"]]
    if not forms:
        return []
    errors = (f"{figures[form]['calibration_error']:.3f}" for form in forms)
    risks = [figures[form]["risk"] for form in forms]
    return [
        "### Calibration and confidence",
        "",
        *table_head(["figure", *forms]),
        row(["expected calibration error, 15 bins", *errors]),
        row(["risk (1 - body F1), all pages", *(f"{risk['full']:.3f}" for risk in risks)]),
        row(
            [
                "risk, the 80 % most confident pages",
                *(f"{risk['covered_80']:.3f}" for risk in risks),
            ]
        ),
        "",
    ]


def _all_first(key: str) -> tuple[bool, str]:
    return key != "all", key
