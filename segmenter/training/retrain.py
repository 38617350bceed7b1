"""Retrain: a user's labelled pages and the base model to a new version, compared and judged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal

import numpy as np

from segmenter.classifier import BlockClassifier
from segmenter.correction import Correction
from segmenter.errors import InputError
from segmenter.labels.pages import labelled_page
from segmenter.labels.records import LabelRecord
from segmenter.model_package import Model, load_model, read_manifest, read_replay
from segmenter.registry.versions import Registry
from segmenter.training.adapt import fit_correction
from segmenter.training.changes import PageChange, changed_pages
from segmenter.training.corpora import LabelledPage
from segmenter.training.dataset import folds_by_site, measured_pages
from segmenter.training.gate import Comparison, Thresholds, Verdict, compare, judge
from segmenter.training.replay import TokenPage, token_page, unpack_replay
from segmenter.training.retrain_card import adapted_card
from segmenter.types import FloatArray, InputKind, IntArray

__all__ = ["KindReport", "Outcome", "Promote", "Report", "retrain"]

Promote = Literal["never", "gate", "always"]
Report = Callable[[str, float], None]
"""Is told what is being done and how much is done, 0 to 1; what it raises ends the run."""

_FOLDS: Final = 5
_FEWER_FOLDS: Final = 3
_MANY_PAGES: Final = 100
_KINDS: Final[tuple[InputKind, ...]] = ("text", "html")


@dataclass(frozen=True, slots=True)
class KindReport:
    """How candidate and active model compare on one kind of input.

    Attributes:
        pages, sites: of the user, with a known label.
        compared: how the pages were split, in words.
        by_page: each page predicted without itself; ``None`` where there are too few pages.
        by_site: each page predicted without its site; ``None`` for one site.
        base: the base's held-back pages.
    """

    pages: int
    sites: int
    compared: str
    by_page: Comparison | None
    by_site: Comparison | None
    base: Comparison
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        version: name of the new version.
        active: the version that it was compared with.
        promoted: whether it is active now.
        reason: why, or why not, in words.
        kinds: the comparisons.
        changes: for each kind of input the pages that get other labels, each predicted without
            itself. They hold text of the pages, so the version's manifest does not have them.
        unused: ids of labelled pages without a block whose label is known.
    """

    version: str
    active: str
    promoted: bool
    reason: str
    kinds: Mapping[InputKind, KindReport]
    changes: Mapping[InputKind, tuple[PageChange, ...]]
    unused: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class _Material:
    """One kind of input: the user's pages and the base's.

    Attributes:
        labelled, user: the same pages.
        active: the active model's probabilities on them.
        seen: shape (pages,), whether the active model was fitted to them.
    """

    labelled: Sequence[LabelledPage]
    user: Sequence[TokenPage]
    active: Sequence[FloatArray]
    seen: np.ndarray
    rehearsed: Sequence[TokenPage]
    held_back: Sequence[TokenPage]


