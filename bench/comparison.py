"""All contenders over the same pages, chunk by chunk in turn, as ratios within each pass."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.contenders import PARSER, REFERENCE, Contender
from bench.spread import Spread
from segmenter.html import split_html

__all__ = ["CHUNK", "Comparison", "Row", "compare", "raw_texts"]

CHUNK: Final = 32


@dataclass(frozen=True, slots=True)
class Row:
    """One contender's result.

    Attributes:
        milliseconds: mean for a page, in each pass.
        to_reference, to_parser: its time over theirs on the same pages of the same pass.
        pages: pages it ran on in each pass.
        failed: pages of a pass on which it raised.
    """

    title: str
    milliseconds: Spread
    to_reference: Spread
    to_parser: Spread
    pages: int
    failed: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Results by the contenders' names."""

    passes: int
    rows: Mapping[str, Row]


def raw_texts(pages: Sequence[str]) -> list[str]:
    """The visible text of HTML pages, one block a line."""
    return [split_html(page).text for page in pages]


def compare(
    contenders: Sequence[Contender], pages: Sequence[str], texts: Sequence[str], passes: int
) -> Comparison:
    """Time the contenders on pages, given as HTML and as their raw texts.

    They take turns at every chunk of pages, so that what slows the machine down for a while slows
    all of them, and another one is first each time.
    """
    content = {"html": pages, "text": texts}
    chunks = [slice(start, start + CHUNK) for start in range(0, len(pages), CHUNK)]
    seconds = np.full((len(contenders), passes, len(chunks)), np.nan)
    failed = np.zeros((len(contenders), passes), dtype=np.int64)
    for contender in contenders:
        contender.run(content[contender.takes][:4])
    for turn in range(passes):
        for place, chunk in enumerate(chunks):
            for step in range(len(contenders)):
                index = (step + place + turn) % len(contenders)
                contender = contenders[index]
                if place % contender.every:
                    continue
                gc.collect()
                start = time.perf_counter()
                failed[index, turn] += contender.run(content[contender.takes][chunk])
                seconds[index, turn, place] = time.perf_counter() - start
    sizes = np.array([len(pages[chunk]) for chunk in chunks])
    return Comparison(passes, _rows(contenders, seconds, failed, sizes))


def _rows(
    contenders: Sequence[Contender],
    seconds: NDArray[np.float64],
    failed: NDArray[np.int64],
    sizes: NDArray[np.int64],
) -> dict[str, Row]:
    names = [contender.name for contender in contenders]
    reference, parser = seconds[names.index(REFERENCE)], seconds[names.index(PARSER)]
    rows: dict[str, Row] = {}
    for index, contender in enumerate(contenders):
        ran = slice(None, None, contender.every)
        total = seconds[index][:, ran].sum(axis=1)
        count = int(sizes[ran].sum())
        rows[contender.name] = Row(
            title=contender.title,
            milliseconds=Spread.of((total / count * 1e3).tolist()),
            to_reference=Spread.of((total / reference[:, ran].sum(axis=1)).tolist()),
            to_parser=Spread.of((total / parser[:, ran].sum(axis=1)).tolist()),
            pages=count,
            failed=int(failed[index].max()),
        )
    return rows
