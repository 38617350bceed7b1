"""The model card, made from the evaluation's figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from segmenter.training.corpora import LabelledPage
from segmenter.types import LABELS

__all__ = ["figure_tables", "model_card"]

_SOURCES: Final[Mapping[str, str]] = {
    "seeds": "this repository's example pages, MIT",
    "gold": "pages of the corpora below, labelled block by block by careful readers along the "
    "annotation guide; annotations ours",
    "wcxb-dev": "Murrough-Foley/web-content-extraction-benchmark (WCXB, 2026), development split, "
    "CC-BY-4.0",
    "fundus": "flairNLP/fundus, parser test data, MIT",
    "andythefactory": "AndyTheFactory/article-extraction-dataset, Apache-2.0",
    "readability": "mozilla/readability, test pages, Apache-2.0",
    "zh-handcrafted": "immortal-autumn/Chinese-Web-Content-Extraction-Dataset, MIT",
}
# Gold pages were also drawn from these, which are not used with their own gold.
_GOLD_ONLY: Final = (
    "adbar/trafilatura evaluation data (Apache-2.0), postlight/parser (MIT or Apache-2.0), "
    "goose3/goose3 (Apache-2.0), AndyTheFactory/newspaper4k (MIT)"
)


def model_card(
    describe: Mapping[str, Any], pages: Sequence[LabelledPage], figures: Mapping[str, Any]
) -> str:
    """The card as Markdown.

    Args:
        describe: the manifest's name, version, created, split and seed.
        pages: what the model was trained on.
        figures: of ``evaluate``.
    """
    small = describe["name"] == "seeds-only"
    lines = [
        f"# Model card: {describe['name']} {describe['version']}",
        "",
        "Labels every block of a scraped page: " + ", ".join(LABELS) + ".",
        f"Made on {describe['created']} by `segmenter train`, seed {describe['seed']}. "
        "This file is generated; the same figures are in `manifest.json`.",
        "",
    ]
    if small:
        lines += [
            "**A small model, trained on the example pages alone.** It shows that the whole path "
            "works; for real pages use the shipped model or train on more.",
            "",
        ]
    lines += ["## Trained on", "", "| source | pages | what it is |", "| --- | --- | --- |"]
    counts = Counter(page.source for page in pages)
    lines += [f"| {name} | {counts[name]:,} | {_SOURCES[name]} |" for name in sorted(counts)]
    if counts["gold"]:
        lines += ["", f"Gold pages were drawn from the sources above and from {_GOLD_ONLY}."]
    lines += [
        "",
        "None of these texts is in the model or the repository: only weights and figures are.",
        "",
        "## Figures on held-out sites",
        "",
        f"{describe['split']}: every page was scored by a model trained without its site, and "
        "calibrated without it too. The shipped weights were then fitted on all pages. Words are "
        "`\\w+` of the lower-cased text, each Han, kana or Thai character one. Body word-F1 is "
        "averaged over pages with gold body; label F1 is over words summed over all pages. "
        "Intervals are 95 % bootstrap over pages. `lines`, `paragraphs`, `wrapped`, `stripped` are "
        "forms of raw text made from the gold pages' blocks; `as received` are raw seed pages.",
        "",
        *figure_tables(figures),
        "## Limits",
        "",
        "- Most training pages are English and German news; other languages and scripts have few "
        "pages, and the table by language shows where figures are weaker.",
        "- Main-text corpora say what is body and nothing of the other labels; where they disagree "
        "with the annotation guide (customer reviews, forum extras) the model stands in between.",
        "- On listing, collection and product pages what counts as body is a matter of judgement; "
        "figures there are lower.",
        "- The first seed page is not trained on, but its layout guided what training puts into "
        "raw text (`segmenter/training/augment.py`): it shows the labels and measures nothing.",
        "- Hidden HTML elements are left out; text that scripts would add is not seen.",
        "",
    ]
    return "\n".join(lines)


def figure_tables(figures: Mapping[str, Any]) -> list[str]:
    """The evaluation's tables as Markdown lines."""
    return [
        *_labels(figures),
        *_means(figures, "body", "Body word-F1, pages labelled block by block"),
        *_means(figures, "main_text", "Body word-F1 against the corpora's main text"),
        *_calibration(figures),
    ]


def _labels(figures: Mapping[str, Any]) -> list[str]:
    forms = [form for form, group in figures.items() if group["pages"]]
    lines = ["### Label F1 (precision / recall)", ""]
    lines += _header(["label", *forms])
    for label in LABELS:
        cells = []
        for form in forms:
            score = figures[form]["labels"][label]
            cells.append(f"{score['f1']:.3f} ({score['precision']:.2f} / {score['recall']:.2f})")
        lines.append(_row([label, *cells]))
    lines.append(_row(["**macro F1**", *(f"**{figures[f]['macro_f1']:.3f}**" for f in forms)]))
    lines.append(_row(["pages", *(f"{figures[f]['pages']:,}" for f in forms)]))
    return [*lines, ""]


def _means(figures: Mapping[str, Any], name: str, title: str) -> list[str]:
    forms = [form for form, group in figures.items() if group[name]]
    if not forms:
        return []
    keys = sorted({key for form in forms for key in figures[form][name]}, key=_all_first)
    lines = [f"### {title}", "", *_header(["pages", *forms])]
    for key in keys:
        cells = []
        for form in forms:
            mean = figures[form][name].get(key)
            cells.append(
                f"{mean['f1']:.3f} [{mean['low']:.3f}, {mean['high']:.3f}] n={mean['pages']}"
                if mean
                else ""
            )
        lines.append(_row([key, *cells]))
    return [*lines, ""]


def _calibration(figures: Mapping[str, Any]) -> list[str]:
    forms = [form for form, group in figures.items() if group["risk"]]
    if not forms:
        return []
    return [
        "### Calibration and confidence",
        "",
        *_header(["figure", *forms]),
        _row(
            [
                "expected calibration error, 15 bins",
                *(f"{figures[form]['calibration_error']:.3f}" for form in forms),
            ]
        ),
        _row(
            [
                "risk (1 - body F1), all pages",
                *(f"{figures[form]['risk']['full']:.3f}" for form in forms),
            ]
        ),
        _row(
            [
                "risk, the 80 % most confident pages",
                *(f"{figures[form]['risk']['covered_80']:.3f}" for form in forms),
            ]
        ),
        "",
    ]


def _all_first(key: str) -> tuple[bool, str]:
    return key != "all", key


def _header(cells: Sequence[str]) -> list[str]:
    return [_row(cells), _row(["---"] * len(cells))]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
