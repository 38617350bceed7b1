"""Which features spoke for and against a block's label, found by leaving them out.

Occlusion (Zeiler and Fergus 2014, "Visualizing and understanding convolutional networks"): the
classifier answers again with one group of the block's features set to their mean over the page,
and what the label's log odds lose by it is what the group added. Nothing is approximated: each
contribution is the difference of two answers of the model itself. Two groups that tell the same
each show little, for the other one is still there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from segmenter.classifier import CANDIDATE_NAMES, BlockClassifier
from segmenter.errors import InputError, LimitError
from segmenter.features import PageFeatures, context, repetition
from segmenter.model_package import feature_names
from segmenter.sequence import decide
from segmenter.types import LABEL_INDEX, LABELS, FloatArray, InputKind, IntArray

__all__ = ["GROUPS", "Contribution", "Explanation", "FeatureValue", "explain", "group_columns"]

_MOST_BLOCKS: Final = 20_000
"""A page's features stand in memory at once here, about 1 kB a block."""
_SHOWN: Final = 3
_LEAST: Final = 1e-6

_NEIGHBOURS: Final = "neighbours"
_CORRECTION: Final = "your_labels"
GROUPS: Final[Mapping[str, str]] = {
    "words": "the words it is made of",
    "length": "its length, lines and sentences",
    "characters": "its characters and punctuation",
    "first_last": "how it begins and ends",
    "capitals_numbers": "capitals, numbers, years and times",
    "spacing": "the blank lines around it",
    "repetition": "what it repeats of the page",
    "headline_likeness": "its likeness to the headline",
    "place": "its place on the page",
    "tag": "its own element",
    "ancestors": "the elements around it",
    "class_names": "class names and ids",
    "links": "its links and emphasis",
    "layout": "the layout of its part of the page",
    "page_titles": "what the page says of itself",
    _NEIGHBOURS: "the blocks around it",
    _CORRECTION: "what was learned from your labels",
}
"""What each group is, in words."""

# By the beginning of a column's name, the first that fits.
_BEGINNINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "layout": (
        "words_share_", "link_share_up_", "long_share_", "log_blocks_up_", "log_depth", "in_trunk",
        "log_above_trunk", "same_parent_", "log_same_signature", "signature_",
    ),
    "page_titles": ("title_", "other_title_", "description_", "author_"),
    "class_names": ("markup_",),
    "tag": ("tag_",),
    "ancestors": ("in_",),
    "links": ("link_share", "strong_share", "log_links"),
    "spacing": ("blank_",),
    "capitals_numbers": ("capitalised_words", "number_words", "years", "times"),
    "length": ("log_chars", "log_words", "chars_per_word", "log_lines", "words_per_sentence"),
    "first_last": ("first_", "last_", "ends_"),
    "characters": ("share_", "log_"),
}  # fmt: skip
_WHOLE: Final[Mapping[str, tuple[str, ...]]] = {
    "repetition": repetition.NAMES,
    "place": context.NAMES,
    "headline_likeness": CANDIDATE_NAMES,
    "words": tuple(f"words_{name}" for name in (*LABELS, "main_text")),
}


