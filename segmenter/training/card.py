"""The model card, made from the evaluation's figures, and the plots beside it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from segmenter.durable import write_aside
from segmenter.errors import CorpusError
from segmenter.training.corpora import CHOSEN, LabelledPage
from segmenter.training.files import opened_for_writing
from segmenter.training.learning import LearningPoint
from segmenter.training.plots import (
    confusion_plot,
    learning_plot,
    reliability_plot,
    risk_plot,
)
from segmenter.training.provenance import PUBLIC_SOURCES
from segmenter.training.tables import (
    figure_tables,
    goal_table,
    rival_tables,
    row,
    table_head,
)
from segmenter.types import LABELS

__all__ = ["kept_learning_curve", "model_card", "write_card"]

FIGURES: Final = "evaluation.json"
_CARD: Final = "README.md"
_CAPTIONS: Final[Mapping[str, str]] = {
    "reliability.png": "How often labels are right, by their probability",
    "risk.png": "Risk by coverage: the most confident pages first",
    "confusion.png": "Confusion of labels, words of the gold pages",
    "learning.png": "Learning curve: models trained on 1/8, 1/4, 1/2 and all of the training sites "
    "of version {version}",
}
_OWN_SOURCES: Final[Mapping[str, tuple[str, str]]] = {
    "seeds": ("this repository's example pages, all texts invented", "MIT"),
    "gold": (
        "pages of the sources below, every block labelled by careful reading along the annotation "
        "guide; the labels are in `seeds/standoff/`",
        "labels: MIT; pages: as their sources",
    ),
    CHOSEN: (
        "pages of the sources below, chosen because an earlier model was unsure of them or their "
        "sites were new; a large language model read every block along the annotation guide, with "
        "that model's labels as a draft; for training alone, no figure is taken of these labels; "
        "they are in "
        "`seeds/standoff/chosen.jsonl.xz`",
        "labels: MIT; pages: as their sources",
    ),
}


def model_card(
    describe: Mapping[str, Any],
    pages: Sequence[LabelledPage],
    figures: Mapping[str, Any],
    plots: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The card as Markdown.

    Args:
        describe: the manifest's name, version, created, split and seed.
        pages: what the model was trained on.
        figures: of ``evaluate``.
        plots: image files beside the card, with their captions.
    """
    lines = [
        *_opening(describe),
        "## Figures on held-out sites",
        "",
        *_how_measured(describe),
        *goal_table(figures),
    ]
    for name, caption in plots.items():
        lines += [f"![{caption}]({name})", "", f"*{caption}*", ""]
    lines += [
        *figure_tables(figures),
        *rival_tables(figures),
        *_trained_on(pages),
        *_limits(),
    ]
    return "\n".join(lines)


