"""Fit what a site profile adds to a classifier (see ``segmenter.profiles.memory``).

A multinomial logistic regression with the log probabilities as offset and an L2 penalty. Its
examples are pages that were predicted by a model which had not seen their sites, each with some of
its site's other pages seen. Gold and main text teach together: the loss is minus the log of the
probability of the labels that a block may have. That a block stands on other pages may speak for
boilerplate, teaser, comment or headline_fragment against body, but never for body against them:
the listing pages in the corpora, whose goods come again, would teach that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize

from segmenter.correction import log_probabilities
from segmenter.profiles.address import page_address
from segmenter.profiles.fingerprints import Fingerprints, content_digest, page_fingerprints
from segmenter.profiles.memory import MEMORY_NAMES, SiteMemory, memory_features
from segmenter.profiles.profile import Seen, packed
from segmenter.profiles.sample import PageSample, SampledPage
from segmenter.training.corpora import LabelledPage
from segmenter.training.dataset import in_form
from segmenter.training.scoring import Prediction
from segmenter.types import LABELS, FloatArray, InputKind

__all__ = ["FORMS_OF_KIND", "PAGES_SEEN", "SitePages", "examples_of", "fit_memories", "fit_memory"]

PAGES_SEEN: Final = (1, 2, 5, 10, 50)
"""Other pages of its site that an example has seen, where there are so many."""
FORMS_OF_KIND: Final[Mapping[InputKind, str]] = {"html": "html", "text": "lines"}
_LEAST_EXAMPLES: Final = 100
_PENALTY: Final = 1e-4
_ITERATIONS: Final = 200
# Main text says little of what is not body, and its corpora differ in what they count as body.
_MAIN_TEXT_WEIGHT: Final = 0.1
_NEVER_LESS: Final = ("headline_fragment", "comment", "teaser", "boilerplate")
_LONGEST: Final = 12.0
_WIDTH: Final = len(LABELS)


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A page of n blocks with some of its site's other pages seen.

    Attributes:
        features: shape (n, len(MEMORY_NAMES)).
        log_p: shape (n, 9), the classifier's.
        allowed: shape (n, 9), which labels each block may have.
        weight: shape (n,).
    """

    features: FloatArray
    log_p: FloatArray
    allowed: np.ndarray
    weight: FloatArray


class SitePages:
    """The pages of each site in one form, as a profile would have met them."""

    def __init__(self, pages: Iterable[LabelledPage]) -> None:
        found: dict[str, dict[int, SampledPage]] = defaultdict(dict)
        for page in pages:
            address = page_address(page.url)
            if address is None or not len(page.page):
                continue
            distinct = page_fingerprints(page.page).distinct()
            digest = content_digest(distinct)
            # What stands at several addresses is one page.
            if all(other.digest != digest for other in found[address.site].values()):
                prints = distinct.astype("<u4").tobytes()
                found[address.site][address.key] = SampledPage(address.key, digest, prints)
        self._sites = {site: sorted(pages.values()) for site, pages in found.items()}

    def seen(self, url: str | None, blocks: Fingerprints, count: int) -> Seen | None:
        """What ``count`` other pages of its site say of a page; ``None`` if there are fewer."""
        others = self._others(url, blocks)
        return None if len(others) < count else _seen(url, blocks, others[:count])

    def seen_by_all(self, url: str | None, blocks: Fingerprints) -> Seen | None:
        """What all other pages of its site say of a page; ``None`` if there are none."""
        return _seen(url, blocks, self._others(url, blocks))

    def _others(self, url: str | None, blocks: Fingerprints) -> list[SampledPage]:
        address = page_address(url)
        if address is None:
            return []
        own = content_digest(blocks.distinct())
        pages = self._sites.get(address.site, [])
        return [page for page in pages if page.key != address.key and page.digest != own]


def _seen(url: str | None, blocks: Fingerprints, others: Sequence[SampledPage]) -> Seen | None:
    address, sample = page_address(url), PageSample()
    if address is None:
        return None
    for page in others:
        sample.add(address.site, page)
    return packed(sample).seen(url, blocks)


