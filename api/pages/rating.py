"""What ranking pages to label needs of each, found in a segmenting process.

A page still to label comes back as its rating and the model's blocks, a labelled one as its sketch;
of a page that is too large to be labelled, or empty, nothing does.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from api.answers import encode_json
from api.pages.wire import Job, Outcome
from segmenter import Segmenter
from segmenter.labels.records import LabelRecord
from segmenter.labels.suggestions import SKETCH_SIZE, Rating, Sketch, sketch, uncertainty

__all__ = ["RatedPage", "rate_page", "rating_job", "read_rating", "read_sketch", "sketch_job"]

_UNCERTAINTY: Final = struct.Struct("d")
_SKETCH_BYTES: Final = SKETCH_SIZE * np.dtype(np.uint32).itemsize
_BLOCK: Final = ("start", "end", "label", "probability", "text")


@dataclass(frozen=True, slots=True)
class RatedPage:
    """A page still to label.

    Attributes:
        rating: what it is ranked by.
        labels: JSON with the members ``model`` and ``blocks``.
    """

    rating: Rating
    labels: bytes

    def suggested(self) -> dict[str, Any]:
        """The model and the blocks as it labels them."""
        members: dict[str, Any] = json.loads(self.labels)
        return members


def rating_job(record: LabelRecord) -> Job:
    """Rate a page still to label."""
    return _job(record, label=True)


def sketch_job(record: LabelRecord) -> Job:
    """Draw the sketch of a labelled page."""
    return _job(record, label=False)


def rate_page(job: Job, segmenter: Segmenter) -> Outcome:
    """Do a ``rating_job`` or ``sketch_job``.

    Raises:
        InputError: the page can't be segmented.
    """
    options = job.options
    record = LabelRecord(
        options["id"], options["input"], job.body.decode("utf-8"), options["url"]
    )  # fmt: skip
    drawn = sketch(record)
    if drawn is None:
        return Outcome(b"")
    if not options["label"]:
        return Outcome(drawn.tobytes())
    result = segmenter.segment_document(record.document())
    model = {"name": result.model.name, "version": result.model.version}
    blocks = [{name: getattr(block, name) for name in _BLOCK} for block in result.blocks]
    rated = _UNCERTAINTY.pack(uncertainty(result)) + drawn.tobytes()
    return Outcome(rated + encode_json({"model": model, "blocks": blocks}))


def read_rating(outcome: Outcome | None) -> RatedPage | None:
    """What came of a ``rating_job``, if anything."""
    if outcome is None or not outcome.body:
        return None
    begin, end = _UNCERTAINTY.size, _UNCERTAINTY.size + _SKETCH_BYTES
    unsure: float = _UNCERTAINTY.unpack(outcome.body[:begin])[0]
    return RatedPage(Rating(_sketch(outcome.body[begin:end]), unsure), outcome.body[end:])


def read_sketch(outcome: Outcome | None) -> Sketch | None:
    """What came of a ``sketch_job``, if anything."""
    return None if outcome is None or not outcome.body else _sketch(outcome.body)


def _job(record: LabelRecord, *, label: bool) -> Job:
    options = {"id": record.id, "url": record.url, "input": record.input, "label": label}
    return Job("rate", record.content.encode("utf-8"), options)


def _sketch(body: bytes) -> Sketch:
    return np.frombuffer(body, dtype=np.uint32)
