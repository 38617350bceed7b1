"""What every output format does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from segmenter.crawl.compression import Compression
from segmenter.crawl.records import Record, RecordError
from segmenter.types import Segmentation

__all__ = ["Outcome", "Output", "SealedOutput"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A record and what came of it."""

    record: Record
    result: Segmentation | RecordError


class Output(Protocol):
    """A file format; a value that can be sent to worker processes."""

    name: ClassVar[str]

    def encode(self, outcomes: Sequence[Outcome], compression: Compression) -> bytes:
        """A chunk as bytes; equal outcomes give equal bytes."""


@runtime_checkable
class SealedOutput(Output, Protocol):
    """A format whose encoded chunks, one after the other, are not yet the file."""

    def seal(self, part: Path, aside: Path) -> None:
        """Write the file that the encoded chunks in ``part`` stand for."""
