"""What the tests of retraining share: template pages as records, and a base model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from bench.sites import SitePage, site_pages
from segmenter.classifier import BlockClassifier
from segmenter.labels.files import checked_records
from segmenter.labels.pages import labelled_page
from segmenter.labels.records import LabelRecord
from segmenter.model_package import load_model, read_manifest, shipped_model_path, write_model
from segmenter.training.corpora import load_seeds
from segmenter.training.dataset import html_pages, text_pages
from segmenter.training.gate import compare
from segmenter.training.replay import TokenPage, build_replay, pack_replay, token_page

ROOT = Path(__file__).resolve().parents[1]
SITE = 2


def records_of(pages: Iterable[SitePage]) -> list[LabelRecord]:
    return checked_records((n, page.record()) for n, page in enumerate(pages, start=1))


def records(site: int = SITE, count: int = 10, first: int = 0) -> list[LabelRecord]:
    return records_of(site_pages(site, first + count)[first:])


def base_model(path: Path) -> None:
    model = load_model(shipped_model_path())
    manifest = read_manifest(shipped_model_path())
    pages = list(load_seeds(ROOT / "seeds"))
    # Sites that no test adapts to.
    pages += [labelled_page(r) for site in range(60, 75) for r in records(site, 3)]
    measured = {"html": list(html_pages(pages)), "text": list(text_pages(pages, 0))}
    replay = pack_replay(
        {kind: build_replay(measured[kind], model.classifiers[kind]) for kind in model.classifiers}
    )
    names = ("name", "version", "created", "corpora", "split", "seed", "metrics")
    describe = {name: getattr(manifest, name) for name in names}
    write_model(path, model.classifiers, describe, "# for tests\n", replay)


def measured(items: Sequence[LabelRecord], classifier: BlockClassifier) -> list[TokenPage]:
    pages = [labelled_page(record) for record in items]
    return [token_page(page, classifier) for page in html_pages(pages)]


def macro_f1(pages: Sequence[TokenPage], probabilities: Sequence[np.ndarray]) -> float:
    return compare(pages, probabilities, probabilities).macro_f1.active
