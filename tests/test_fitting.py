"""What a model is fitted on: forms drawn anew, batches that weigh pages right, tables held out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.network import PARAMETERS
from segmenter.training.batches import Example, epoch_batches, windows
from segmenter.training.corpora import ALL_LABELS, LabelledPage, load_seeds
from segmenter.training.dataset import TrainingPage, html_pages, text_pages
from segmenter.training.fit import FirstStage, fit_first_stage
from segmenter.training.optimise import Schedule, fit_network
from segmenter.training.whole_page import PAGE_TYPES, whole_page
from segmenter.types import LABEL_INDEX

SEEDS = Path(__file__).resolve().parents[1] / "seeds"
LENGTHS = (8, 16, 64)


@pytest.fixture(scope="module", name="seeds")
def _seeds() -> list[LabelledPage]:
    return list(load_seeds(SEEDS))


def _example(blocks: int, name: int) -> Example:
    """Every block's only feature is the page's name."""
    ones = np.ones(blocks, dtype=np.float32)
    whole = np.full(3, name, dtype=np.float32)
    return Example(ones[:, None] * name, np.ones((blocks, 9), dtype=np.float32), ones, whole)


@given(st.lists(st.integers(1, 64), min_size=1, max_size=40), st.integers(0, 9))
def test_an_epoch_has_each_block_once(sizes: list[int], seed: int) -> None:
    pages = [_example(size, name) for name, size in enumerate(sizes, start=1)]
    seen: list[float] = []
    batches = epoch_batches(pages, LENGTHS, 64, np.random.default_rng(seed))
    for inputs, mask, _, weight, whole in batches:
        assert inputs.shape[:2] == mask.shape[:2] == weight.shape
        assert (whole == inputs[:, 0]).all(), "each page with what is known of it"
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
        for inputs, _, _, weight, _ in epoch_batches(pages, LENGTHS, 16, rng):
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
        np.ones(3, dtype=np.float32),
    )
    parts = list(windows(page, 64))
    assert np.concatenate([part.features for part in parts]).tolist() == page.features.tolist()
    assert max(len(part.weight) for part in parts) <= 64
    assert all(part.whole is page.whole for part in parts)


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


def test_of_a_page_as_a_whole_its_type_and_its_share_of_body_are_learned(
    seeds: list[LabelledPage],
) -> None:
    page = next(page for page in seeds if page.page.input == "html")
    words = np.arange(1, len(page.page) + 1)
    body = page.allowed == 1 << LABEL_INDEX["body"]
    *types, share = whole_page(replace(page, page_type="forum"), words).tolist()
    assert dict(zip(PAGE_TYPES, types, strict=True)) == {
        name: float(name == "forum") for name in PAGE_TYPES
    }
    assert share == pytest.approx(words[body].sum() / words.sum())


def test_of_a_page_that_nobody_labelled_nothing_is_learned_as_a_whole(
    seeds: list[LabelledPage],
) -> None:
    page = seeds[0]
    nothing = np.full(len(page.page), ALL_LABELS)
    unknown = replace(page, page_type=None, allowed=nothing)
    assert whole_page(unknown, np.ones(len(page.page), dtype=np.int64)).tolist() == [0] * len(
        PAGE_TYPES
    ) + [-1]


def test_learning_of_the_page_as_a_whole_leaves_no_weights_behind() -> None:
    rng = np.random.default_rng(0)
    pages = [
        Example(
            rng.standard_normal((20, 4)).astype(np.float32),
            np.eye(9, dtype=np.float32)[rng.integers(0, 9, 20)],
            np.ones(20, dtype=np.float32),
            np.array([number % 2, 1 - number % 2, 0.5], dtype=np.float32),
        )
        for number in range(6)
    ]
    schedule = Schedule(hidden=8, epochs=2, lengths=(32,))
    alone = fit_network(pages, 0, schedule, (), lambda _: None)
    both = fit_network(pages, 0, replace(schedule, whole_page=0.5), (), lambda _: None)
    assert set(both.params) == set(alone.params) == PARAMETERS
    assert (both.params["page_w"] != alone.params["page_w"]).any()
