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

from api.settings import Settings, SettingsError

__all__ = ["RunQueue"]

_NAME: Final = "segmenter-runs"
_TASK: Final = "training-run"
_RETRY_SECONDS: Final = 2


class RunQueue:
    """Sends runs to the worker, and in the worker takes them up."""

    def __init__(self, settings: Settings, work: Callable[[str], bool] | None = None) -> None:
        """Open the queue.

        Args:
            settings: where it is kept.
            work: does a run by its id; false where it has to wait for another one. Only the
                worker has it.

        Raises:
            SettingsError: the queue's URL is not accepted.
        """
        self.huey = _open(settings)
        self._task: Any = self.huey.task(name=_TASK)(_worked(work))

    def send(self, identity: str) -> None:
        """Hand a run to the worker."""
        self._task(identity)


def _worked(work: Callable[[str], bool] | None) -> Callable[..., None]:
    def run(identity: str) -> None:
        if work is not None and not work(identity):
            raise RetryTask(f"run {identity} has to wait", delay=_RETRY_SECONDS)

    return run


def _open(settings: Settings) -> Huey:
    url = settings.queue
    if url is None:
        settings.data.mkdir(parents=True, exist_ok=True)
        file = str(settings.data.absolute() / "queue.db")
        return SqliteHuey(_NAME, filename=file, fsync=True, results=False)
    if url.startswith(("redis://", "rediss://")):
        return RedisHuey(_NAME, url=url, results=False)
    if url.startswith(("postgresql://", "postgres://")):
        return Huey(_NAME, storage_class=PostgresStorage, dsn=url, results=False)
    raise SettingsError("SEGMENTER_QUEUE is no queue URL: accepted are redis:// and postgresql://")
