"""``python -m bench.adaptation``: what labelled pages are worth, as a table and a plot.

Template sites (``bench.sites``) that no model was trained on; with ``--held-out``, a model of
``bench.real_sites``, also the real sites that it was trained without.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import click
import numpy as np

from bench.adaptation_curve import (
    Draw,
    Point,
    SiteCurve,
    macro_f1,
    mean_curve,
    site_curves,
    with_correction,
)
from bench.marks import write_between_marks
from bench.real_sites import labelled_sites
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
from segmenter.training.replay import TokenPage, token_page, unpack_replay
from segmenter.types import InputKind

__all__ = ["main"]

_DOCS: Final = Path(__file__).resolve().parents[1] / "docs"
_COUNTS: Final = (0, 1, 2, 5, 10, 20)
_REAL_COUNTS: Final = (0, 1, 2, 5)
_DRAWS: Final = 10
"""Orders in which a real site's pages are labelled: it has few."""
_OF_POOL: Final = (2, 4, 8, 16, 32)
_TEST: Final = 20
_POOL_SIZES: Final = (24, 12, 8, 6, 4, 2)
_RANDOM_DRAWS: Final = 5
_KINDS: Final[tuple[InputKind, ...]] = ("html", "text")
_NAMES: Final = {"html": "HTML", "text": "raw text, one block a line"}
Curves = Mapping[InputKind, Mapping[str, SiteCurve]]


