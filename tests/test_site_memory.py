"""Fitting what a site profile adds, and the measurement of what it gains."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.sites import site_pages as template_pages
from segmenter.labels.files import checked_records
from segmenter.labels.pages import labelled_page
from segmenter.model_package import load_model, read_manifest, shipped_model_path, write_model
from segmenter.profiles.fingerprints import page_fingerprints
from segmenter.profiles.memory import MEMORY_NAMES, SiteMemory
from segmenter.training.corpora import LabelledPage
from segmenter.training.scoring import Prediction
from segmenter.training.site_memory import SitePages, examples_of, fit_memories, fit_memory
from segmenter.types import LABEL_INDEX, LABELS

ROOT = Path(__file__).parents[1]


def pages_of(site: int, count: int) -> list[LabelledPage]:
    made = template_pages(site, count)
    records = checked_records((number, page.record()) for number, page in enumerate(made))
    return [replace(labelled_page(record), url=record.url) for record in records]


def unsure(pages: Sequence[LabelledPage]) -> list[Prediction]:
    """Predictions that tell nothing."""
    return [
        Prediction(
            page,
            "html",
            np.full((len(page.page), len(LABELS)), 1 / len(LABELS), dtype=np.float32),
            page_fingerprints(page.page).words.astype(np.int64),
        )
        for page in pages
    ]


@pytest.fixture(scope="module")
def labelled() -> list[LabelledPage]:
    return [page for site in range(3) for page in pages_of(site, 7)]


def test_what_repeats_on_a_site_is_learned_and_carries_over(labelled: list[LabelledPage]) -> None:
    pages = SitePages(labelled)
    memory = fit_memory([e for p in unsure(labelled) for e in examples_of(p, pages)])
    other = pages_of(9, 6)
    seen = SitePages(other).seen(other[0].url, page_fingerprints(other[0].page), 5)
    assert seen is not None
    before = unsure(other)[0]
    after = memory.applied(before.probabilities, seen, before.words)
    repeated = seen.counts > 0
    assert 0 < repeated.sum() < len(repeated)
    boilerplate = after[repeated].argmax(axis=1) == LABEL_INDEX["boilerplate"]
    assert boilerplate.mean() > 0.8
    assert after[~repeated] == pytest.approx(before.probabilities[~repeated])


def test_examples_have_seen_other_pages_and_weigh_as_one(labelled: list[LabelledPage]) -> None:
    pages = SitePages(labelled)
    prediction = unsure(labelled)[0]
    blocks = page_fingerprints(prediction.labelled.page)
    counts = [pages.seen(prediction.labelled.url, blocks, count) for count in (1, 2, 5, 6, 7)]
    assert [seen and seen.pages for seen in counts] == [1, 2, 5, 6, None]
    examples = list(examples_of(prediction, pages))
    assert len(examples) == 3
    alone = list(examples_of(prediction, SitePages(labelled[:2])))
    assert sum(e.weight.sum() for e in examples) == pytest.approx(alone[0].weight.sum(), rel=1e-4)
    nowhere = replace(prediction, labelled=replace(prediction.labelled, url=None))
    assert list(examples_of(nowhere, pages)) == []


def test_pages_of_lone_sites_teach_nothing(labelled: list[LabelledPage]) -> None:
    assert fit_memories(unsure(labelled[:1]), labelled[7:8]) == {}


@pytest.mark.slow
def test_the_measurement_runs_on_template_sites(tmp_path: Path) -> None:
    place = shipped_model_path()
    manifest, weights = read_manifest(place), np.zeros((len(MEMORY_NAMES), len(LABELS)))
    weights[0, LABEL_INDEX["boilerplate"]] = 3
    classifiers = {
        kind: replace(classifier, memory=SiteMemory(weights.astype(np.float32)))
        for kind, classifier in load_model(place).classifiers.items()
    }
    names = ("name", "version", "created", "corpora", "split", "seed", "metrics")
    describe = {name: getattr(manifest, name) for name in names}
    write_model(tmp_path / "m", classifiers, describe, "# for tests\n")
    options = ["--sites", "1", "--model", str(tmp_path / "m")]
    command = [sys.executable, "-m", "bench.site_memory", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [row.split()[1] for row in rows if row[2].isdigit()] == ["1", "2", "5", "10", "50"] * 2
