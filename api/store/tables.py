"""The tables. A change here needs a migration in ``migrations/versions``."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, DateTime, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = ["Base", "LabelRow", "PageRow", "RepeatRow", "RunRow"]

_NAME: Final = String(500)
_MOMENT: Final = DateTime(timezone=True)


class Base(DeclarativeBase):
    """What all tables share."""


class PageRow(Base):
    """A page; its text goes when the row goes."""

    __tablename__ = "pages"

    id: Mapped[str] = mapped_column(_NAME, primary_key=True)
    url: Mapped[str | None] = mapped_column(Text)
    input: Mapped[str] = mapped_column(String(8))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    stored_at: Mapped[datetime] = mapped_column(_MOMENT)


class LabelRow(Base):
    """One revision of a page's labels; the latest counts, the others are its history."""

    __tablename__ = "labels"
    __table_args__ = (Index("labels_by_page", "page_id", "revision", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    page_id: Mapped[str] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"))
    revision: Mapped[int]
    latest: Mapped[bool]
    blocks: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    annotator: Mapped[str | None] = mapped_column(_NAME)
    source: Mapped[str | None] = mapped_column(_NAME)
    model_name: Mapped[str | None] = mapped_column(_NAME)
    model_version: Mapped[str | None] = mapped_column(_NAME)
    labelled_at: Mapped[datetime] = mapped_column(_MOMENT)


class RunRow(Base):
    """A training run."""

    __tablename__ = "training_runs"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(_MOMENT)
    started_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    finished_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    heartbeat: Mapped[datetime | None] = mapped_column(_MOMENT)
    worker: Mapped[str | None] = mapped_column(_NAME)
    cancel: Mapped[bool]
    progress: Mapped[float]
    log: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class RepeatRow(Base):
    """The answer to a request that may be sent again, by who sent it and the key they chose."""

    __tablename__ = "repeats"

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    headers: Mapped[dict[str, str]] = mapped_column(JSON)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[datetime] = mapped_column(_MOMENT, index=True)
