"""The error on a site's pages by how many of its other pages were labelled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segmenter.correction import Correction
from segmenter.training.adapt import fit_correction
from segmenter.training.gate import compare
from segmenter.training.replay import TokenPage
from segmenter.types import FloatArray

__all__ = ["Draw", "Point", "SiteCurve", "macro_f1", "mean_curve", "site_curves", "with_correction"]


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """Pages of a site, some to label and others to score.

    Attributes:
        labelled: in the order in which they are labelled.
        test: the site's other pages.
    """

    labelled: Sequence[TokenPage]
    test: Sequence[TokenPage]


@dataclass(frozen=True, slots=True, eq=False)
class SiteCurve:
    """One site, mean over its draws.

    Attributes:
        error: shape (counts,), 1 - macro F1 on the other pages.
        base_loss: shape (counts,), macro F1 that the base's held-back pages lose.
    """

    error: FloatArray
    base_loss: FloatArray

    @property
    def fall(self) -> FloatArray:
        """Shape (counts,), share of the error without labels that is gone."""
        result: FloatArray = 1 - self.error / self.error[0]
        return result


@dataclass(frozen=True, slots=True)
class Point:
    """With so many labelled pages of a site.

    Attributes:
        error: 1 - macro F1 on the site's other pages, mean over sites.
        fall: share of the error without labels that is gone, mean over sites.
        least_fall: of the site where it is least.
        base_loss: macro F1 that the base's held-back pages lose, mean over sites.
        most_base_loss: of the site where it is most.
    """

    pages: int
    error: float
    fall: float
    least_fall: float
    base_loss: float
    most_base_loss: float


def site_curves(
    sites: Mapping[str, Sequence[Draw]],
    counts: Sequence[int],
    replay: Sequence[TokenPage],
    report: Callable[[str], None],
) -> dict[str, SiteCurve]:
    """Adapt to the first pages of each draw, score on its test pages.

    Args:
        sites: draws of each site, with as many pages to label as the largest count.
        counts: of labelled pages, ascending from 0.
        replay: the base's pages.
        report: is told of each site.
    """
    rehearsed = [page for page in replay if page.inputs is None]
    held_back = [page for page in replay if page.inputs is not None]
    base_f1 = macro_f1(held_back, _without_correction(held_back))
    result = {}
    for site, draws in sites.items():
        error, loss = np.zeros((2, len(draws), len(counts)))
        for number, draw in enumerate(draws):
            error[number, 0] = 1 - macro_f1(draw.test, _without_correction(draw.test))
            for place, count in enumerate(counts[1:], start=1):
                correction = fit_correction(draw.labelled[:count], rehearsed, lambda: None)
                after = with_correction(correction, draw.test)
                error[number, place] = 1 - macro_f1(draw.test, after)
                after = with_correction(correction, held_back)
                loss[number, place] = base_f1 - macro_f1(held_back, after)
        result[site] = SiteCurve(error.mean(axis=0), loss.mean(axis=0))
        report(f"{site}: error {np.round(result[site].error, 3)}")
    return result


def mean_curve(curves: Mapping[str, SiteCurve], counts: Sequence[int]) -> list[Point]:
    """Over sites."""
    errors = np.array([curve.error for curve in curves.values()])
    falls = np.array([curve.fall for curve in curves.values()])
    losses = np.array([curve.base_loss for curve in curves.values()])
    return [
        Point(
            count,
            float(errors[:, place].mean()),
            float(falls[:, place].mean()),
            float(falls[:, place].min()),
            float(losses[:, place].mean()),
            float(losses[:, place].max()),
        )
        for place, count in enumerate(counts)
    ]


def with_correction(correction: Correction, pages: Sequence[TokenPage]) -> list[FloatArray]:
    """Probabilities of each page's blocks, corrected.

    Raises:
        ValueError: a page has no ``inputs``.
    """
    result = []
    for page in pages:
        if page.inputs is None:
            raise ValueError("a page that is only rehearsed can't be scored")
        result.append(
            correction.applied_to_tokens(page.log_p, page.text, page.structure, page.inputs)
        )
    return result


def macro_f1(pages: Sequence[TokenPage], probabilities: Sequence[FloatArray]) -> float:
    """Mean F1 of the labels that occur in the pages."""
    return compare(pages, probabilities, probabilities).macro_f1.active


def _without_correction(pages: Sequence[TokenPage]) -> list[FloatArray]:
    return [np.exp(page.log_p) for page in pages]