def write_card(
    path: Path,
    describe: Mapping[str, Any],
    pages: Sequence[LabelledPage],
    figures: Mapping[str, Any],
    learning: Sequence[LearningPoint],
) -> None:
    """Write card, plots and figures into a model directory; the model's own files stay.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    images = {
        "reliability.png": reliability_plot(figures),
        "risk.png": risk_plot(figures),
        "confusion.png": confusion_plot(figures),
    }
    if learning:
        images["learning.png"] = learning_plot(learning)
    for name, image in images.items():
        write_aside(path / name, image)
    with opened_for_writing(path / FIGURES) as lines:
        rows = {"figures": figures, "learning_curve": [asdict(point) for point in learning]}
        lines.write(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    with opened_for_writing(path / _CARD) as lines:
        version = learning[0].version if learning else ""
        captions = {name: _CAPTIONS[name].format(version=version) for name in images}
        lines.write(model_card(describe, pages, figures, captions))


def kept_learning_curve(path: Path) -> list[LearningPoint]:
    """The learning curve of an earlier evaluation in a model directory, if there is one.

    Raises:
        CorpusError: the file of figures is malformed.
    """
    file = path / FIGURES
    if not file.exists():
        return []
    try:
        rows = json.loads(file.read_text("utf-8"))["learning_curve"]
        return [LearningPoint(**point) for point in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{file} holds no figures of an evaluation ({error!r})") from error


def _opening(describe: Mapping[str, Any]) -> list[str]:
    lines = [
        f"# Model card: {describe['name']} {describe['version']}",
        "",
        "Labels every block of a scraped page: " + ", ".join(LABELS) + ".",
        f"Made on {describe['created']} by `segmenter train`, seed {describe['seed']}. "
        "This file is generated by `segmenter train` and `segmenter evaluate --card`.",
        "",
    ]
    if describe["name"] == "seeds-only":
        lines += [
            "**A small model, trained on the example pages alone.** It shows that the whole path "
            "works; for real pages use the shipped model or train on more.",
            "",
        ]
    return lines


def _how_measured(describe: Mapping[str, Any]) -> list[str]:
    return [
        f"{describe['split']}: every page was scored by a model trained without its site, and "
        "calibrated without it too. The shipped weights were then fitted on all pages.",
        "",
        "- Words are `\\w+` of the lower-cased text, each Han, kana or Thai character one.",
        "- *Body word-F1*: F1 of the word multisets of what is labelled body and of the gold, "
        "averaged over pages that have gold; a page without any block has 0.",
        "- Against gold blocks, blocks without a gold label are not counted: readers did not see "
        "what stands in hidden elements.",
        "- *Label F1*: overlaps of the word multisets summed over all pages; *macro F1* averages "
        "the nine labels. `under` marks a label below its goal.",
        "- *Ceiling*: the same figure if every block had the best label by its alignment with the "
        "gold: what splitting and gold leave to be reached.",
        "- *Readers*: the main text by the labels that readers gave along the annotation guide, on "
        "the pages that have both. The guide and a corpus differ on what belongs to the article, "
        "and so does whoever follows one of them.",
        "- Intervals are 95 % bootstrap over pages.",
        "- `lines`, `paragraphs`, `wrapped`, `stripped` are forms of raw text made from the pages' "
        "blocks; `as received` are raw example pages.",
        "- Other tools ran on the same pages in the same run: as HTML on the page's HTML, as raw "
        "text on its paragraphs or lines in `<p>`.",
        "",
    ]


def _trained_on(pages: Sequence[LabelledPage]) -> list[str]:
    counts = Counter(page.source for page in pages)
    lines = ["## Trained on", "", *table_head(["source", "pages", "what it is", "licence"])]
    for name in (name for name in _OWN_SOURCES if counts[name]):
        holds, licence = _OWN_SOURCES[name]
        lines.append(row([name, f"{counts[name]:,}", holds, licence]))
    for source in PUBLIC_SOURCES:
        if not counts[source.name] and not (counts["gold"] and not source.has_gold):
            continue
        count = f"{counts[source.name]:,}" if source.has_gold else "pages only"
        link = f"[{source.repository}](https://github.com/{source.repository})"
        what = f"{link}: {source.holds}. {source.citation}"
        lines.append(row([source.name, count, what, source.licence]))
    return [
        *lines,
        "",
        "The licences are those that the repositories state for themselves. They let anyone use, "
        "change and pass on what the repository's authors made, if they are named (CC-BY-4.0) or "
        "the notice is kept (MIT, Apache-2.0). The pages' texts remain their publishers': they are "
        "read to train and to evaluate, and none of them is in the model or in this repository: "
        "only weights, figures, and labels with short hashes are. `docs/corpora.md` says how to "
        "get the pages and build the training files again.",
        "",
    ]


def _limits() -> list[str]:
    return [
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
        "- Hidden HTML elements are left out unless most of the text stands in them; text that "
        "scripts would add is not seen.",
        "- How long to train, how pages are drawn and weighed, and how labels are decided was "
        "chosen on two fifths of the sites, which are held out here too: the figures may be a "
        "little too good.",
        "- trafilatura was developed on `trafeval` pages, some of which are among the gold pages.",
        "",
    ]
