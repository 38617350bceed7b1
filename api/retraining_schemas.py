"""Requests of labels, training runs and models."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field

from api.contract.models import BodyModel, ParameterModel, Whole
from api.schemas import Label, PageBody

__all__ = [
    "ListQuery",
    "PageToStore",
    "PruneRequest",
    "SuggestionsQuery",
    "SwitchRequest",
    "TrainingRequest",
]

_MOST_LISTED: Final = 1_000
# One line that shows as it is: no control characters, no marks that turn the direction of text.
_PRINTABLE: Final = r"^[^\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$"
_NAME_LENGTH: Final = 500
_URL_LENGTH: Final = 4_000


class TrainingRequest(BodyModel):
    """Options of a training run."""

    promote: Literal["never", "gate", "always"] = Field(default="gate", examples=["gate"])
    """Make the new version active: never, if the gate lets it through, or always."""
    base_loss: float = Field(default=0.005, ge=0, le=1, examples=[0.005])
    """Macro F1 that the base's held-back pages may lose."""
    user_gain: float = Field(default=0.0, ge=0, le=1, examples=[0.0])
    """Macro F1 that the user's pages must gain."""
    seed: Whole = Field(default=0, ge=0, le=1_000_000, examples=[0])
    """Of all that is random."""


class SwitchRequest(BodyModel):
    """Why a version is made active."""

    reason: str = Field(
        default="asked for",
        title="at most 500 characters that can be printed",
        max_length=500,
        pattern=_PRINTABLE,
        examples=["better on forums"],
    )
    """In words, for who looks later."""


class PruneRequest(BodyModel):
    """How many of the newest candidates to keep."""

    keep: Whole = Field(default=5, ge=0, le=1_000, examples=[5])
    """The active version, the one before it and the base stay besides."""


class ListQuery(ParameterModel):
    """Which part of a list to answer."""

    limit: int = Field(default=100, ge=1, le=_MOST_LISTED, examples=[10])
    """How many at most."""
    after: str | None = Field(default=None, examples=["page-1"])
    """Those behind this one: the member ``next`` of the answer before."""


class SuggestionsQuery(ParameterModel):
    """How many pages to suggest."""

    count: int = Field(default=10, ge=1, le=_MOST_LISTED, examples=[5])
    """At most; the most helpful come first."""


class BlockToStore(BodyModel):
    """A labelled block, by its text, its place, or both; a block of a segmentation as it stands is
    one too."""

    label: Label = Field(examples=["headline"])
    """What the block is."""
    text: str | None = Field(default=None, examples=["Bridge reopens"])
    """As it stands in the page, apart from white space."""
    start: int | None = Field(default=None, examples=[0])
    """Code point offset of its first character; all blocks have places or none has."""
    end: int | None = Field(default=None, examples=[14])
    """Code point offset behind its last character."""
    probability: Any = Field(default=None, examples=[0.9787])
    """Ignored."""
    probabilities: Any = Field(default=None, examples=[{"headline": 0.9787}])
    """Ignored."""
    path: Any = Field(default=None, examples=["/html/body[1]/h1[1]"])
    """Ignored."""


class ModelToStore(BodyModel):
    """A model's name and version."""

    name: str = Field(examples=["default"])
    version: str = Field(examples=["0.1.0"])


class PageToStore(PageBody):
    """A labelled page, or without blocks one still to label.

    The library reads it (``segmenter.labels.records``), as it reads files of such pages; this says
    what it accepts.
    """

    id: str = Field(min_length=1, max_length=_NAME_LENGTH, examples=["page-1"])
    """Names the page among the stored ones; a page with the id of another takes its place."""
    url: str | None = Field(
        default=None, max_length=_URL_LENGTH, examples=["https://news.example/bridge"]
    )
    """The page's address; pages of one registered domain are one site."""
    blocks: list[BlockToStore] | None = Field(
        default=None, examples=[[{"label": "headline", "text": "Bridge reopens"}]]
    )
    """In reading order; blocks of the page that are not here have an unknown label."""
    annotator: str | None = Field(default=None, max_length=_NAME_LENGTH, examples=["anna"])
    """Who labelled it."""
    source: str | None = Field(default=None, max_length=_NAME_LENGTH, examples=["workbench"])
    """Where the labels come from."""
    model: ModelToStore | None = Field(default=None)
    """Whose labels the annotator was shown."""
    lang: Any = Field(default=None, examples=["en"])
    """Ignored."""
    language: Any = Field(default=None, examples=["en"])
    """Ignored."""
    page_type: Any = Field(default=None, examples=["article"])
    """Ignored."""
