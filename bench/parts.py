"""What the larger stages spend their time on."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from statistics import mean
from typing import Any, Final
from unittest.mock import patch

import segmenter.classifier
import segmenter.features
import segmenter.html
from bench.stages import stage_times
from segmenter.features import PageFeatures
from segmenter.features.structure import MarkupScorer, MarkupTokens
from segmenter.model_package import Model
from segmenter.network import Network
from segmenter.types import InputKind

__all__ = ["PartTimes", "part_times"]

PartTimes = Mapping[str, Mapping[str, float]]
"""Mean milliseconds for a page, by stage and part; ``rest`` is what no other part is."""

# One part may be several functions; none of them calls another one.
_PARTS: Final[Mapping[str, Mapping[str, Sequence[tuple[Any, str]]]]] = {
    "split": {
        "guards against markup that stalls a parser": [(segmenter.html, "check_markup")],
        "Lexbor's parse": [(segmenter.html, "LexborHTMLParser")],
        "walk over all nodes": [(segmenter.html._Walk, "run")],
    },
    "features": {
        "code points, hashes of words": [
            (segmenter.features.cp, "code_points"),
            (segmenter.features.cp, "kinds"),
            (segmenter.features, "hash_words"),
        ],
        "repetition": [(segmenter.features.repetition, "repetition_features")],
        "neighbours": [(segmenter.features.context, "Context")],
        "tree of the markup": [(segmenter.features, "_markup_features")],
    },
    "classifier": {
        "features as a matrix": [(PageFeatures, "rows")],
        "words looked up": [(segmenter.classifier, "text_scores")],
        "markup looked up": [(MarkupTokens, "scorer"), (MarkupScorer, "scores")],
        "headline candidates compared": [(segmenter.classifier, "similarity_columns")],
        "network, first layer": [(Network, "projected")],
        "network, other layers": [(Network, "finished")],
    },
}


def part_times(model: Model, pages: Sequence[str], kind: InputKind, passes: int) -> PartTimes:
    """Take pages through the stages with a clock at each part."""
    seconds = {stage: dict.fromkeys(parts, 0.0) for stage, parts in _PARTS.items()}
    with _clocks(seconds):
        runs = [stage_times(model, pages, kind, 1) for _ in range(passes)]
    result: dict[str, dict[str, float]] = {}
    for stage, parts in seconds.items():
        whole = mean(run.milliseconds[stage].median for run in runs)
        found = {
            name: spent / (passes * len(pages)) * 1e3 for name, spent in parts.items() if spent
        }
        result[stage] = {**found, "rest": whole - sum(found.values())}
    return result


@contextmanager
def _clocks(seconds: dict[str, dict[str, float]]) -> Iterator[None]:
    with ExitStack() as stack:
        for stage, parts in _PARTS.items():
            for part, functions in parts.items():
                for owner, name in functions:
                    timed = _timed(getattr(owner, name), seconds[stage], part)
                    stack.enter_context(patch.object(owner, name, timed))
        yield


def _timed(function: Callable[..., Any], spent: dict[str, float], part: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*args: Any, **options: Any) -> Any:
        start = time.perf_counter()
        result = function(*args, **options)
        spent[part] += time.perf_counter() - start
        return result

    return run
