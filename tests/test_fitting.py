"""What a model is fitted on: forms drawn anew, batches that weigh pages right, tables held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.training.batches import Example, epoch_batches, windows
from segmenter.training.corpora import LabelledPage, load_seeds
from segmenter.training.dataset import TrainingPage, html_pages, text_pages
from segmenter.training.fit import FirstStage, fit_first_stage

SEEDS = Path(__file__).resolve().parents[1] / "seeds"
LENGTHS = (8, 16, 64)


@pytest.fixture(scope="module", name="seeds")
def _seeds() -> list[LabelledPage]:
    return list(load_seeds(SEEDS))


def _example(blocks: int, name: int) -> Example:
    """Every block's only feature is the page's name."""
    ones = np.ones(blocks, dtype=np.float32)
    return Example(ones[:, None] * name, np.ones((blocks, 9), dtype=np.float32), ones)


@given(st.lists(st.integers(1, 64), min_size=1, max_size=40), st.integers(0, 9))
def test_an_epoch_has_each_block_once(sizes: list[int], seed: int) -> None:
    pages = [_example(size, name) for name, size in enumerate(sizes, start=1)]
    seen: list[float] = []
    for inputs, mask, _, weight in epoch_batches(pages, LENGTHS, 64, np.random.default_rng(seed)):
        assert inputs.shape[:2] == mask.shape[:2] == weight.shape
        inside = mask[..., 0] == 1
        assert (weight[~inside] == 0).all()
        seen += inputs[inside][:, 0].tolist()
    assert sorted(seen) == sorted(name for name, size in enumerate(sizes, 1) for _ in range(size))


def test_a_long_page_weighs_the_same_over_many_epochs() -> None:
    pages = [_example(8, 1), _example(32, 2), _example(64, 3)]
    rng = np.random.default_rng(0)
    weights = np.zeros(4)
    times = np.zeros(4)
    epochs = 2_000
    for _ in range(epochs):
        for inputs, _, _, weight in epoch_batches(pages, LENGTHS, 16, rng):
            for row, own in zip(inputs[..., 0], weight, strict=True):
                weights[int(row[0])] += own.sum() if row[0] else 0
                times[int(row[0])] += bool(row[0])
    assert times[1] == epochs
    assert times[2] == pytest.approx(epochs / 2, rel=0.1)
    assert times[3] == pytest.approx(epochs / 4, rel=0.15)
    assert weights[1:] / epochs == pytest.approx([8, 32, 64], rel=0.15)


@given(st.integers(1, 300))
def test_windows_are_the_page(blocks: int) -> None:
    page = Example(
        np.arange(blocks, dtype=np.float32)[:, None],
        np.ones((blocks, 9), dtype=np.float32),
        np.ones(blocks, dtype=np.float32),
    )
    parts = list(windows(page, 64))
    assert np.concatenate([part.features for part in parts]).tolist() == page.features.tolist()
    assert max(len(part.weight) for part in parts) <= 64


def _texts(pages: list[LabelledPage], draw: int) -> list[tuple[str, str]]:
    return [(p.form, p.labelled.page.text) for p in text_pages(pages, seed=0, draw=draw)]


def test_another_draw_gives_other_text(seeds: list[LabelledPage]) -> None:
    pages = [page for page in seeds if page.page.input == "html"]
    first, again, other = _texts(pages, 0), _texts(pages, 0), _texts(pages, 1)
    assert first == again
    different = sum(one != two for one, two in zip(first, other, strict=True))
    assert different > len(first) / 2


def test_a_page_that_came_as_text_stays_as_it_is(seeds: list[LabelledPage]) -> None:
    pages = [page for page in seeds if page.page.input == "text"]
    assert _texts(pages, 0) == _texts(pages, 3) == [("as received", p.page.text) for p in pages]


@pytest.fixture(scope="module", name="fitted")
def _fitted(seeds: list[LabelledPage]) -> tuple[FirstStage, list[TrainingPage]]:
    pages = list(html_pages(seeds))
    return fit_first_stage(pages, 0, lambda _: None), pages


def test_a_page_is_scored_by_a_table_that_has_not_seen_its_site(
    fitted: tuple[FirstStage, list[TrainingPage]],
) -> None:
    first, pages = fitted
    table = first.text_table
    checked = 0
    for page in pages:
        site = page.labelled.site
        others = [p.features.text_tokens.index for p in pages if p.labelled.site != site]
        own = np.setdiff1d(page.features.text_tokens.index, np.concatenate(others))
        assert len(own)
        assert (table.unseen(site).weights[own] == 0).all()
        checked += bool((table.whole.weights[own] != 0).any())
    assert checked == len(pages)


def test_a_new_site_is_scored_by_all_that_is_known(
    fitted: tuple[FirstStage, list[TrainingPage]],
) -> None:
    table = fitted[0].text_table
    assert table.unseen("nobody.example") is table.whole
