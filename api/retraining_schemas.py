"""Requests and answers of labels, training runs and models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal

from api.schemas import Check, json_object, parse_query
from api.store.labels import Revision, StoredPage
from api.store.runs import Run
from segmenter.labels.suggestions import Suggestion
from segmenter.registry.versions import Active, Version
from segmenter.types import ModelId

__all__ = [
    "ListQuery",
    "PruneRequest",
    "PutAnswer",
    "SwitchRequest",
    "TrainingRequest",
    "active_answer",
    "page_answer",
    "run_answer",
    "suggestion_answer",
    "version_answer",
]

_PROMOTE: Final = ("never", "gate", "always")
_MOST_LISTED: Final = 1_000
_REASON_LENGTH: Final = 500


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """Options of a training run.

    Attributes:
        promote: make the new version active: never, if the gate lets it through, or always.
        base_loss: macro F1 that the base's held-back pages may lose.
        user_gain: macro F1 that the user's pages must gain.
        seed: of all that is random.
    """

    promote: Literal["never", "gate", "always"] = "gate"
    base_loss: float = 0.005
    user_gain: float = 0.0
    seed: int = 0

    @classmethod
    def from_json(cls, body: bytes) -> TrainingRequest:
        """Read a JSON body; an empty one is one of defaults.

        Raises:
            ProblemError: 400 it is not JSON in UTF-8; 422 with all that is wrong in it.
        """
        check = _check(body, ("promote", "base_loss", "user_gain", "seed"))
        promote: Any = check.choice("promote", "gate", _PROMOTE)
        request = cls(
            promote=promote,
            base_loss=check.number("base_loss", cls().base_loss, 1),
            user_gain=check.number("user_gain", cls().user_gain, 1),
            seed=check.integer("seed", 0, 0, 1_000_000),
        )
        check.finish()
        return request

    def to_dict(self) -> dict[str, Any]:
        """As the store keeps it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SwitchRequest:
    """Why a version is made active."""

    reason: str = "asked for"

    @classmethod
    def from_json(cls, body: bytes) -> SwitchRequest:
        """Read a JSON body; an empty one is one of defaults.

        Raises:
            ProblemError: 400 it is not JSON in UTF-8; 422 with all that is wrong in it.
        """
        check = _check(body, ("reason",))
        reason = check.string("reason") or cls().reason
        if len(reason) > _REASON_LENGTH or not reason.isprintable():
            check.fault("reason", f"at most {_REASON_LENGTH} characters that can be printed")
        check.finish()
        return cls(reason)


@dataclass(frozen=True, slots=True)
class PruneRequest:
    """How many of the newest candidates to keep."""

    keep: int = 5

    @classmethod
    def from_json(cls, body: bytes) -> PruneRequest:
        """Read a JSON body; an empty one is one of defaults.

        Raises:
            ProblemError: 400 it is not JSON in UTF-8; 422 with all that is wrong in it.
        """
        check = _check(body, ("keep",))
        request = cls(check.integer("keep", cls().keep, 0, 1_000))
        check.finish()
        return request


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which part of a list to answer.

    Attributes:
        limit: how many at most.
        after: those behind this id.
    """

    limit: int = 100
    after: str = ""

    @classmethod
    def from_query(cls, query: bytes, name: str = "limit", default: int = 100) -> ListQuery:
        """Read a query string; ``name`` is how the limit is called in it.

        Raises:
            ProblemError: 400 it is malformed; 422 with all that is wrong in it.
        """
        check = Check("query", {})
        for key, value in parse_query(query):
            whole = key == name and value.isascii() and value.isdigit() and len(value) < 10
            check.values[key] = int(value) if whole else value
        check.names((name, "after"), check.values)
        request = cls(check.integer(name, default, 1, _MOST_LISTED), check.string("after") or "")
        check.finish()
        return request


@dataclass(frozen=True, slots=True)
class PutAnswer:
    """What became of pages that were sent: the number of each one's latest revision."""

    stored: int
    revisions: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "stored": self.stored,
            "pages": [{"id": i, "revision": n} for i, n in self.revisions.items()],
        }


def page_answer(page: StoredPage) -> dict[str, Any]:
    """A page with its labels and their history."""
    return {**page.record.to_dict(), "revisions": [_revision(r) for r in page.revisions]}


def run_answer(run: Run) -> dict[str, Any]:
    """A training run."""
    return {
        "id": run.id,
        "state": run.state,
        "progress": round(run.progress, 3),
        "options": dict(run.options),
        "created_at": _moment(run.created_at),
        "started_at": _moment(run.started_at),
        "finished_at": _moment(run.finished_at),
        "cancel": run.cancel,
        "error": run.error,
        "outcome": None if run.outcome is None else dict(run.outcome),
        "log": [dict(entry) for entry in run.log],
    }


def suggestion_answer(suggestion: Suggestion) -> dict[str, Any]:
    """A page to label, with the model's labels to correct."""
    segmentation = suggestion.segmentation
    return {
        "id": suggestion.record.id,
        "url": suggestion.record.url,
        "score": round(suggestion.score, 4),
        "uncertainty": round(suggestion.uncertainty, 4),
        "novelty": round(suggestion.novelty, 4),
        "model": _model(segmentation.model),
        "blocks": [
            {
                "start": block.start,
                "end": block.end,
                "label": block.label,
                "probability": block.probability,
                "text": block.text,
            }
            for block in segmentation.blocks
        ],
    }


def version_answer(version: Version, *, metrics: bool = False) -> dict[str, Any]:
    """A model version; with its figures where they are asked for."""
    manifest = version.manifest
    answer: dict[str, Any] = {
        "version": version.name,
        "states": list(version.states),
        "name": None if manifest is None else manifest.name,
        "created": None if manifest is None else manifest.created,
        "fault": version.fault,
    }
    if metrics:
        answer["metrics"] = {} if manifest is None else dict(manifest.metrics)
    return answer


def active_answer(active: Active) -> dict[str, Any]:
    """Which version answers now."""
    return {
        "version": active.version,
        "previous": list(active.previous),
        "since": active.since,
        "reason": active.reason,
    }


def _check(body: bytes, names: Sequence[str]) -> Check:
    value = json_object(body) if body.strip() else {}
    check = Check("body", {name: item for name, item in value.items() if item is not None})
    check.names(tuple(names), value)
    return check


def _revision(revision: Revision) -> dict[str, Any]:
    return {
        "revision": revision.number,
        "annotator": revision.annotator,
        "source": revision.source,
        "model": None if revision.model is None else _model(revision.model),
        "labelled_at": _moment(revision.labelled_at),
        "blocks": [block.to_dict() for block in revision.blocks],
    }


def _model(model: ModelId) -> dict[str, str]:
    return {"name": model.name, "version": model.version}


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat(timespec="milliseconds")
