"""The request of ``/v1/segment``, from JSON or from a query string."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from api.contract.faults import ACCEPTED, Faults, shortened
from api.contract.models import BodyModel, ParameterModel, RequestModel
from api.contract.parsing import json_object
from segmenter import LABELS, Document
from segmenter.types import DEFAULT_KEEP

__all__ = ["Label", "PageBody", "SegmentBody", "SegmentQuery", "SegmentRequest"]


def _known(label: str) -> str:
    if label in LABELS:
        return label
    # repr() also has no characters that can't be written.
    raise PydanticCustomError(
        ACCEPTED,
        "unknown label {label}; accepted are {labels}",
        {"label": repr(shortened(label)), "labels": ", ".join(LABELS)},
    )


Label = Annotated[
    str,
    AfterValidator(_known),
    WithJsonSchema({"type": "string", "enum": list(LABELS), "title": "label"}),
]
_HTML_ONLY: Final = "is told from HTML only"
_ONE_PAGE: Final[dict[str, Any]] = {
    "oneOf": [
        {
            "required": ["text"],
            "properties": {"text": {"type": "string"}, "html": {"type": "null"}},
        },
        {
            "required": ["html"],
            "properties": {"html": {"type": "string"}, "text": {"type": "null"}},
        },
    ]
}


class PageBody(BodyModel):
    """A page in JSON."""

    model_config = ConfigDict(json_schema_extra=_ONE_PAGE)

    text: str | None = Field(default=None, examples=["Bridge reopens\n\nIt was closed in spring."])
    """Raw page text. Exactly one of ``text`` and ``html`` is given."""
    html: str | None = Field(
        default=None, examples=["<h1>Bridge reopens</h1><p>It was closed.</p>"]
    )
    """The page's HTML."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.text is None) == (self.html is None):
            raise PydanticCustomError(ACCEPTED, "text: exactly one of 'text' and 'html' is given")
        return self


class _Options(RequestModel):
    url: str | None = Field(default=None, examples=["https://news.example/bridge"])
    """The page's address; given back, and used to read relative data. It is never fetched."""
    id: str | None = Field(default=None, examples=["page-1"])
    """A name of the caller's own; given back."""
    keep: list[Label] = Field(default=list(DEFAULT_KEEP), examples=[["headline", "body"]])
    """The labels whose blocks make up the answer's ``text``."""
    probabilities: bool = Field(default=False, examples=[True])
    """Give every block the probabilities of all labels."""
    page_text: bool = Field(default=False, examples=[True])
    """Include the text that the offsets refer to."""
    metadata: bool = Field(default=False, examples=[False])
    """Include title, author, date, site name and description; HTML only."""


class SegmentBody(_Options, PageBody):
    """A page and what to answer about it."""

    @model_validator(mode="after")
    def _told_from_html(self) -> Self:
        if self.metadata and self.html is None:
            raise PydanticCustomError(ACCEPTED, f"metadata: {_HTML_ONLY}")
        return self


class SegmentQuery(_Options, ParameterModel):
    """What to answer about a page."""

    keep: list[Label] = Field(
        default=list(DEFAULT_KEEP), min_length=1, examples=[["headline", "body"]]
    )
    """The labels whose blocks make up the answer's ``text``, with commas between."""


@dataclass(frozen=True, slots=True)
class SegmentRequest:
    """A document and what to answer about it.

    Attributes:
        document: the page.
        keep: labels whose blocks make up the answer's ``text``.
        probabilities: give every block the probabilities of all labels.
        page_text: include the text that the offsets refer to.
        metadata: include title, author, date and site name; HTML only.
    """

    document: Document
    keep: tuple[str, ...] = DEFAULT_KEEP
    probabilities: bool = False
    page_text: bool = False
    metadata: bool = False

    @classmethod
    def from_json(cls, body: bytes) -> SegmentRequest:
        """Read a JSON body.

        Raises:
            ProblemError: 400 it is not JSON in UTF-8; 422 with all that is wrong in it.
        """
        wanted = SegmentBody.checked(json_object(body))
        document = Document(text=wanted.text, html=wanted.html, url=wanted.url, id=wanted.id)
        return _request(document, wanted)

    @classmethod
    def from_query(
        cls, query: bytes, *, text: bytes | None, html: bytes | None, content_type: str
    ) -> SegmentRequest:
        """Read the options beside a plain body; exactly one of ``text`` and ``html`` is given.

        Raises:
            ProblemError: 400 the query string is malformed; 422 with all that is wrong in it.
        """
        wanted = SegmentQuery.from_query(query)
        if wanted.metadata and text is not None:
            faults = Faults("query")
            faults.add("metadata", _HTML_ONLY)
            raise faults.problem()
        document = Document(
            text=text, html=html, url=wanted.url, id=wanted.id, content_type=content_type
        )
        return _request(document, wanted)


def _request(document: Document, wanted: _Options) -> SegmentRequest:
    return SegmentRequest(
        document, tuple(wanted.keep), wanted.probabilities, wanted.page_text, wanted.metadata
    )
