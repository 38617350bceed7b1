"""Where a page's time goes, stage by stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from bench.spread import Spread
from segmenter.decoding import decode_html, decode_text
from segmenter.features import page_features
from segmenter.html import split_html
from segmenter.language import page_language
from segmenter.model_package import Model
from segmenter.sequence import decide
from segmenter.text import split_text
from segmenter.types import InputKind, Segmentation

__all__ = ["STAGES", "StageTimes", "stage_times"]

STAGES: Final = ("decode", "split", "features", "classifier", "decide", "language", "assemble")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class StageTimes:
    """Mean milliseconds for a page, by stage, over the passes.

    Attributes:
        pages: how many there were.
    """

    milliseconds: Mapping[str, Spread]
    pages: int


def stage_times(model: Model, pages: Sequence[str], kind: InputKind, passes: int) -> StageTimes:
    """Take pages of one kind through the stages one by one.

    ``decode`` takes UTF-8 bytes; ``assemble`` makes the answer with every block as JSON values.
    Pages without a block are passed over.
    """
    encoded = [page.encode("utf-8", "replace") for page in pages]
    sums = np.zeros((passes, len(STAGES)))
    for turn in range(passes):
        for data in encoded:
            clock = _Clock()
            _one_page(model, data, kind, clock)
            sums[turn] += [clock.seconds.get(stage, 0.0) for stage in STAGES]
    means = sums / len(pages) * 1e3
    return StageTimes(
        milliseconds={
            stage: Spread.of(means[:, index].tolist()) for index, stage in enumerate(STAGES)
        },
        pages=len(pages),
    )


class _Clock:
    """Runs steps and remembers how long each took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, stage: str, step: Callable[[], Result]) -> Result:
        start = time.perf_counter()
        result = step()
        self.seconds[stage] = time.perf_counter() - start
        return result


def _one_page(model: Model, data: bytes, kind: InputKind, clock: _Clock) -> None:
    decode, split = (decode_html, split_html) if kind == "html" else (decode_text, split_text)
    text = clock.time("decode", lambda: decode(data))
    page = clock.time("split", lambda: split(text))
    if not len(page):
        return
    features = clock.time("features", lambda: page_features(page))
    classifier = model.classifiers[kind]
    probabilities = clock.time("classifier", lambda: classifier.probabilities(features))
    counts = features.words.counts
    labels, confidence = clock.time("decide", lambda: decide(probabilities, counts))
    declared = page.markup.language if page.markup is not None else ""
    longest = max(page.block_texts(), key=len)
    language = clock.time("language", lambda: page_language(longest, declared))
    clock.time(
        "assemble",
        lambda: Segmentation(page, labels, probabilities, confidence, language, model.id).to_dict(),
    )
