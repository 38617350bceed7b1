"""What answers about labels, training runs and model versions hold."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from api.contract.answers import ModelAnswer, Offset, Probability
from api.contract.models import AnswerModel, Described
from api.schemas import Label
from api.store.labels import Revision, StoredPage
from api.store.runs import Run, RunState
from segmenter.labels.records import LabelRecord, RecordBlock
from segmenter.registry.versions import Active, State, Version
from segmenter.types import ModelId

__all__ = [
    "ActiveAnswer",
    "LabelsAnswer",
    "PageAnswer",
    "PrunedAnswer",
    "RunAnswer",
    "RunsAnswer",
    "StoredAnswer",
    "SuggestionAnswer",
    "SuggestionsAnswer",
    "VersionAnswer",
    "VersionsAnswer",
]

_MOMENT = "2026-05-01T12:00:00.000+00:00"


def _outcome() -> type[Any]:
    # It brings SciPy with it, which only the process of a training run needs.
    from segmenter.training.retrain import Outcome

    return Outcome


Moment = Annotated[str, Field(examples=[_MOMENT], json_schema_extra={"format": "date-time"})]
Next = Annotated[str | None, Field(examples=["page-100"])]


class StoredPageAnswer(AnswerModel):
    """What became of a page that was sent."""

    id: str = Field(examples=["page-1"])
    revision: int = Field(ge=0, examples=[1])
    """Number of its latest labels; 0 for a page without labels."""


class StoredAnswer(AnswerModel):
    """All pages of the body are stored."""

    stored: int = Field(ge=1, examples=[1])
    """How many."""
    pages: list[StoredPageAnswer]


class LabelsAnswer(AnswerModel):
    """Ids of the stored pages, in order."""

    pages: list[str] = Field(examples=[["page-1", "page-2"]])
    next: Next
    """To go on with, as the parameter ``after``; ``null`` at the end."""


class LabelAnswer(AnswerModel):
    """A block of a stored page, as it was sent: its text, its place, or both."""

    label: Label = Field(examples=["headline"])
    text: str = Field(default="", examples=["Bridge reopens"])
    start: Offset = Field(default=0, examples=[0])
    end: Offset = Field(default=0, examples=[14])

    @classmethod
    def of(cls, block: RecordBlock) -> Self:
        """Of a stored one."""
        return cls(**block.to_dict())


class RevisionAnswer(AnswerModel):
    """A page's labels at one time."""

    revision: int = Field(ge=1, examples=[1])
    annotator: str | None = Field(examples=["anna"])
    source: str | None = Field(examples=["workbench"])
    model: ModelAnswer | None
    """Whose labels the annotator was shown."""
    labelled_at: Moment
    blocks: list[LabelAnswer]

    @classmethod
    def of(cls, revision: Revision) -> Self:
        """Of a stored one."""
        return cls(
            revision=revision.number,
            annotator=revision.annotator,
            source=revision.source,
            model=None if revision.model is None else _model(revision.model),
            labelled_at=_moment(revision.labelled_at),
            blocks=[LabelAnswer.of(block) for block in revision.blocks],
        )


class PageAnswer(AnswerModel):
    """A stored page with its latest labels and their history, oldest first."""

    id: str = Field(examples=["page-1"])
    url: str = Field(default="", examples=["https://news.example/bridge"])
    text: str = Field(default="", examples=["Bridge reopens\n\nIt was closed in spring."])
    """Raw page text; either this or ``html`` is there."""
    html: str = Field(default="", examples=["<h1>Bridge reopens</h1>"])
    annotator: str = Field(default="", examples=["anna"])
    source: str = Field(default="", examples=["workbench"])
    model: ModelAnswer = Field(default_factory=ModelAnswer.model_construct)
    """Whose labels the annotator was shown."""
    blocks: list[LabelAnswer]
    revisions: list[RevisionAnswer]

    @classmethod
    def of(cls, page: StoredPage) -> Self:
        """Of a stored one."""
        members = _record_members(page.record)
        return cls(**members, revisions=[RevisionAnswer.of(one) for one in page.revisions])


class SuggestedBlockAnswer(AnswerModel):
    """A block with the label that the model gives it."""

    start: Offset = Field(examples=[0])
    end: Offset = Field(examples=[14])
    label: Label = Field(examples=["headline"])
    probability: Probability
    text: str = Field(examples=["Bridge reopens"])


class SuggestionAnswer(AnswerModel):
    """A page to label, with the model's labels to correct."""

    id: str = Field(examples=["page-1"])
    url: str | None = Field(examples=["https://news.example/bridge"])
    score: float = Field(ge=0, examples=[1.25])
    """The gain that it was chosen by."""
    uncertainty: Probability
    """Of its blocks' labels, on average."""
    novelty: Probability
    """How unlike the pages before it and the labelled ones it is."""
    model: ModelAnswer
    blocks: list[SuggestedBlockAnswer]


