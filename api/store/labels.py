"""Labelled pages in the store."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from api.store.engine import Database
from api.store.tables import LabelRow, PageRow
from segmenter.labels.records import LabelRecord, RecordBlock
from segmenter.types import InputKind, ModelId

__all__ = ["LabelStore", "Revision", "StoredPage"]


@dataclass(frozen=True, slots=True)
class Revision:
    """A page's labels at one time: who gave them, when, from where."""

    number: int
    blocks: tuple[RecordBlock, ...]
    annotator: str | None
    source: str | None
    model: ModelId | None
    labelled_at: datetime


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A page of the store.

    Attributes:
        record: with its latest labels.
        revisions: all of its labels, oldest first; the latest are those of the record.
    """

    record: LabelRecord
    revisions: tuple[Revision, ...]


class LabelStore:
    """Reads and writes labelled pages; a batch is there whole or not at all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, records: Sequence[LabelRecord]) -> dict[str, int]:
        """Store pages; labels that differ from the latest become a new revision.

        A page that is there gets the new content and address. Without blocks its labels stay.

        Returns:
            for each page the number of its latest revision, 0 for a page without labels.
        """
        now = datetime.now(UTC)
        with self._database.writing() as session:
            return {record.id: _put(session, record, now) for record in records}

    def get(self, identity: str) -> StoredPage | None:
        """A page with its history."""
        with self._database.reading() as session:
            page = session.get(PageRow, identity)
            if page is None:
                return None
            found = session.scalars(
                select(LabelRow).where(LabelRow.page_id == identity).order_by(LabelRow.revision)
            ).all()
            revisions = tuple(map(_revision, found))
            return StoredPage(_record(page, revisions[-1] if revisions else None), revisions)

    def page_ids(self, limit: int, after: str = "") -> list[str]:
        """Ids in order, those behind ``after``."""
        with self._database.reading() as session:
            query = select(PageRow.id).where(PageRow.id > after).order_by(PageRow.id).limit(limit)
            return list(session.scalars(query))

    def records(self, *, labelled: bool) -> list[LabelRecord]:
        """All pages with their latest labels, or all pages without."""
        with self._database.reading() as session:
            return list(_records(session, labelled))

    def delete(self, identity: str) -> bool:
        """Remove a page, its text and all of its labels; whether it was there."""
        with self._database.writing() as session:
            session.execute(delete(LabelRow).where(LabelRow.page_id == identity))
            gone = session.execute(
                delete(PageRow).where(PageRow.id == identity).returning(PageRow.id)
            )
            return gone.first() is not None


def _put(session: Session, record: LabelRecord, now: datetime) -> int:
    content = zlib.compress(record.content.encode("utf-8"))
    page = session.get(PageRow, record.id)
    if page is None:
        page = PageRow(
            id=record.id, url=record.url, input=record.input, content=content, stored_at=now
        )
        session.add(page)
        session.flush()
    else:
        page.url, page.input, page.content = record.url, record.input, content
    last = session.scalar(
        select(LabelRow).where(LabelRow.page_id == record.id, LabelRow.latest.is_(True))
    )
    if not record.blocks:
        return last.revision if last is not None else 0
    row = _row(record, 1 if last is None else last.revision + 1, now)
    if last is not None:
        if _same(last, row):
            return last.revision
        session.execute(update(LabelRow).where(LabelRow.page_id == record.id).values(latest=False))
    session.add(row)
    session.flush()
    return row.revision


def _row(record: LabelRecord, revision: int, now: datetime) -> LabelRow:
    model = record.model
    return LabelRow(
        page_id=record.id,
        revision=revision,
        latest=True,
        blocks=[block.to_dict() for block in record.blocks],
        annotator=record.annotator,
        source=record.source,
        model_name=None if model is None else model.name,
        model_version=None if model is None else model.version,
        labelled_at=now,
    )


def _same(old: LabelRow, new: LabelRow) -> bool:
    names = ("blocks", "annotator", "source", "model_name", "model_version")
    return all(getattr(old, name) == getattr(new, name) for name in names)


def _records(session: Session, labelled: bool) -> Iterator[LabelRecord]:
    if labelled:
        query = select(PageRow, LabelRow).join(LabelRow).where(LabelRow.latest.is_(True))
        for page, row in session.execute(query.order_by(PageRow.id)):
            yield _record(page, _revision(row))
        return
    known = select(func.count()).where(LabelRow.page_id == PageRow.id).scalar_subquery()
    for page in session.scalars(select(PageRow).where(known == 0).order_by(PageRow.id)):
        yield _record(page, None)


def _revision(row: LabelRow) -> Revision:
    model = None
    if row.model_name is not None and row.model_version is not None:
        model = ModelId(row.model_name, row.model_version)
    blocks = tuple(RecordBlock(**block) for block in row.blocks)
    # SQLite gives moments back without their zone.
    moment = row.labelled_at if row.labelled_at.tzinfo else row.labelled_at.replace(tzinfo=UTC)
    return Revision(row.revision, blocks, row.annotator, row.source, model, moment)


def _record(page: PageRow, revision: Revision | None) -> LabelRecord:
    kind: InputKind = "html" if page.input == "html" else "text"
    content = zlib.decompress(page.content).decode("utf-8")
    if revision is None:
        return LabelRecord(page.id, kind, content, page.url)
    return LabelRecord(
        page.id, kind, content, page.url, revision.blocks,
        revision.annotator, revision.source, revision.model,
    )  # fmt: skip
