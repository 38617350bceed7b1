"""Connections to the store, and its tables brought up to date.

No connection outlives its transaction, so that forked processes never share one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import local
from typing import Any, Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from api.settings import SettingsError

__all__ = ["Database"]

_MIGRATIONS: Final = Path(__file__).resolve().parent / "migrations"
_BUSY_SECONDS: Final = 30
_CONNECT_SECONDS: Final = 5
_LOCK: Final = 0x5E6E4E7
"""Any number; the same in every process that writes."""


class Database:
    """A store by its URL; opened and migrated when it is first used."""

    def __init__(self, url: str) -> None:
        """Nothing is opened yet.

        Args:
            url: ``sqlite:///file`` or ``postgresql://…``.

        Raises:
            SettingsError: another kind of URL.
        """
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise SettingsError("SEGMENTER_STORE is not a database URL") from error
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise SettingsError(
                f"SEGMENTER_STORE is a URL of {parsed.get_backend_name()!r}: accepted are "
                "sqlite:///file and postgresql://user:password@host/database"
            )
        if parsed.get_backend_name() == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self._url = parsed
        self._engine: Engine | None = None
        self._open_in_thread = local()

    def check(self) -> None:
        """Read something, to see whether the store answers.

        Raises:
            SQLAlchemyError: it does not.
        """
        with self.reading() as session:
            session.execute(text("SELECT version_num FROM alembic_version"))

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session whose reads see one moment."""
        with Session(self._ready()) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that is committed whole when the block ends, or not at all.

        What was committed is on the disk when this returns. Inside another one of the same thread
        it is a part of that one.
        """
        outer: Session | None = getattr(self._open_in_thread, "session", None)
        if outer is not None:
            yield outer
            outer.flush()
            return
        engine = self._ready().execution_options(writes=True)
        with Session(engine, expire_on_commit=False) as session, session.begin():
            _one_writer(session.connection())
            self._open_in_thread.session = session
            try:
                yield session
            finally:
                self._open_in_thread.session = None

    def _ready(self) -> Engine:
        if self._engine is None:
            engine = self._open()
            _migrate(engine)
            self._engine = engine
        return self._engine

    def _open(self) -> Engine:
        if self._url.get_backend_name() == "postgresql":
            return create_engine(
                self._url,
                poolclass=NullPool,
                connect_args={"connect_timeout": _CONNECT_SECONDS},
            )
        if self._url.database and self._url.database != ":memory:":
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            self._url, poolclass=NullPool, connect_args={"timeout": _BUSY_SECONDS}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transactions begin too late; see SQLAlchemy, "Serializable isolation,
    # savepoints, transactional DDL" under pysqlite.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A write that begins as a read can't wait for another writer.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _one_writer(connection: Connection) -> None:
    """SQLite has one writer at a time; PostgreSQL gets the same, which the writes rely on."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))


def _migrate(engine: Engine) -> None:
    """Bring the tables up to date; of several processes one does it, the others wait."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.execution_options(writes=True).begin() as connection:
        _one_writer(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
