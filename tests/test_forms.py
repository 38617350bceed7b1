"""Raw text made from blocks, gold aligned to pages, sites kept whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmenter.html import split_html
from segmenter.text import split_text
from segmenter.training.alignment import UNKNOWN, aligned_labels, in_main_text
from segmenter.training.corpora import ALL_LABELS, LabelledPage, site_of
from segmenter.training.dataset import folds_by_site
from segmenter.training.forms import render, stripped
from segmenter.types import LABEL_INDEX, LABELS

BODY, TEASER, BOILERPLATE = (LABEL_INDEX[name] for name in ("body", "teaser", "boilerplate"))
WORDS = st.text("abcdefgh", min_size=1, max_size=9)
BLOCKS = st.lists(st.lists(WORDS, min_size=1, max_size=40).map(" ".join), min_size=1, max_size=8)


@given(BLOCKS, st.sampled_from(["lines", "paragraphs", "wrapped"]), st.integers(0, 99))
def test_spans_hold_the_blocks(blocks: list[str], form: str, seed: int) -> None:
    raw = render(blocks, form, np.random.default_rng(seed))
    assert [raw.text[a:b].split() for a, b in raw.spans] == [block.split() for block in blocks]
    if form == "wrapped":
        assert max(map(len, raw.text.splitlines())) <= 80


def test_unknown_form() -> None:
    with pytest.raises(ValueError, match="accepted are lines"):
        render(["a"], "nonsense", np.random.default_rng(0))


@given(st.lists(st.sampled_from([BODY, TEASER, BOILERPLATE]), max_size=40), st.integers(0, 50))
def test_stripping_takes_only_menus_and_teasers(labels: list[int], seed: int) -> None:
    masks = [1 << label for label in labels]
    kept = stripped(masks, [10] * len(labels), np.random.default_rng(seed))
    assert kept == sorted(set(kept))
    assert {i for i, label in enumerate(labels) if label == BODY} <= set(kept)


def test_gold_labels_reach_blocks_that_are_split_otherwise() -> None:
    page = split_html("<nav>Home Fares</nav><h1>The ferry waits</h1><p>Fog lay on<br>the sound.")
    gold = [
        ("Home", BOILERPLATE),
        ("Fares", BOILERPLATE),
        ("The ferry waits", LABEL_INDEX["headline"]),
        ("Fog lay on the sound.", BODY),
    ]
    labels = aligned_labels(page, gold)
    assert [LABELS[i] for i in labels] == ["boilerplate", "headline", "body", "body"]


def test_block_that_is_not_in_the_gold_is_unknown() -> None:
    page = split_text("Fog lay on the sound.\nSomething quite different stands here")
    assert aligned_labels(page, [("Fog lay on the sound.", BODY)]).tolist() == [BODY, UNKNOWN]


def test_short_block_is_in_the_main_text_only_where_its_words_stand_together() -> None:
    page = split_text("on sound\nFog lay on the grey sound this morning\nlay on")
    assert in_main_text(page, "Fog lay on the grey sound this morning").tolist() == [
        False,
        True,
        False,
    ]


def labelled(site: str, number: int) -> LabelledPage:
    page = split_text("a")
    return LabelledPage(
        id=f"{site}-{number}", site=site, source="seeds", language=None, page_type=None, page=page,
        allowed=np.array([ALL_LABELS]), weight=np.ones(1, np.float32),
    )  # fmt: skip


@given(
    st.lists(st.sampled_from([f"s{i}.example" for i in range(12)]), min_size=1, max_size=60),
    st.integers(2, 5),
    st.integers(0, 9),
)
def test_folds_never_split_a_site_and_are_of_like_size(
    sites: list[str], folds: int, seed: int
) -> None:
    pages = [labelled(site, number) for number, site in enumerate(sites)]
    fold_of = folds_by_site(pages, folds, seed)
    assert set(fold_of) == set(sites)
    assert set(fold_of.values()) <= set(range(folds))
    sizes = [sum(fold_of[site] == fold for site in sites) for fold in range(folds)]
    assert max(sizes) - min(sizes) <= max(sites.count(site) for site in sites)
    assert folds_by_site(pages[::-1], folds, seed) == fold_of


@pytest.mark.parametrize(
    ("identity", "url", "site"),
    [
        ("x", "https://news.site.example/a", "site.example"),
        ("x", "http://user@www.paper.co.uk:80/a", "paper.co.uk"),
        ("x", "WWW.Site.Example", "site.example"),
        ("blog-0012", None, "blog"),
    ],
)
def test_site_of(identity: str, url: str | None, site: str) -> None:
    assert site_of(identity, url) == site
