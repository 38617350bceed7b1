"""``python -m bench.adaptation``: what labelled pages are worth, as a table and a plot.

Template sites (``bench.sites``) that no model was trained on; each figure is the mean over sites.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import numpy as np

from bench.marks import write_between_marks
from bench.sites import site_pages
from segmenter import Segmenter
from segmenter.labels.files import checked_records
from segmenter.labels.pages import labelled_page
from segmenter.labels.records import LabelRecord
from segmenter.labels.suggestions import suggest
from segmenter.model_package import Model, load_model, read_replay, shipped_model_path
from segmenter.training.adapt import fit_correction
from segmenter.training.corpora import LabelledPage
from segmenter.training.dataset import TrainingPage, as_form, html_pages
from segmenter.training.gate import compare
from segmenter.training.replay import TokenPage, token_page, unpack_replay
from segmenter.types import FloatArray, InputKind

__all__ = ["main"]

_DOCS: Final = Path(__file__).resolve().parents[1] / "docs"
_COUNTS: Final = (0, 1, 2, 5, 10, 20)
_OF_POOL: Final = (2, 4, 8, 16, 32)
_TEST: Final = 20
_POOL_SIZES: Final = (24, 12, 8, 6, 4, 2)
_RANDOM_DRAWS: Final = 5
_KINDS: Final[tuple[InputKind, ...]] = ("html", "text")
_NAMES: Final = {"html": "HTML", "text": "raw text, one block a line"}


@dataclass(frozen=True, slots=True)
class Point:
    """With so many labelled pages of a site.

    Attributes:
        error: 1 - macro F1 on the site's other pages, mean over sites.
        fall: share of the error without labels that is gone, mean over sites.
        least_fall: of the site where it is least.
        base_loss: macro F1 that the base's held-back pages lose, mean over sites.
        most_base_loss: of the site where it is most.
    """

    pages: int
    error: float
    fall: float
    least_fall: float
    base_loss: float
    most_base_loss: float


@click.command()
@click.option("--base", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Model with a replay file; the shipped one by default.")  # fmt: skip
@click.option("--sites", type=click.IntRange(1, 40), default=8, show_default=True)
@click.option("--write", is_flag=True, help="Put table and plots into docs/.")
def main(base: Path | None, sites: int, write: bool) -> None:
    """Measure adaptation and active learning on template sites."""
    path = base or shipped_model_path()
    model, replay = load_model(path), unpack_replay(read_replay(path))
    curves = {kind: _curve(kind, sites, model, replay[kind]) for kind in _KINDS}
    learning = _active_learning(Segmenter(model), model, replay["html"])
    lines = [*_curve_table(curves, sites), "", *_learning_table(learning)]
    click.echo("\n".join(lines))
    if write:
        _plot(curves, learning)
        write_between_marks(_DOCS / "retraining.md", "figures", "\n".join(lines))


def _curve(kind: InputKind, sites: int, model: Model, replay: Sequence[TokenPage]) -> list[Point]:
    rehearsed = [page for page in replay if page.inputs is None]
    held_back = [page for page in replay if page.inputs is not None]
    base_f1 = _macro(held_back, _before(held_back))
    errors = np.zeros((sites, len(_COUNTS)))
    losses = np.zeros((sites, len(_COUNTS)))
    for site in range(sites):
        pages = _measured(_records(site, max(_COUNTS) + _TEST), kind, model)
        test = pages[max(_COUNTS) :]
        for place, count in enumerate(_COUNTS):
            if not count:
                errors[site, place] = 1 - _macro(test, _before(test))
                continue
            correction = fit_correction(pages[:count], rehearsed, lambda: None)
            errors[site, place] = 1 - _macro(test, _after(correction, test))
            losses[site, place] = base_f1 - _macro(held_back, _after(correction, held_back))
        click.echo(f"{kind}, site {site}: error {np.round(errors[site], 3)}", err=True)
    falls = 1 - errors / errors[:, :1]
    return [
        Point(
            count,
            float(errors[:, place].mean()),
            float(falls[:, place].mean()),
            float(falls[:, place].min()),
            float(losses[:, place].mean()),
            float(losses[:, place].max()),
        )
        for place, count in enumerate(_COUNTS)
    ]


def _active_learning(
    segmenter: Segmenter, model: Model, replay: Sequence[TokenPage]
) -> dict[str, list[float]]:
    """Macro F1 on other pages of the pool's sites, by the number of pages labelled."""
    rehearsed = [page for page in replay if page.inputs is None]
    pool, test = [], []
    for site, size in enumerate(_POOL_SIZES, start=20):
        records = _records(site, size + 6)
        pool += records[:size]
        test += _measured(records[size:], "html", model)
    measured = dict(zip([r.id for r in pool], _measured(pool, "html", model), strict=True))

    def score(chosen: Sequence[str]) -> float:
        correction = fit_correction([measured[i] for i in chosen], rehearsed, lambda: None)
        return _macro(test, _after(correction, test))

    suggested = [item.record.id for item in suggest(pool, segmenter, max(_OF_POOL))]
    result = {"suggested": [score(suggested[:count]) for count in _OF_POOL], "random": []}
    names = np.array([record.id for record in pool])
    for count in _OF_POOL:
        draws = [
            score(np.random.default_rng(seed).permutation(names)[:count].tolist())
            for seed in range(_RANDOM_DRAWS)
        ]
        result["random"].append(float(np.mean(draws)))
    return result


