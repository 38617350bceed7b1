"""``python -m bench.site_memory``: what a site profile is worth, by pages of the site seen.

Template sites (``bench.sites``) are always measured. With ``--predictions`` (of
``make evaluate PREDICTIONS=…``) so are the sites of the corpora that have more than one page: their
pages were predicted by models that had not seen the site, and what the profile adds is fitted on
the other sites.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import click
import numpy as np

from bench.site_memory_report import KIND_NAMES, Row, write_docs
from bench.sites import site_pages as template_pages
from segmenter.classifier import BlockClassifier
from segmenter.cli.sources import source_options
from segmenter.labels.files import checked_records
from segmenter.labels.pages import labelled_page
from segmenter.model_package import (
    load_model,
    read_manifest,
    read_replay,
    shipped_model_path,
    write_model,
)
from segmenter.profiles.fingerprints import page_fingerprints
from segmenter.profiles.memory import SiteMemory
from segmenter.sequence import decide
from segmenter.training.corpora import LabelledPage
from segmenter.training.dataset import as_form, folds_by_site, html_pages
from segmenter.training.metrics import label_counts
from segmenter.training.predictions import load_predictions
from segmenter.training.scoring import PageScore, Prediction, known_labels, score
from segmenter.training.site_memory import (
    FORMS_OF_KIND,
    PAGES_SEEN,
    SitePages,
    examples_of,
    fit_memories,
    fit_memory,
    site_pages,
)
from segmenter.training.sources import Sources, load_pages, load_unlabelled_pages
from segmenter.types import LABELS, FloatArray, InputKind

__all__ = ["main"]

_FOLDS: Final = 5
_TEST_PAGES: Final = 20
_ROUNDS: Final = 1_000
Memories = Mapping[InputKind, SiteMemory]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A page without a profile, and with one of some other pages of its site.

    Attributes:
        site: whose pages are drawn together for the interval.
        before: its score without.
        after: its score with 1, 2, 5 … other pages seen, as far as there are so many.
    """

    site: str
    before: PageScore
    after: Mapping[int, PageScore]