def retrain(
    records: Sequence[LabelRecord],
    registry: Registry,
    *,
    promote: Promote = "gate",
    thresholds: Thresholds = Thresholds(),  # noqa: B008 - frozen
    seed: int = 0,
    report: Report = lambda _step, _done: None,
) -> Outcome:
    """Adapt the base to all labelled records, compare with the active version, add a version.

    Raises:
        InputError: no record has a block with a known label.
        ModelError: the base or the active model can't be used.
    """
    report("loading the models", 0.0)
    active = registry.active()
    base = load_model(registry.base)
    now = base if active.version == base.id.version else registry.load(active.version)
    seen = read_manifest(registry.path(active.version)).corpora
    replay = unpack_replay(read_replay(registry.base))
    labelled = [labelled_page(record) for record in records if record.blocks]
    used = [page for page in labelled if page.weight.any()]
    if not used:
        raise InputError("there is nothing to train on: no page has a block with a known label")
    digests = {record.id: _digest(record) for record in records}
    materials: dict[InputKind, _Material] = {}
    for kind in _KINDS:
        pages = [page for page in used if page.page.input == kind]
        if pages:
            report(f"{kind}: measuring {len(pages):,} pages", 0.02)
            fresh = np.array([seen.get(_key(page)) != digests[page.id] for page in pages])
            materials[kind] = _material(pages, kind, base, now, ~fresh, replay.get(kind, []))
    kinds: dict[InputKind, KindReport] = {}
    changes: dict[InputKind, tuple[PageChange, ...]] = {}
    classifiers: dict[InputKind, BlockClassifier] = dict(base.classifiers)
    for place, (kind, material) in enumerate(materials.items()):
        part = _Part(kind, place / len(materials), 1 / len(materials), report)
        correction, kinds[kind], changes[kind] = _adapted(material, thresholds, seed, part)
        classifiers[kind] = replace(base.classifiers[kind], correction=correction)
    verdict = _overall(kinds)
    unused = tuple(page.id for page in labelled if not page.weight.any())
    report("writing the version", 0.97)
    describe = _describe(registry, base, used, digests, seed, kinds, verdict)
    version = registry.add(
        classifiers, describe, lambda name: adapted_card(name, base.id, describe["metrics"])
    )
    wanted = promote == "always" or (promote == "gate" and verdict.passed)
    if wanted:
        registry.promote(version.name, verdict.reason if verdict.passed else "asked for")
    report("done", 1.0)
    reason = verdict.reason if promote != "never" else f"not asked to promote; {verdict.reason}"
    return Outcome(version.name, active.version, wanted, reason, kinds, changes, unused)


@dataclass(frozen=True, slots=True)
class _Part:
    """The part of a run that one kind of input takes."""

    kind: InputKind
    start: float
    share: float
    report: Report

    def told(self, step: str, done: float) -> None:
        self.report(f"{self.kind}: {step}", 0.05 + 0.9 * (self.start + self.share * done))


def _material(  # noqa: PLR0917
    pages: Sequence[LabelledPage],
    kind: InputKind,
    base: Model,
    now: Model,
    seen: np.ndarray,
    replay: Sequence[TokenPage],
) -> _Material:
    measured = list(measured_pages(pages, kind, 0))
    return _Material(
        labelled=pages,
        user=[token_page(page, base.classifiers[kind]) for page in measured],
        active=[now.classifiers[kind].probabilities(page.features) for page in measured],
        seen=seen,
        rehearsed=[page for page in replay if page.inputs is None],
        held_back=[page for page in replay if page.inputs is not None],
    )


def _adapted(
    material: _Material, thresholds: Thresholds, seed: int, part: _Part
) -> tuple[Correction, KindReport, tuple[PageChange, ...]]:
    """The correction by all of the user's pages, how it compares and what it changes."""
    sites = {page.site for page in material.labelled}
    plans = _plans(material, len(sites), seed)
    fits = 1 + sum(len(set(folds.tolist())) for folds in plans.values())
    done = 0

    def fit(pages: Sequence[TokenPage], step: str) -> Correction:
        nonlocal done
        share = done / fits
        done += 1
        return fit_correction(pages, material.rehearsed, lambda: part.told(step, share))

    compared: dict[str, Comparison] = {}
    changes: tuple[PageChange, ...] = ()
    unseen, split = _unseen(material, thresholds)
    for name, folds in plans.items():
        found = _out_of_fold(material, folds, partial(fit, step=f"split by {name}"))
        compared[name] = compare(
            [material.user[i] for i in unseen],
            [material.active[i] for i in unseen],
            [found[i] for i in unseen],
            seed,
        )
        if name == "page":
            changes = changed_pages(material.labelled, material.user, material.active, found)
    correction = fit(material.user, "fitting to all pages")
    base = _on_base(material.held_back, correction)
    by_page, by_site = compared.get("page"), compared.get("site")
    verdict = judge(by_page, by_site, base, thresholds)
    if len(sites) == 1:
        split = f"one site only, so split by page; {split}"
    report = KindReport(len(material.user), len(sites), split, by_page, by_site, base, verdict)
    return correction, report, changes