def _records(site: int, count: int) -> list[LabelRecord]:
    return checked_records((n, p.record()) for n, p in enumerate(site_pages(site, count)))


def _measured(records: Sequence[LabelRecord], kind: InputKind, model: Model) -> list[TokenPage]:
    pages = [labelled_page(record) for record in records]
    made = list(html_pages(pages)) if kind == "html" else _as_lines(pages)
    return [token_page(page, model.classifiers[kind]) for page in made]


def _as_lines(pages: Sequence[LabelledPage]) -> list[TrainingPage]:
    return [
        made
        for number, page in enumerate(pages)
        for made in as_form(page, "lines", np.random.default_rng(number))
    ]


def _before(pages: Sequence[TokenPage]) -> list[FloatArray]:
    return [np.exp(page.log_p) for page in pages]


def _after(correction: Any, pages: Sequence[TokenPage]) -> list[FloatArray]:
    return [
        correction.applied_to_tokens(page.log_p, page.text, page.structure, page.inputs)
        for page in pages
    ]


def _macro(pages: Sequence[TokenPage], probabilities: Sequence[FloatArray]) -> float:
    return compare(pages, probabilities, probabilities).macro_f1.active


def _curve_table(curves: dict[InputKind, list[Point]], sites: int) -> list[str]:
    lines = [f"Mean over {sites} template sites, {_TEST} other pages of each:"]
    for kind, points in curves.items():
        lines += [
            "",
            f"| {_NAMES[kind]}: labelled pages | error | fall of the error (least) "
            "| loss on the base's held-back pages (most) |",
            "| --- | --- | --- | --- |",
        ]
        lines += [
            f"| {p.pages} | {p.error:.3f} | {p.fall:.0%} ({p.least_fall:.0%}) "
            f"| {p.base_loss:+.4f} ({p.most_base_loss:+.4f}) |"
            for p in points
        ]
    return lines


def _learning_table(learning: dict[str, list[float]]) -> list[str]:
    return [
        f"Macro F1 after labelling some of a pool of {sum(_POOL_SIZES)} HTML pages of "
        f"{len(_POOL_SIZES)} template sites; random is the mean of {_RANDOM_DRAWS} draws:",
        "",
        "| labelled pages | suggested | random |",
        "| --- | --- | --- |",
        *(
            f"| {count} | {learning['suggested'][i]:.3f} | {learning['random'][i]:.3f} |"
            for i, count in enumerate(_OF_POOL)
        ),
    ]


def _plot(curves: dict[InputKind, list[Point]], learning: dict[str, list[float]]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for kind, points in curves.items():
        left.plot([p.pages for p in points], [p.error for p in points], "o-", label=_NAMES[kind])
    left.set(xlabel="labelled pages of a site", ylabel="1 - macro F1, other pages", ylim=(0, None))
    for name, values in learning.items():
        right.plot(_OF_POOL, values, "o-", label=name)
    right.set(xlabel="labelled pages of the pool", ylabel="macro F1, other pages")
    for axes in (left, right):
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(_DOCS / "adaptation.png", dpi=120)


if __name__ == "__main__":
    main()