@click.command()
@click.option("--base", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Model with a replay file; the shipped one by default.")  # fmt: skip
@click.option("--sites", type=click.IntRange(1, 40), default=8, show_default=True)
@click.option("--held-out", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Model of bench.real_sites, to measure real sites too.")  # fmt: skip
@click.option("--corpora", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder of corpora, with the real sites' pages.")  # fmt: skip
@click.option("--write", is_flag=True, help="Put table and plots into docs/.")
def main(
    *, base: Path | None, sites: int, held_out: Path | None, corpora: Path | None, write: bool
) -> None:
    """Measure adaptation and active learning on template sites, and adaptation on real ones."""
    if (held_out is None) != (corpora is None):
        raise click.UsageError("--held-out and --corpora are given together")
    path = base or shipped_model_path()
    model, replay = load_model(path), unpack_replay(read_replay(path))
    curves = {
        kind: site_curves(_template_draws(kind, sites, model), _COUNTS, replay[kind], _tell)
        for kind in _KINDS
    }
    learning = _active_learning(Segmenter(model), model, replay["html"])
    lines = [f"Mean over {sites} template sites, {_TEST} other pages of each:"]
    lines += [*_curve_tables(curves, _COUNTS), "", *_learning_table(learning)]
    real: Curves | None = None
    if held_out is not None and corpora is not None:
        real = _real_curves(held_out, corpora)
        lines += ["", *_real_tables(real)]
    click.echo("\n".join(lines))
    if write:
        _plot(curves, learning, real)
        write_between_marks(_DOCS / "retraining.md", "figures", "\n".join(lines))


def _template_draws(kind: InputKind, sites: int, model: Model) -> dict[str, list[Draw]]:
    draws = {}
    for site in range(sites):
        pages = _measured(_records(site, max(_COUNTS) + _TEST), kind, model)
        draws[f"{kind}, site {site}"] = [Draw(pages[: max(_COUNTS)], pages[max(_COUNTS) :])]
    return draws


def _real_curves(held_out: Path, corpora: Path) -> Curves:
    model, replay = load_model(held_out), unpack_replay(read_replay(held_out))
    sites = labelled_sites(corpora)
    curves = {}
    for kind in _KINDS:
        draws = {
            f"{site} ({len(pages)} pages)": _random_draws(_token_pages(pages, kind, model))
            for site, pages in sorted(sites.items())
        }
        curves[kind] = site_curves(draws, _REAL_COUNTS, replay[kind], _tell)
    return curves


def _random_draws(pages: Sequence[TokenPage]) -> list[Draw]:
    draws = []
    for seed in range(_DRAWS):
        order = np.random.default_rng(seed).permutation(len(pages)).tolist()
        shuffled = [pages[place] for place in order]
        draws.append(Draw(shuffled[: max(_REAL_COUNTS)], shuffled[max(_REAL_COUNTS) :]))
    return draws


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
        return macro_f1(test, with_correction(correction, test))

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
    return _token_pages([labelled_page(record) for record in records], kind, model)


def _token_pages(pages: Sequence[LabelledPage], kind: InputKind, model: Model) -> list[TokenPage]:
    made = html_pages(pages) if kind == "html" else _as_lines(pages)
    return [token_page(page, model.classifiers[kind]) for page in made]


def _as_lines(pages: Sequence[LabelledPage]) -> Iterable[TrainingPage]:
    for number, page in enumerate(pages):
        yield from as_form(page, "lines", np.random.default_rng(number))


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _curve_tables(curves: Curves, counts: Sequence[int]) -> list[str]:
    lines = []
    for kind, by_site in curves.items():
        lines += [
            "",
            f"| {_NAMES[kind]}: labelled pages | error | fall of the error (least) "
            "| loss on the base's held-back pages (most) |",
            "| --- | --- | --- | --- |",
            *(
                f"| {p.pages} | {p.error:.3f} | {p.fall:.0%} ({p.least_fall:.0%}) "
                f"| {p.base_loss:+.4f} ({p.most_base_loss:+.4f}) |"
                for p in mean_curve(by_site, counts)
            ),
        ]
    return lines


def _real_tables(curves: Curves) -> list[str]:
    sites = len(curves["html"])
    lines = [
        f"Mean over {sites} sites of the corpora, none of which the base was trained on; "
        f"{_DRAWS} draws of the pages to label, scored on the site's other pages:",
        *_curve_tables(curves, _REAL_COUNTS),
        "",
        "| error, fall of the error | " + " | ".join(f"{n} pages" for n in _REAL_COUNTS) + " |",
        "| --- |" + " --- |" * len(_REAL_COUNTS),
    ]
    for kind, by_site in curves.items():
        for site, curve in by_site.items():
            cells = [f"{e:.3f}, {f:.0%}" for e, f in zip(curve.error, curve.fall, strict=True)]
            lines.append(f"| {site}, {_NAMES[kind]} | {' | '.join(cells)} |")
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


def _plot(curves: Curves, learning: Mapping[str, Sequence[float]], real: Curves | None) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator

    measured: list[tuple[str, Curves, Sequence[int]]] = [("template sites", curves, _COUNTS)]
    if real is not None:
        measured.append(("sites of the corpora", real, _REAL_COUNTS))
    figure, axes = plt.subplots(
        1, len(measured) + 1, figsize=(4.5 * (len(measured) + 1), 3.4), layout="constrained"
    )
    for place, (title, by_kind, counts) in zip(axes, measured, strict=False):
        for kind, by_site in by_kind.items():
            points: list[Point] = mean_curve(by_site, counts)
            errors = [point.error for point in points]
            place.plot([p.pages for p in points], errors, "o-", label=_NAMES[kind])
        place.set(title=title, xlabel="labelled pages of a site", ylim=(0, None))
    axes[0].set(ylabel="1 - macro F1, other pages")
    for name, values in learning.items():
        axes[-1].plot(_OF_POOL, values, "o-", label=name)
    axes[-1].set(
        title="which pages to label",
        xlabel="labelled pages of the pool",
        ylabel="macro F1, other pages",
    )
    for place in axes:
        place.legend(frameon=False)
        place.xaxis.set_major_locator(MaxNLocator(integer=True))
        place.spines[["top", "right"]].set_visible(False)
    figure.savefig(_DOCS / "adaptation.png", dpi=120)


if __name__ == "__main__":
    main()
