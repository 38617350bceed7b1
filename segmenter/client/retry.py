"""When and how long to wait before a request is sent again."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

__all__ = ["Retry", "stated_wait"]

# Segmenting changes nothing on the server, so every request may be sent again.
_PASSING: Final = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how long to try.

    Attributes:
        attempts: requests sent at most, the first one included.
        first_wait: seconds before the second request; doubled for each one after it.
        longest_wait: seconds to wait at most. Where ``Retry-After`` asks for more, the call ends
            at once with the service's answer.
    """

    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 60.0

    def wait(self, sent: int, status: int | None, headers: Mapping[str, str]) -> float | None:
        """Seconds to wait before the next request; ``None`` where there shall be none.

        Args:
            sent: requests sent so far, from 1.
            status: of the answer to the last one; ``None`` where the connection failed.
            headers: of that answer.
        """
        if sent >= self.attempts or (status is not None and status not in _PASSING):
            return None
        stated = stated_wait(headers.get("retry-after"), datetime.now(UTC))
        if stated is not None:
            return stated if stated <= self.longest_wait else None
        backoff = self.first_wait * float(2 ** (sent - 1))
        # Spread, so that many clients do not come back at the same moment.
        return min(backoff, self.longest_wait) * random.uniform(0.5, 1.0)


def stated_wait(value: str | None, now: datetime) -> float | None:
    """Seconds that a header ``Retry-After`` asks for: a number or a date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)