@click.command()
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Model directory; the shipped one by default.")  # fmt: skip
@click.option("--predictions", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Cross-validated predictions of the labelled pages.")  # fmt: skip
@click.option("--folds", type=click.IntRange(min=2), default=5, show_default=True,
              help="That the predictions were made with.")  # fmt: skip
@click.option("--sites", type=click.IntRange(1, 40), default=8, show_default=True)
@click.option("--fit", is_flag=True,
              help="Put what is fitted on all sites into the model directory.")  # fmt: skip
@click.option("--write", is_flag=True, help="Put table and plot into docs/.")
@source_options
def main(
    *,
    model: Path | None,
    predictions: Path | None,
    folds: int,
    sites: int,
    fit: bool,
    write: bool,
    seeds: Path,
    gold: Path | None,
    corpora: Path | None,
    seed: int,
) -> None:
    """Measure site memory, and fit it."""
    place = model or shipped_model_path()
    tables: dict[str, list[Row]] = {}
    repeated: dict[str, float] = {}
    if predictions is not None:
        sources = Sources(seeds, gold, corpora)
        pages = load_pages(sources, _tell)
        unlabelled = load_unlabelled_pages(sources, pages, _tell)
        found = load_predictions(predictions, pages, folds, seed)
        if fit:
            _put(place, fit_memories(found, unlabelled))
        repeated = _repeated(found, unlabelled)
        for kind in FORMS_OF_KIND:
            cases = list(_held_out(found, unlabelled, kind, seed))
            tables[f"corpora, {KIND_NAMES[kind]}"] = _rows(cases)
    elif fit:
        raise click.UsageError("--fit needs --predictions")
    classifiers = load_model(place).classifiers
    for kind in FORMS_OF_KIND:
        cases = list(_of_templates(kind, classifiers[kind], sites))
        tables[f"template sites, {KIND_NAMES[kind]}"] = _rows(cases)
    click.echo(write_docs(tables, repeated, write=write))


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _put(place: Path, memories: Memories) -> None:
    """Write the model directory again, with the memories in it."""
    manifest, model = read_manifest(place), load_model(place)
    classifiers = {
        kind: replace(classifier, memory=memories[kind])
        for kind, classifier in model.classifiers.items()
    }
    describe = {
        name: getattr(manifest, name)
        for name in ("name", "version", "created", "corpora", "split", "seed", "metrics")
    }
    card = (place / "README.md").read_text("utf-8")
    write_model(place, classifiers, describe, card, read_replay(place))


def _held_out(
    predictions: Sequence[Prediction],
    unlabelled: Sequence[LabelledPage],
    kind: InputKind,
    seed: int,
) -> Iterator[Case]:
    """The pages of sites with more than one, each by a memory fitted without its site."""
    form = FORMS_OF_KIND[kind]
    pages = site_pages(predictions, unlabelled, form)
    examples = [(p, list(examples_of(p, pages))) for p in predictions if p.form == form]
    examples = [(prediction, made) for prediction, made in examples if made]
    fold_of = folds_by_site([p.labelled for p, _ in examples], _FOLDS, seed)
    for fold in range(_FOLDS):
        inside = [e for p, made in examples if fold_of[p.labelled.site] != fold for e in made]
        memory = fit_memory(inside)
        _tell(f"{kind}: fold {fold + 1} of {_FOLDS} fitted on {len(inside):,} examples")
        for prediction, _ in examples:
            if fold_of[prediction.labelled.site] == fold:
                yield _case(prediction, pages, memory)


def _repeated(
    predictions: Sequence[Prediction], unlabelled: Sequence[LabelledPage]
) -> dict[str, float]:
    """Of each label's words on labelled HTML pages, how many stand in blocks that another page of
    the site holds."""
    pages = site_pages(predictions, unlabelled, "html")
    total, held = np.zeros((2, len(LABELS)))
    for prediction in predictions:
        labelled = prediction.labelled
        blocks = page_fingerprints(labelled.page)
        seen = pages.seen_by_all(labelled.url, blocks)
        if prediction.form != "html" or labelled.gold is None or seen is None:
            continue
        known = known_labels(labelled)
        for label in range(len(LABELS)):
            words = np.where(known == label, prediction.words, 0)
            total[label] += words.sum()
            held[label] += words[seen.counts > 0].sum()
    return dict(zip(LABELS, (held / np.maximum(total, 1)).tolist(), strict=True))


def _of_templates(kind: InputKind, classifier: BlockClassifier, sites: int) -> Iterator[Case]:
    """Pages of template sites; up to 50 others of the site are seen."""
    if classifier.memory is None:
        raise click.ClickException("the model has no site memory; fit it with --fit")
    for site in range(sites):
        made = template_pages(site, max(PAGES_SEEN) + _TEST_PAGES)
        records = checked_records((number, page.record()) for number, page in enumerate(made))
        labelled = [replace(labelled_page(record), url=record.url) for record in records]
        if kind == "html":
            measured = list(html_pages(labelled))
        else:
            measured = [
                page
                for number, one in enumerate(labelled)
                for page in as_form(one, FORMS_OF_KIND[kind], np.random.default_rng(number))
            ]
        pages = SitePages(page.labelled for page in measured[:-_TEST_PAGES])
        for page in measured[-_TEST_PAGES:]:
            probabilities = classifier.probabilities(page.features)
            words = page.features.words.counts
            prediction = Prediction(page.labelled, page.form, probabilities, words)
            yield _case(prediction, pages, classifier.memory)


def _case(prediction: Prediction, pages: SitePages, memory: SiteMemory) -> Case:
    labelled = prediction.labelled
    blocks = page_fingerprints(labelled.page)
    before, after = score(prediction), {}
    labels, _ = decide(prediction.probabilities, prediction.words)
    for count in PAGES_SEEN:
        seen = pages.seen(labelled.url, blocks, count)
        if seen is not None:
            found = memory.applied(prediction.probabilities, seen, prediction.words)
            # Most pages stay as they are, and scoring takes longest.
            same = np.array_equal(decide(found, prediction.words)[0], labels)
            after[count] = before if same else score(replace(prediction, probabilities=found))
    return Case(labelled.site, before, after)


def _rows(cases: Sequence[Case]) -> list[Row]:
    """One for each number of pages seen that a page has."""
    return [
        _row(count, [case for case in cases if count in case.after])
        for count in PAGES_SEEN
        if any(count in case.after for case in cases)
    ]


def _row(count: int, cases: Sequence[Case]) -> Row:
    sites = sorted({case.site for case in cases})
    index = {site: place for place, site in enumerate(sites)}
    owner = np.array([index[case.site] for case in cases])
    rng = np.random.default_rng(0)
    even = np.full(len(sites), 1 / len(sites))
    drawn = rng.multinomial(len(sites), even, _ROUNDS)[:, owner].astype(float)
    body = np.array([[_body(case.before), _body(case.after[count])] for case in cases])
    labelled = np.array([bool(case.before.gold) for case in cases])
    gold = [case for case in cases if case.before.gold]
    counts = np.stack(
        [
            label_counts([(case.before.found, case.before.gold) for case in gold]),
            label_counts([(case.after[count].found, case.after[count].gold) for case in gold]),
        ]
    )
    once = np.ones((1, len(cases)))
    body_f1, macro_f1 = _means(once, body)[0], _macro(once[:, labelled], counts)[0]
    return Row(
        seen=count,
        pages=len(cases),
        sites=len(sites),
        labelled=len(gold),
        body=(float(body_f1[0]), float(body_f1[1])),
        body_gain=_interval(_means(drawn, body)),
        macro=(float(macro_f1[0]), float(macro_f1[1])),
        macro_gain=_interval(_macro(drawn[:, labelled], counts)),
    )


def _body(page: PageScore) -> float:
    """Word-F1 of the body by the gold blocks where there are some, else by the main text."""
    value = page.body if page.body is not None else page.main_text
    return 1.0 if value is None else value


def _means(weight: FloatArray, values: FloatArray) -> FloatArray:
    """Shape (rounds, 2): weighted means over pages of shape (pages, 2)."""
    result: FloatArray = weight @ values / weight.sum(axis=1, keepdims=True)
    return result


def _macro(weight: FloatArray, counts: FloatArray) -> FloatArray:
    """Shape (rounds, 2): macro F1 over the labels that occur, from counts (2, pages, 9, 3)."""
    overlap, found, gold = np.moveaxis(np.einsum("rp,bplc->rblc", weight, counts), 3, 0)
    f1 = 2 * overlap / np.maximum(found + gold, 1)
    result: FloatArray = f1.sum(axis=2) / np.maximum((gold > 0).sum(axis=2), 1)
    return result


def _interval(samples: FloatArray) -> tuple[float, float]:
    """95 % interval of the gain, by drawing sites."""
    low, high = np.quantile(samples[:, 1] - samples[:, 0], [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    main()