class SuggestionsAnswer(AnswerModel):
    """Pages to label next, the most helpful first."""

    suggestions: list[SuggestionAnswer]


class StepAnswer(AnswerModel):
    """A step of a run."""

    at: Moment
    step: str = Field(examples=["fitting"])


class OptionsAnswer(AnswerModel):
    """As asked for."""

    promote: Literal["never", "gate", "always"] = Field(examples=["gate"])
    base_loss: float = Field(examples=[0.005])
    user_gain: float = Field(examples=[0.0])
    seed: int = Field(examples=[0])


class RunAnswer(AnswerModel):
    """A training run."""

    id: str = Field(examples=["5b2c6a0e-1f6d-4a57-9a51-0b6d1d1f6c11"])
    state: RunState = Field(examples=["running"])
    progress: Probability
    """How far it is, 0 to 1."""
    options: Annotated[dict[str, Any], Described(lambda: OptionsAnswer)]
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    cancel: bool = Field(examples=[False])
    """Whether it was asked to end."""
    error: str | None = Field(examples=[None])
    """Why it failed."""
    outcome: Annotated[dict[str, Any], Described(_outcome)] | None
    """What it came to."""
    log: list[Annotated[dict[str, Any], Described(lambda: StepAnswer)]]
    """Its steps so far."""

    @classmethod
    def of(cls, run: Run) -> Self:
        """Of a stored one."""
        return cls(
            id=run.id,
            state=run.state,
            progress=round(run.progress, 3),
            options=dict(run.options),
            created_at=_moment(run.created_at),
            started_at=None if run.started_at is None else _moment(run.started_at),
            finished_at=None if run.finished_at is None else _moment(run.finished_at),
            cancel=run.cancel,
            error=run.error,
            outcome=None if run.outcome is None else dict(run.outcome),
            log=[dict(entry) for entry in run.log],
        )


class RunsAnswer(AnswerModel):
    """Training runs, the newest first."""

    training_runs: list[RunAnswer]
    next: Next
    """To go on with, as the parameter ``after``; ``null`` at the end."""


class ActiveAnswer(AnswerModel):
    """Which version answers."""

    version: str = Field(examples=["0.1.0-r1"])
    previous: list[str] = Field(examples=[["0.1.0"]])
    """Those before it, the latest last; a rollback goes to the last."""
    since: Moment | None
    """``null`` for the base that always was."""
    reason: str = Field(examples=["better on forums"])

    @classmethod
    def of(cls, active: Active) -> Self:
        """Of the library's."""
        return cls(
            version=active.version,
            previous=list(active.previous),
            since=active.since,
            reason=active.reason,
        )


class VersionAnswer(AnswerModel):
    """A model version."""

    version: str = Field(examples=["0.1.0-r1"])
    states: list[State] = Field(examples=[["candidate"]])
    """What it is now."""
    name: str | None = Field(examples=["default"])
    """Of its family; ``null`` where it can't be used, as the next two say."""
    created: str | None = Field(examples=[_MOMENT])
    fault: str | None = Field(examples=[None])
    """Why it can't be used by this version of the service."""
    metrics: dict[str, Any] = Field(default={}, examples=[{"as received": {"macro_f1": 0.72}}])
    """The figures of its evaluation; of a retrained one, how it compared. Only of one version."""

    @classmethod
    def of(cls, version: Version) -> Self:
        """Of the library's, without figures."""
        manifest = version.manifest
        return cls(
            version=version.name,
            states=list(version.states),
            name=None if manifest is None else manifest.name,
            created=None if manifest is None else manifest.created,
            fault=version.fault,
        )

    @classmethod
    def with_metrics(cls, version: Version) -> Self:
        """Of the library's, with its figures."""
        manifest = version.manifest
        metrics = {} if manifest is None else dict(manifest.metrics)
        return cls(**cls.of(version).to_dict(), metrics=metrics)


class VersionsAnswer(AnswerModel):
    """The base and the other versions, oldest first, and the active one."""

    active: ActiveAnswer
    models: list[VersionAnswer]
    next: Next
    """To go on with, as the parameter ``after``; ``null`` at the end."""


class PrunedAnswer(AnswerModel):
    """What was removed."""

    removed: list[str] = Field(examples=[["0.1.0-r1"]])


def _record_members(record: LabelRecord) -> dict[str, Any]:
    members = record.to_dict()
    members["blocks"] = [LabelAnswer.of(block) for block in record.blocks]
    if record.model is not None:
        members["model"] = _model(record.model)
    return members


def _model(model: ModelId) -> ModelAnswer:
    return ModelAnswer(name=model.name, version=model.version)


def _moment(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds")
