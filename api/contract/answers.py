"""What answers about pages hold: the segmentation, its blocks, and why a block has its label.

The library makes these answers (``Segmentation.to_dict``); the models say what is in them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.contract.models import AnswerModel
from api.schemas import Label
from segmenter.explanation import Contribution

__all__ = [
    "BlockAnswer",
    "ExplanationAnswer",
    "LiveAnswer",
    "MetadataAnswer",
    "ModelAnswer",
    "Probability",
    "ReadyAnswer",
    "SegmentationAnswer",
]

Probability = Annotated[float, Field(ge=0, le=1, examples=[0.9787])]
Offset = Annotated[int, Field(ge=0)]


class ModelAnswer(AnswerModel):
    """Which model gave an answer."""

    name: str = Field(examples=["default"])
    """Of the family of models that it comes from."""
    version: str = Field(examples=["0.1.0"])
    """As ``/v1/models`` lists it."""


class BlockAnswer(AnswerModel):
    """One labelled block; blocks stand in order and do not overlap."""

    start: Offset = Field(examples=[0])
    """Code point offset of the block's first character."""
    end: Offset = Field(examples=[14])
    """Code point offset behind its last character."""
    label: Label = Field(examples=["headline"])
    """What the block is."""
    probability: Probability
    """Calibrated probability of the label."""
    text: str = Field(examples=["Bridge reopens"])
    """The characters from ``start`` to ``end``."""
    path: str = Field(default="", examples=["/html/body[1]/h1[1]"])
    """XPath of the element that it stands in; HTML only."""
    probabilities: dict[Label, Probability] = Field(
        default={}, examples=[{"headline": 0.9787, "deck": 0.0213}]
    )
    """Of every label, where they were asked for; they sum to 1."""


class MetadataAnswer(AnswerModel):
    """What an HTML page tells of itself; ``null`` where it does not."""

    title: str | None = Field(examples=["Bridge reopens"])
    author: str | None = Field(examples=["Anna Lind"])
    date: str | None = Field(examples=["2024-05-01"])
    sitename: str | None = Field(examples=["The Wharl Gazette"])
    description: str | None = Field(examples=["Open again after two years."])


class SegmentationAnswer(AnswerModel):
    """A page taken apart."""

    id: str | None = Field(examples=["page-1"])
    """As given."""
    url: str | None = Field(examples=["https://news.example/bridge"])
    """As given."""
    input: Literal["text", "html"] = Field(examples=["text"])
    """What the page was read as. Offsets refer to raw text as received, or for HTML to the plain
    text made of it, which ``page_text`` includes."""
    language: str | None = Field(examples=["en"])
    """ISO 639-1 code; ``null`` where there is too little text to tell."""
    model: ModelAnswer
    headline: str | None = Field(examples=["Bridge reopens"])
    """The page's title; ``null`` where none was found."""
    byline: list[str] = Field(examples=[["By Anna Lind"]])
    """The texts of the byline blocks."""
    text: str = Field(examples=["The bridge was closed in spring."])
    """The kept blocks, apart by a blank line."""
    confidence: Probability
    """Expected word-F1 of ``text``."""
    page_text: str = Field(default="", examples=["Bridge reopens\n\nThe bridge was closed."])
    """The text that the offsets refer to, where it was asked for."""
    blocks: list[BlockAnswer]
    """All blocks of the page; each character that is not white is in exactly one."""
    metadata: MetadataAnswer = Field(default_factory=MetadataAnswer.model_construct)
    """Where it was asked for."""


class ExplanationAnswer(AnswerModel):
    """What spoke for and against one block's label."""

    model: ModelAnswer
    block: Offset = Field(examples=[0])
    """As given."""
    label: Label = Field(examples=["headline"])
    """The label that is explained."""
    probability: Probability
    """The model's, of that label."""
    contributions: list[Contribution]
    """All groups of features, those that change most first."""


class LiveAnswer(AnswerModel):
    """The process answers."""

    status: Literal["up"] = Field(examples=["up"])


class ReadyAnswer(AnswerModel):
    """The service can do its work."""

    status: Literal["ready"] = Field(examples=["ready"])
    model: ModelAnswer
    """The model that answers."""
