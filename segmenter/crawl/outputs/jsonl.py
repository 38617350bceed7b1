"""JSONL: one row for every record, in the same order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import orjson

from segmenter.crawl.compression import Compression, compress
from segmenter.crawl.outputs.base import Outcome
from segmenter.crawl.records import RecordError

__all__ = ["JsonlOutput", "encode_row"]


@dataclass(frozen=True, slots=True)
class JsonlOutput:
    """Rows as ``Segmentation.to_dict`` has them; error rows as ``RecordError.to_dict`` has them.

    Attributes:
        probabilities: give every block the probabilities of all labels.
    """

    name: ClassVar[str] = "jsonl"
    probabilities: bool = False

    def encode(self, outcomes: Sequence[Outcome], compression: Compression) -> bytes:
        """See ``Output``; one compressed member."""
        rows = b"".join(encode_row(self._row(outcome)) for outcome in outcomes)
        return compress(rows, compression)

    def _row(self, outcome: Outcome) -> dict[str, Any]:
        if isinstance(outcome.result, RecordError):
            return outcome.result.to_dict()
        return outcome.result.to_dict(probabilities=self.probabilities)


def encode_row(value: dict[str, Any]) -> bytes:
    """One line of output, UTF-8."""
    try:
        return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:
        # A lone surrogate has no UTF-8; as an escape it comes back as it was given.
        return json.dumps(value, separators=(",", ":")).encode() + b"\n"
