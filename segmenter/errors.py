"""The errors this library raises. CLI and API translate them, nobody else catches them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "ApiKeyError",
    "CorpusError",
    "DecodingError",
    "InputError",
    "LabelError",
    "LabelFault",
    "LimitError",
    "ModelError",
    "ProfileError",
    "SegmenterError",
]


class SegmenterError(Exception):
    """Base of every error that the library raises on purpose."""


class InputError(SegmenterError):
    """The document, or an option beside it, is not of an accepted form."""


class DecodingError(InputError):
    """The bytes are not text in the character set that was named or detected."""


class LimitError(InputError):
    """The document is over one of the limits.

    Attributes:
        limit: name of the limit, as in ``Limits``, or ``compared_words`` of a page to label.
        allowed: the limit's value.
        actual: what the document has, as far as it was counted.
    """

    def __init__(self, limit: str, allowed: int, actual: int) -> None:
        super().__init__(
            f"the document is over the limit {limit}: {actual:,} where {allowed:,} are allowed"
        )
        self.limit = limit
        self.allowed = allowed
        self.actual = actual


@dataclass(frozen=True, slots=True)
class LabelFault:
    """One thing that is wrong in a batch of labelled pages.

    Attributes:
        row: number of the page in its batch, or of its line in a file, from 1.
        page: the page's id, where it could be read.
        block: number of the block in the page, from 1; ``None`` for a fault of the page.
        detail: what is wrong and what is accepted.
    """

    row: int
    page: str | None
    block: int | None
    detail: str

    def __str__(self) -> str:
        named = "" if self.page is None else f", page {self.page!r}"
        place = "" if self.block is None else f", block {self.block}"
        return f"row {self.row}{named}{place}: {self.detail}"


class LabelError(InputError):
    """Labelled pages are not of an accepted form; none of the batch was taken.

    Attributes:
        faults: everything that is wrong, in order.
    """

    def __init__(self, faults: Sequence[LabelFault]) -> None:
        shown = "; ".join(map(str, faults[:5]))
        more = f"; and {len(faults) - 5:,} more" if len(faults) > 5 else ""
        super().__init__(shown + more)
        self.faults = tuple(faults)


class ModelError(SegmenterError):
    """The model directory is missing, altered, or made for another version."""


class CorpusError(SegmenterError):
    """A corpus or label file can't be read; the message names file, line and what is accepted."""


class ApiKeyError(SegmenterError):
    """An API key's name, or a line of the file that keeps their hashes, is not as it has to be."""


class ProfileError(SegmenterError):
    """A site profile can't be read or used; the message says why and what to do."""