def site_pages(
    predictions: Iterable[Prediction], unlabelled: Iterable[LabelledPage], form: str
) -> SitePages:
    """All pages of the sites in one form, those without labels or predictions included."""
    pages = [p.labelled for p in predictions if p.form == form]
    for number, page in enumerate(unlabelled):
        rng = np.random.default_rng(number)
        pages.append(page if form == "html" else in_form(page, form, rng))
    return SitePages(pages)


def examples_of(prediction: Prediction, pages: SitePages) -> Iterator[Example]:
    """A predicted page with 1, 2, 5 … other pages seen, together of the weight of one page."""
    labelled = prediction.labelled
    blocks = page_fingerprints(labelled.page)
    met = [pages.seen(labelled.url, blocks, count) for count in PAGES_SEEN]
    known = [seen for seen in met if seen is not None]
    weight = labelled.weight * np.minimum(np.sqrt(1 + prediction.words), _LONGEST)
    weight /= max(float(np.sqrt(weight.sum())), 1.0)
    if labelled.gold is None:
        weight *= _MAIN_TEXT_WEIGHT
    allowed = (labelled.allowed[:, None] & (1 << np.arange(_WIDTH))) > 0
    for seen in known:
        yield Example(
            memory_features(seen, prediction.words),
            log_probabilities(prediction.probabilities),
            allowed,
            (weight / len(known)).astype(np.float32),
        )


def fit_memories(
    predictions: Sequence[Prediction], unlabelled: Sequence[LabelledPage]
) -> dict[InputKind, SiteMemory]:
    """For each kind of input, fitted on all pages; none where too few pages share a site.

    Args:
        predictions: by models that had not seen the pages' sites.
        unlabelled: other pages of the sites.
    """
    result: dict[InputKind, SiteMemory] = {}
    for kind, form in FORMS_OF_KIND.items():
        pages = site_pages(predictions, unlabelled, form)
        own = [p for p in predictions if p.form == form]
        examples = [example for p in own for example in examples_of(p, pages)]
        if len(examples) >= _LEAST_EXAMPLES:
            result[kind] = fit_memory(examples)
    return result


def fit_memory(examples: Sequence[Example]) -> SiteMemory:
    """Fit to at least one example."""
    features = np.concatenate([e.features for e in examples])
    # Nothing is added to the other blocks, whatever the weights.
    rows = features.any(axis=1)
    features = features[rows]
    offset = np.concatenate([e.log_p for e in examples])[rows]
    allowed = np.concatenate([e.allowed for e in examples])[rows]
    weight = np.concatenate([e.weight for e in examples])[rows, None]
    weight /= max(float(weight.sum()), 1e-9)
    shape = (len(MEMORY_NAMES), _WIDTH)

    def loss(values: FloatArray) -> tuple[float, FloatArray]:
        logits = offset + features @ values.reshape(shape).astype(np.float32)
        exponent = np.exp(logits - logits.max(axis=1, keepdims=True))
        probability = exponent / exponent.sum(axis=1, keepdims=True)
        inside = np.where(allowed, probability, 0)
        right = np.maximum(inside.sum(axis=1, keepdims=True), 1e-12)
        slope = features.T @ ((probability - inside / right) * weight)
        value = -float((weight * np.log(right)).sum()) + _PENALTY * float((values**2).sum())
        return value, slope.ravel().astype(np.float64) + 2 * _PENALTY * values

    found = minimize(
        loss,
        np.zeros(shape[0] * shape[1]),
        jac=True,
        method="L-BFGS-B",
        bounds=[_bounds(label) for _ in MEMORY_NAMES for label in LABELS],
        options={"maxiter": _ITERATIONS},
    )
    return SiteMemory(found.x.reshape(shape).astype(np.float32))


def _bounds(label: str) -> tuple[float | None, float | None]:
    """Of a weight; all are measured against those of body."""
    if label == "body":
        return 0.0, 0.0
    return (0.0 if label in _NEVER_LESS else None), None
