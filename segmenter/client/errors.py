"""What a call to the service can end with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segmenter.errors import SegmenterError

__all__ = ["ServiceError"]


class ServiceError(SegmenterError):
    """The service refused a request, failed, or could not be reached.

    Attributes:
        status: HTTP status; ``None`` where there was no answer.
        problem: the problem document (RFC 9457), empty where there was none.
    """

    def __init__(
        self, message: str, *, status: int | None = None, problem: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problem = dict(problem or {})

    @property
    def is_refusal(self) -> bool:
        """Whether this request is at fault and would be refused again, but others are not."""
        return self.status is not None and 400 <= self.status < 500 and self.status != 429
