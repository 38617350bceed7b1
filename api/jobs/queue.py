"""The queue of training runs: huey, kept in SQLite, Redis or PostgreSQL.

The queue only says that there is something to do. What a run is and how far it is stands in the
store; a message that is lost or comes twice does no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from huey import Huey, RedisHuey, SqliteHuey
from huey.exceptions import RetryTask
from huey.storage import PostgresStorage
from redis import ConnectionPool

from api.observe.record import TraceContext
from api.settings import Settings

__all__ = ["RunQueue"]

_NAME: Final = "segmenter-runs"
_TASK: Final = "training-run"
_RETRY_SECONDS: Final = 2
_CONNECT_SECONDS: Final = 3
_ANSWER_SECONDS: Final = 10
"""More than the second that a worker waits for a message."""


class RunQueue:
    """Sends runs to the worker, and in the worker takes them up."""

    def __init__(
        self, settings: Settings, work: Callable[[str, str | None], bool] | None = None
    ) -> None:
        """Open the queue.

        Args:
            settings: where it is kept.
            work: does a run by its id and the ``traceparent`` that it was asked for with; false
                where it has to wait for another one. Only the worker has it.
        """
        self.huey = _open(settings)
        self._task: Any = self.huey.task(name=_TASK)(_worked(work))

    def send(self, identity: str, context: TraceContext | None = None) -> None:
        """Hand a run to the worker, and where in a trace it was asked for."""
        self._task(identity, None if context is None else context.header)


def _worked(work: Callable[[str, str | None], bool] | None) -> Callable[..., None]:
    # A message of an earlier version has no trace.
    def run(identity: str, trace: str | None = None) -> None:
        if work is not None and not work(identity, trace):
            raise RetryTask(f"run {identity} has to wait", delay=_RETRY_SECONDS)

    return run


def _open(settings: Settings) -> Huey:
    url = settings.queue
    if url is None:
        settings.data.mkdir(parents=True, exist_ok=True)
        file = str(settings.data.absolute() / "queue.db")
        return SqliteHuey(_NAME, filename=file, fsync=True, results=False)
    if url.startswith("redis"):
        pool = ConnectionPool.from_url(
            url, socket_connect_timeout=_CONNECT_SECONDS, socket_timeout=_ANSWER_SECONDS
        )
        return RedisHuey(_NAME, connection_pool=pool, results=False)
    return Huey(
        _NAME, storage_class=PostgresStorage, dsn=url, connect_timeout=_CONNECT_SECONDS,
        results=False,
    )  # fmt: skip
