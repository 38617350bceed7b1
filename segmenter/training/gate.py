"""Is a candidate better? Paired comparison with intervals, and the verdict in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segmenter.sequence import decide
from segmenter.training.replay import TokenPage
from segmenter.types import LABELS, FloatArray, IntArray

__all__ = ["Comparison", "Scores", "Thresholds", "Verdict", "compare", "judge"]

_ROUNDS: Final = 1000
_INTERVAL: Final = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Scores:
    """One figure of both models, over the same pages.

    Attributes:
        active, candidate: 0 to 1.
        difference: candidate minus active.
        low, high: 95 % interval of the difference, by resampling pages.
    """

    active: float
    candidate: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Candidate and active model on pages that neither was fitted to.

    Attributes:
        pages, blocks: with a known label.
        macro_f1: mean F1 over the labels that occur in these pages; words decide.
        labels: F1 of each label that occurs; ``body`` among them.
        confusion: words by known label (row) and given label (column), both in the order of
            ``LABELS``, of the model ``active`` and of the ``candidate``.
    """

    pages: int
    blocks: int
    macro_f1: Scores
    labels: Mapping[str, Scores]
    confusion: Mapping[str, tuple[tuple[int, ...], ...]]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What the gate asks for.

    Attributes:
        base_loss: macro F1 that the base's held-back pages may lose at most.
        user_gain: macro F1 that the user's pages must gain; the low end of the interval counts.
        pages: of the user's at least, with a known label.
    """

    base_loss: float = 0.005
    user_gain: float = 0.0
    pages: int = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the gate lets a candidate through, and why."""

    passed: bool
    reason: str


def compare(
    pages: Sequence[TokenPage],
    active: Sequence[FloatArray],
    candidate: Sequence[FloatArray],
    seed: int = 0,
) -> Comparison:
    """Compare the probabilities of two models, each of shape (n, 9) for each page."""
    before, after = _confusions(pages, active), _confusions(pages, candidate)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(pages), np.full(len(pages), 1 / len(pages)), size=_ROUNDS)
    occurs = np.flatnonzero(before.sum(axis=0).reshape(len(LABELS), -1).sum(axis=1))
    f1 = {
        "active": (_f1(before.sum(axis=0)), _f1(drawn @ before)),
        "candidate": (_f1(after.sum(axis=0)), _f1(drawn @ after)),
    }

    def scores(chosen: IntArray) -> Scores:
        whole = {name: float(values[0][chosen].mean()) for name, values in f1.items()}
        rounds = {name: values[1][:, chosen].mean(axis=1) for name, values in f1.items()}
        low, high = np.quantile(rounds["candidate"] - rounds["active"], _INTERVAL).tolist()
        return Scores(**whole, difference=whole["candidate"] - whole["active"], low=low, high=high)

    return Comparison(
        pages=len(pages),
        blocks=sum(int((_known(page) >= 0).sum()) for page in pages),
        macro_f1=scores(occurs),
        labels={LABELS[label]: scores(np.array([label])) for label in occurs.tolist()},
        confusion={"active": _matrix(before), "candidate": _matrix(after)},
    )


def judge(
    by_page: Comparison | None,
    by_site: Comparison | None,
    base: Comparison,
    thresholds: Thresholds,
) -> Verdict:
    """The gate.

    Args:
        by_page: on the user's pages, each predicted without itself; ``None`` for too few.
        by_site: on the user's pages, each predicted without its site; ``None`` for one site.
        base: on the base's held-back pages.
    """
    if by_page is None or by_page.pages < thresholds.pages:
        have = 0 if by_page is None else by_page.pages
        return Verdict(
            False, f"{have} pages are too few to compare on; at least {thresholds.pages} are needed"
        )
    gain, loss = by_page.macro_f1, -base.macro_f1.difference
    shown = f"macro F1 {gain.active:.3f} to {gain.candidate:.3f}"
    if loss > thresholds.base_loss:
        return Verdict(
            False,
            f"the base's held-back pages lose {loss:.4f} macro F1, over the {thresholds.base_loss} "
            f"that are allowed ({shown} on your pages)",
        )
    if gain.low <= thresholds.user_gain:
        return Verdict(
            False,
            f"it is not surely better on your pages: {shown}, the interval of the gain begins at "
            f"{gain.low:.4f} and must be over {thresholds.user_gain}",
        )
    if by_site is not None and by_site.macro_f1.high < 0:
        worse = by_site.macro_f1
        return Verdict(
            False,
            f"it is worse on sites that it was not trained on: macro F1 {worse.active:.3f} to "
            f"{worse.candidate:.3f} ({shown} where it was)",
        )
    return Verdict(
        True,
        f"better on your pages ({shown}), and the base's held-back pages lose "
        f"{max(loss, 0):.4f} macro F1",
    )


def _confusions(pages: Sequence[TokenPage], probabilities: Sequence[FloatArray]) -> FloatArray:
    """Shape (pages, 81): words by known label (row) and given label, of each page."""
    result = np.zeros((len(pages), len(LABELS), len(LABELS)))
    for place, (page, rows) in enumerate(zip(pages, probabilities, strict=True)):
        given, _ = decide(rows, page.words)
        known = _known(page)
        sure = known >= 0
        np.add.at(result[place], (known[sure], given[sure]), page.words[sure])
    return result.reshape(len(pages), -1)


def _matrix(flat: FloatArray) -> tuple[tuple[int, ...], ...]:
    """Whole words, of all pages together."""
    rows = flat.sum(axis=0).reshape(len(LABELS), -1).astype(np.int64).tolist()
    return tuple(map(tuple, rows))


def _known(page: TokenPage) -> IntArray:
    """Shape (n,): the label of each block that is known exactly, else -1."""
    exact = (page.allowed & (page.allowed - 1)) == 0
    return np.where(exact, np.log2(np.maximum(page.allowed, 1)).astype(np.int64), -1)


def _f1(flat: FloatArray) -> FloatArray:
    """Shape (…, 9) by confusions of shape (…, 81); 1 for a label that neither has nor is given."""
    confusion = flat.reshape(*flat.shape[:-1], len(LABELS), len(LABELS))
    total = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    right = np.einsum("...ii->...i", confusion)
    return np.where(total > 0, 2 * right / np.maximum(total, 1), 1.0)