def _plans(material: _Material, sites: int, seed: int) -> dict[str, IntArray]:
    """The fold of each page: split by page, and where there is more than one, by site."""
    count = len(material.user)
    most = _FOLDS if count <= _MANY_PAGES else _FEWER_FOLDS
    plans: dict[str, IntArray] = {}
    if count > 1:
        # Pages of one site next to each other, so that each fold has some of every site.
        rng = np.random.default_rng(seed)
        names = [page.site for page in material.labelled]
        order = sorted(range(count), key=lambda i: (names[i], rng.random()))
        folds = np.empty(count, dtype=np.int64)
        folds[order] = np.arange(count) % min(most, count)
        plans["page"] = folds
    if sites > 1:
        of_site = folds_by_site(material.labelled, min(most, sites), seed)
        plans["site"] = np.array([of_site[page.site] for page in material.labelled])
    return plans


def _unseen(material: _Material, thresholds: Thresholds) -> tuple[list[int], str]:
    """Which pages to compare on: those that the active model was not fitted to, if enough."""
    fresh = np.flatnonzero(~material.seen).tolist()
    if material.seen.any() and len(fresh) >= thresholds.pages:
        return fresh, f"compared on the {len(fresh)} pages that the active model was not fitted to"
    if material.seen.any():
        return list(range(len(material.user))), "the active model was fitted to some of the pages"
    return fresh, "the active model was fitted to none of the pages"


def _out_of_fold(
    material: _Material, folds: IntArray, fit: Callable[[Sequence[TokenPage]], Correction]
) -> dict[int, FloatArray]:
    """The probabilities of each page by a correction that was fitted without its fold."""
    result: dict[int, FloatArray] = {}
    for fold in sorted(set(folds.tolist())):
        inside = [material.user[i] for i in np.flatnonzero(folds != fold).tolist()]
        correction = fit(inside)
        for index in np.flatnonzero(folds == fold).tolist():
            result[index] = _corrected(correction, material.user[index])
    return result


def _on_base(pages: Sequence[TokenPage], candidate: Correction) -> Comparison:
    """The candidate beside the base itself, so that small losses can't add up from run to run."""
    before = [np.exp(page.log_p) for page in pages]
    return compare(pages, before, [_corrected(candidate, page) for page in pages])


def _corrected(correction: Correction, page: TokenPage) -> FloatArray:
    assert page.inputs is not None
    return correction.applied_to_tokens(page.log_p, page.text, page.structure, page.inputs)


def _overall(kinds: Mapping[InputKind, KindReport]) -> Verdict:
    """All kinds of input together: each must pass."""
    failed = [kind for kind, report in kinds.items() if not report.verdict.passed]
    told = "; ".join(f"{kind}: {kinds[kind].verdict.reason}" for kind in failed or kinds)
    return Verdict(not failed, told)


def _describe(  # noqa: PLR0917
    registry: Registry,
    base: Model,
    pages: Sequence[LabelledPage],
    digests: Mapping[str, str],
    seed: int,
    kinds: Mapping[InputKind, KindReport],
    verdict: Verdict,
) -> dict[str, Any]:
    manifest = read_manifest(registry.base)
    return {
        "name": manifest.name,
        "created": datetime.now(UTC).date().isoformat(),
        "corpora": {**manifest.corpora, **{_key(page): digests[page.id] for page in pages}},
        "split": "by page, and by site where there is more than one",
        "seed": seed,
        "metrics": {
            "base": base.id.version,
            "passed": verdict.passed,
            "reason": verdict.reason,
            "kinds": {kind: asdict(report) for kind, report in kinds.items()},
        },
    }


def _key(page: LabelledPage) -> str:
    return f"page {page.id}"


def _digest(record: LabelRecord) -> str:
    return hashlib.sha256(record.content.encode("utf-8")).hexdigest()
