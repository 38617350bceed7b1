"""The errors this library raises. CLI and API translate them, nobody else catches them."""

from __future__ import annotations

__all__ = [
    "CorpusError",
    "DecodingError",
    "InputError",
    "LimitError",
    "ModelError",
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
        limit: name of the limit, as in ``Limits``.
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


class ModelError(SegmenterError):
    """The model directory is missing, altered, or made for another version."""


class CorpusError(SegmenterError):
    """A corpus or label file can't be read; the message names file, line and what is accepted."""
