"""Training runs in the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy import and_, or_, select

from api.store.engine import Database
from api.store.tables import RunRow

__all__ = ["Run", "RunState", "RunStore"]

RunState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
_LONGEST_LOG: Final = 500
_SILENT: Final = timedelta(seconds=30)
_ENDED: Final = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Run:
    """A training run.

    Attributes:
        options: as asked for.
        progress: 0 to 1.
        log: moment and step of each.
        error: why it failed.
        outcome: what it came to, see ``segmenter.training.retrain.Outcome``.
        cancel: whether it was asked to end.
    """

    id: str
    state: RunState
    options: Mapping[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel: bool
    progress: float
    log: tuple[Mapping[str, Any], ...]
    error: str | None
    outcome: Mapping[str, Any] | None


class RunStore:
    """Reads and changes runs; each change is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, options: Mapping[str, Any]) -> Run:
        """A new run, queued."""
        row = RunRow(
            id=str(uuid4()), state="queued", options=dict(options), created_at=datetime.now(UTC),
            cancel=False, progress=0.0, log=[],
        )  # fmt: skip
        with self._database.writing() as session:
            session.add(row)
            session.flush()
            return _run(row)

    def get(self, identity: str) -> Run | None:
        """A run by its id."""
        with self._database.reading() as session:
            row = session.get(RunRow, identity)
            return None if row is None else _run(row)

    def latest(self, limit: int, after: str | None = None) -> list[Run]:
        """The newest runs first; those behind the run ``after``, none where there is no such."""
        query = select(RunRow).order_by(RunRow.created_at.desc(), RunRow.id).limit(limit)
        with self._database.reading() as session:
            if after is not None:
                last = session.get(RunRow, after)
                if last is None:
                    return []
                older, same = (
                    RunRow.created_at < last.created_at,
                    RunRow.created_at == last.created_at,
                )
                query = query.where(or_(older, and_(same, RunRow.id > after)))
            return [_run(row) for row in session.scalars(query)]

    def queued(self) -> list[str]:
        """Ids of runs that wait, oldest first."""
        with self._database.reading() as session:
            query = select(RunRow.id).where(RunRow.state == "queued").order_by(RunRow.created_at)
            return list(session.scalars(query))

    def claim(self, identity: str, worker: str) -> bool:
        """Take a queued run to work on; not where another one is running."""
        self.fail_silent()
        with self._database.writing() as session:
            row = session.get(RunRow, identity)
            running = session.scalar(select(RunRow.id).where(RunRow.state == "running").limit(1))
            if row is None or row.state != "queued" or running is not None:
                return False
            now = datetime.now(UTC)
            row.state, row.worker, row.started_at, row.heartbeat = "running", worker, now, now
            return True

    def beat(self, identity: str) -> bool:
        """Say that the run's worker is alive; whether the run was asked to end."""

        def change(row: RunRow) -> None:
            row.heartbeat = datetime.now(UTC)

        run = self._change(identity, change)
        return run is None or run.cancel or run.state != "running"

    def progress(self, identity: str, step: str, done: float) -> bool:
        """Note how far it is, a new step goes into the log; false where it has to end."""

        def change(row: RunRow) -> None:
            row.progress = done
            if not row.log or row.log[-1]["step"] != step:
                entry = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "step": step}
                row.log = [*row.log[-_LONGEST_LOG:], entry]

        run = self._change(identity, change)
        return run is not None and run.state == "running" and not run.cancel

    def cancel(self, identity: str) -> Run | None:
        """Ask a run to end; one that waits ends at once, one that ended stays as it is."""

        def change(row: RunRow) -> None:
            row.cancel = True
            if row.state == "queued":
                row.state, row.finished_at = "cancelled", datetime.now(UTC)

        return self._change(identity, change)

    def finish(
        self,
        identity: str,
        state: RunState,
        *,
        error: str | None = None,
        outcome: Mapping[str, Any] | None = None,
    ) -> None:
        """End a run; one that ended already stays as it is."""

        def change(row: RunRow) -> None:
            row.state, row.finished_at, row.error = state, datetime.now(UTC), error
            row.outcome = None if outcome is None else dict(outcome)
            row.progress = 1.0 if state == "succeeded" else row.progress

        self._change(identity, change)

    def fail_silent(self, worker: str | None = None) -> list[str]:
        """Mark runs failed whose worker is gone: silent for long, or known by its name."""
        failed = []
        with self._database.writing() as session:
            query = select(RunRow).where(RunRow.state == "running")
            for row in session.scalars(query):
                silent = _moment(row.heartbeat) or _moment(row.created_at)
                assert silent is not None
                if row.worker == worker or datetime.now(UTC) - silent > _SILENT:
                    row.state, row.finished_at = "failed", datetime.now(UTC)
                    row.error = "the worker ended in the middle of the run"
                    failed.append(row.id)
        return failed

    def _change(self, identity: str, change: Callable[[RunRow], None]) -> Run | None:
        with self._database.writing() as session:
            row = session.get(RunRow, identity)
            if row is None:
                return None
            if row.state not in _ENDED:
                change(row)
            return _run(row)


def _run(row: RunRow) -> Run:
    created = _moment(row.created_at)
    assert created is not None
    state: Any = row.state
    return Run(
        id=row.id,
        state=state,
        options=row.options,
        created_at=created,
        started_at=_moment(row.started_at),
        finished_at=_moment(row.finished_at),
        cancel=row.cancel,
        progress=row.progress,
        log=tuple(row.log),
        error=row.error,
        outcome=row.outcome,
    )


def _moment(value: datetime | None) -> datetime | None:
    """SQLite gives moments back without their zone."""
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value
