"""The request of ``/v1/explanations``, and what a segmenting process does about it."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from api.answers import encode_json
from api.contract.models import Whole
from api.contract.parsing import json_object
from api.pages.wire import Job, Outcome
from api.schemas import Label, PageBody
from segmenter import Document, Segmenter

__all__ = ["ExplanationBody", "explain_block"]

_MOST_BLOCKS: Final = 1_000_000


class ExplanationBody(PageBody):
    """A page and one of its blocks."""

    block: Whole = Field(ge=0, le=_MOST_BLOCKS, examples=[0])
    """Number of the block in the page's segmentation, from 0."""
    label: Label | None = Field(default=None, examples=["headline"])
    """The label to explain; without it the one that the block is given."""


def explain_block(job: Job, segmenter: Segmenter) -> Outcome:
    """Explain the block that a request names; the job's body is that of the request.

    Raises:
        ProblemError: the body is not of the form of ``ExplanationBody``.
        InputError: the page can't be segmented, or has no such block.
    """
    wanted = ExplanationBody.checked(json_object(job.body))
    document = Document(text=wanted.text, html=wanted.html)
    found = segmenter.explain(document, wanted.block, label=wanted.label)
    model = {"name": segmenter.model.name, "version": segmenter.model.version}
    return Outcome(encode_json({"model": model, "block": wanted.block, **found.to_dict()}))
