"""Contributions are what the model itself does without a group of features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segmenter import Document, InputError, LimitError, Limits, Segmenter
from segmenter.explanation import GROUPS, explain, group_columns
from segmenter.features import page_features
from segmenter.model_package import feature_names, load_model, shipped_model_path
from segmenter.text import split_text
from segmenter.types import LABEL_INDEX, InputKind

SEEDS = Path(__file__).resolve().parents[1] / "seeds" / "pages"
OWNERS = Document(text=(SEEDS / "000_5c0e006fbbd7d074.txt").read_bytes())
HTML = Document(html=(SEEDS / "101_en_bakery-strike.html").read_bytes())


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter.load()


@pytest.mark.parametrize("kind", ["text", "html"])
def test_every_feature_is_in_exactly_one_group(kind: InputKind) -> None:
    columns = np.concatenate(list(group_columns(kind).values()))
    assert sorted(columns.tolist()) == list(range(len(feature_names()[kind])))
    assert set(group_columns(kind)) < set(GROUPS)


@pytest.mark.parametrize("document", [OWNERS, HTML], ids=["text", "html"])
def test_label_and_probability_are_those_of_the_answer(
    segmenter: Segmenter, document: Document
) -> None:
    blocks = segmenter.segment_document(document).blocks
    for number in (0, len(blocks) // 2, len(blocks) - 1):
        found = segmenter.explain(document, number)
        assert found.label == blocks[number].label
        assert found.probability == pytest.approx(blocks[number].probability, abs=1e-4)
        strengths = [abs(item.log_odds) for item in found.contributions]
        assert strengths == sorted(strengths, reverse=True)
        assert found.contributions[0].log_odds != 0


def test_taking_a_group_away_changes_the_probability_as_told() -> None:
    """Done again from the outside, by the network alone, for the strongest group of each block."""
    text = (SEEDS / "000_5c0e006fbbd7d074.txt").read_text("utf-8")
    classifier = load_model(shipped_model_path()).classifiers["text"]
    page = page_features(split_text(text, Limits()))
    features = classifier.features(page)
    for block in range(0, len(page), 3):
        found = explain(classifier, page, block)
        top = next(c for c in found.contributions if c.group != "neighbours")
        columns = group_columns("text")[top.group]
        changed = features.copy()
        changed[block, columns] = features[:, columns].mean(axis=0)
        without = classifier.network.probabilities(changed)[block, LABEL_INDEX[found.label]]
        assert top.probability == pytest.approx(float(without), abs=1e-5)
        assert (top.log_odds > 0) == (without < found.probability)


def test_words_speak_for_the_comment_form(segmenter: Segmenter) -> None:
    """The form's line stands among paragraphs; what it says gives it away."""
    blocks = segmenter.segment_document(OWNERS).blocks
    form = next(n for n, b in enumerate(blocks) if b.text.startswith("Your email address"))
    found = segmenter.explain(OWNERS, form)
    words = next(of for of in found.contributions if of.group != "neighbours")
    assert (words.group, words.log_odds > 1) == ("words", True)
    assert words.features[0].name.startswith("words_")
    # Against another label it is the other way round.
    other = segmenter.explain(OWNERS, form, label="body")
    assert next(of for of in other.contributions if of.group == "words").log_odds < 0


def test_what_can_not_be_explained_is_named(segmenter: Segmenter) -> None:
    with pytest.raises(InputError, match="there is no block 38: the page has 38"):
        segmenter.explain(OWNERS, 38)
    with pytest.raises(InputError, match="there is no block -1"):
        segmenter.explain(OWNERS, -1)
    with pytest.raises(InputError, match="unknown label"):
        segmenter.explain(OWNERS, 0, label="title")
    with pytest.raises(InputError, match="no blocks"):
        segmenter.explain(Document(text=" \n "), 0)
    with pytest.raises(LimitError, match="explained_blocks"):
        segmenter.explain(Document(text="a line\n\n" * 20_001), 0)


def test_a_page_of_one_block_has_no_neighbours(segmenter: Segmenter) -> None:
    found = segmenter.explain(Document(text="The bridge is closed."), 0)
    assert "neighbours" not in {item.group for item in found.contributions}
    assert all(item.log_odds == 0 for item in found.contributions)