@dataclass(frozen=True, slots=True)
class FeatureValue:
    """One feature of the block beside the mean over the page's blocks."""

    name: str
    value: float
    mean: float


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one group of features adds to the label.

    Attributes:
        group: one of ``GROUPS``.
        meaning: the same in words.
        log_odds: the label's log odds less those without the group; above 0 it speaks for the
            label.
        probability: the label's probability without the group, 0 to 1.
        features: those of the group by which the block differs most from the page, standardised.
    """

    group: str
    meaning: str
    log_odds: float
    probability: float
    features: tuple[FeatureValue, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a block has a label, or does not.

    Attributes:
        label: the label that is explained.
        probability: the model's, 0 to 1.
        contributions: all groups, those that change most first.
    """

    label: str
    probability: float
    contributions: tuple[Contribution, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; numbers to four decimals."""
        value: dict[str, Any] = _rounded(asdict(self))
        return value


def explain(
    classifier: BlockClassifier, page: PageFeatures, block: int, label: str | None = None
) -> Explanation:
    """What the classifier's answer for one block rests on.

    Args:
        page: the measured page.
        block: number of the block, from 0.
        label: the label to explain; ``None`` is the one that the block is given.

    Raises:
        InputError: the page has no such block, or there is no such label.
        LimitError: the page has over 20,000 blocks.
    """
    if not 0 <= block < len(page):
        raise InputError(f"there is no block {block:,}: the page has {len(page):,}, from 0")
    if label is not None and label not in LABEL_INDEX:
        raise InputError(f"unknown label; accepted are {', '.join(LABELS)}")
    if len(page) > _MOST_BLOCKS:
        raise LimitError("explained_blocks", _MOST_BLOCKS, len(page))
    features = classifier.features(page)
    whole = _probabilities(classifier, page, features)
    if label is None:
        label = LABELS[int(decide(whole, page.words.counts)[0][block])]
    index = LABEL_INDEX[label]
    probability = float(whole[block, index])
    found = [
        _contribution(group, probability, float(without[block, index]), shown)
        for group, without, shown in _occluded(classifier, page, features, block)
    ]
    found.sort(key=lambda item: -abs(item.log_odds))
    return Explanation(label, probability, tuple(found))


def group_columns(kind: InputKind) -> dict[str, IntArray]:
    """The columns of each group, for one kind of input; every column is in exactly one."""
    grouped: dict[str, list[int]] = {}
    for column, name in enumerate(feature_names()[kind]):
        grouped.setdefault(_group(name), []).append(column)
    return {group: np.array(grouped[group]) for group in GROUPS if group in grouped}


def _group(name: str) -> str:
    for group, names in _WHOLE.items():
        if name in names:
            return group
    return next(group for group, starts in _BEGINNINGS.items() if name.startswith(starts))


def _occluded(
    classifier: BlockClassifier, page: PageFeatures, features: FloatArray, block: int
) -> list[tuple[str, FloatArray, tuple[FeatureValue, ...]]]:
    """For each group the page's probabilities without it, and the features to show."""
    mean = features.mean(axis=0)
    names = feature_names()[page.input]
    far = np.abs(features[block] - mean) / classifier.network.scale
    result: list[tuple[str, FloatArray, tuple[FeatureValue, ...]]] = []
    for group, columns in group_columns(page.input).items():
        changed = features.copy()
        changed[block, columns] = mean[columns]
        most = columns[np.argsort(-far[columns], kind="stable")[:_SHOWN]].tolist()
        shown = tuple(
            FeatureValue(names[i], float(features[block, i]), float(mean[i])) for i in most
        )
        result.append((group, _probabilities(classifier, page, changed), shown))
    if len(page) > 1:
        alone = np.tile(mean, (len(page), 1))
        alone[block] = features[block]
        result.append((_NEIGHBOURS, _probabilities(classifier, page, alone), ()))
    if classifier.correction is not None:
        result.append((_CORRECTION, classifier.network.probabilities(features), ()))
    return result


def _probabilities(
    classifier: BlockClassifier, page: PageFeatures, features: FloatArray
) -> FloatArray:
    """As ``classifier.probabilities(page)``, of features that may have been changed."""
    found = classifier.network.probabilities(features)
    if classifier.correction is None:
        return found
    return classifier.correction.applied(found, page, classifier.network.standardised(features))


def _contribution(
    group: str, whole: float, without: float, shown: tuple[FeatureValue, ...]
) -> Contribution:
    return Contribution(group, GROUPS[group], _log_odds(whole) - _log_odds(without), without, shown)


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, _LEAST), 1 - _LEAST)
    return float(np.log(bounded) - np.log1p(-bounded))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, tuple | list) else value
