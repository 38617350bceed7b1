"""Answers kept for requests that are sent again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import delete

from api.store.engine import Database
from api.store.tables import RepeatRow

__all__ = ["KEPT_FOR", "KeptAnswer", "RepeatStore"]

KEPT_FOR: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer and what it was the answer to.

    Attributes:
        request: digest of the request.
        status, headers, body: of the answer.
    """

    request: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes


class RepeatStore:
    """Keeps answers for a day, by the caller and the key that the caller chose."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is written to the store inside is committed whole, with the kept answer, or not at
        all; other writers wait."""
        with self._database.writing():
            yield

    def find(self, owner: str, key: str) -> KeptAnswer | None:
        """The answer that is kept."""
        with self._database.writing() as session:
            row = session.get(RepeatRow, (owner, key))
            if row is None or _moment(row.kept_at) < datetime.now(UTC) - KEPT_FOR:
                return None
            return KeptAnswer(row.request, row.status, row.headers, row.body)

    def keep(self, owner: str, key: str, answer: KeptAnswer) -> None:
        """Keep an answer, and forget those that are too old."""
        now = datetime.now(UTC)
        with self._database.writing() as session:
            session.execute(delete(RepeatRow).where(RepeatRow.kept_at < now - KEPT_FOR))
            session.add(
                RepeatRow(
                    owner=owner, key=key, request=answer.request, status=answer.status,
                    headers=dict(answer.headers), body=answer.body, kept_at=now,
                )
            )  # fmt: skip


def _moment(value: datetime) -> datetime:
    """SQLite gives moments back without their zone."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)
