"""The store, the same tests on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from live_server import ROOT
from sqlalchemy import create_engine, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from api.settings import SettingsError
from api.store.engine import Database
from api.store.labels import LabelStore
from api.store.repeats import KEPT_FOR, KeptAnswer, RepeatStore
from api.store.runs import RunStore
from api.store.tables import Base, RepeatRow, RunRow
from bench.postgres import programs, running_server
from segmenter.labels.records import LabelRecord, RecordBlock
from segmenter.types import ModelId

BODY = (RecordBlock("body", "Some text"),)
PAGE = LabelRecord("a", "text", "Some text, as it was scraped", "https://a.example/1", BODY)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if programs() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with running_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'data' / 'store.db'}"
    server: str = request.getfixturevalue("server")
    name = f"t{time.time_ns()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return server.rsplit("/", 1)[0] + f"/{name}"


@pytest.fixture
def labels(url: str) -> LabelStore:
    return LabelStore(Database(url))


@pytest.fixture
def runs(url: str) -> RunStore:
    return RunStore(Database(url))


def test_a_page_comes_back_as_it_went_in(labels: LabelStore) -> None:
    page = replace(
        PAGE,
        content="Zeile\x00\r\n😀 日本",
        annotator="ada",
        source="form",
        model=ModelId("m", "1"),
    )
    assert labels.put([page]) == {"a": 1}
    stored = labels.get("a")
    assert stored is not None
    assert stored.record == page
    (revision,) = stored.revisions
    assert (revision.annotator, revision.source, revision.model) == ("ada", "form", page.model)
    assert abs(datetime.now(UTC) - revision.labelled_at) < timedelta(minutes=1)


def test_a_changed_label_keeps_its_history(labels: LabelStore) -> None:
    labels.put([replace(PAGE, annotator="ada")])
    changed = replace(PAGE, blocks=(RecordBlock("deck", "Some text"),), annotator="bob")
    assert labels.put([changed]) == {"a": 2}
    assert labels.put([changed]) == {"a": 2}  # the same again is no change
    stored = labels.get("a")
    assert stored is not None
    assert [(r.number, r.annotator, r.blocks[0].label) for r in stored.revisions] == [
        (1, "ada", "body"),
        (2, "bob", "deck"),
    ]
    assert labels.records(labelled=True) == [changed]


def test_pages_without_labels_are_the_pool(labels: LabelStore) -> None:
    bare = replace(PAGE, id="b", blocks=())
    assert labels.put([PAGE, bare]) == {"a": 1, "b": 0}
    assert labels.records(labelled=False) == [bare]
    assert labels.records(labelled=True) == [PAGE]
    assert labels.put([replace(PAGE, blocks=())]) == {"a": 1}  # labels stay


def test_ids_in_order_and_in_parts(labels: LabelStore) -> None:
    labels.put([replace(PAGE, id=f"{n:02}") for n in range(5)])
    assert labels.page_ids(3) == ["00", "01", "02"]
    assert labels.page_ids(3, after="02") == ["03", "04"]


def test_a_batch_is_stored_whole_or_not_at_all(labels: LabelStore) -> None:
    broken = replace(PAGE, id="b" * 10, blocks=(RecordBlock("body", object()),))  # type: ignore[arg-type]
    with pytest.raises(Exception, match="JSON"):
        labels.put([PAGE, broken])
    assert labels.page_ids(10) == []


def test_deleting_a_page_deletes_its_text(labels: LabelStore, url: str) -> None:
    secret = "Vertraulich" * 50
    labels.put([replace(PAGE, blocks=(RecordBlock("body", secret),))])
    assert labels.delete("a")
    assert not labels.delete("a")
    assert labels.get("a") is None
    assert labels.records(labelled=True) == []
    if url.startswith("sqlite"):
        # Once the log is merged, nothing of it is left in the file.
        engine = create_engine(url)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
        assert b"Vertraulich" not in Path(str(make_url(url).database)).read_bytes()


def test_many_writers_lose_nothing(url: str) -> None:
    def write(number: int) -> None:
        store = LabelStore(Database(url))
        for step in range(5):
            store.put([replace(PAGE, annotator=f"{number}-{step}"), replace(PAGE, id=f"{number}")])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    stored = LabelStore(Database(url)).get("a")
    assert stored is not None
    assert [revision.number for revision in stored.revisions] == list(range(1, 31))


WRITING = """
import sys
from api.store.engine import Database
from api.store.labels import LabelStore
from segmenter.labels.records import LabelRecord, RecordBlock
store = LabelStore(Database(sys.argv[1]))
number = int(sys.argv[2])
while True:
    number += 1
    text = f"{number} " * 500
    batch = [
        LabelRecord(f"{number}-{part}", "text", text, None, (RecordBlock("body", text),))
        for part in range(3)
    ]
    store.put(batch)
    print(number, flush=True)
"""


@pytest.mark.slow
def test_killed_while_writing_nothing_is_lost_or_half_there(url: str) -> None:
    """What was reported as stored is there, and every batch is there whole."""
    answered = 0
    for turn in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITING, url, str(turn * 100_000)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        seen = [int(process.stdout.readline())]
        time.sleep(0.02 + 0.017 * turn)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        seen += [int(line) for line in process.stdout.read().split("\n")[:-1]]
        process.stdout.close()
        answered += len(seen)
        pages = set(LabelStore(Database(url)).page_ids(1_000_000))
        stored = {int(identity.split("-")[0]) for identity in pages}
        assert set(seen) <= stored
        assert len(pages) == 3 * len(stored)
    assert answered >= 6


def test_the_migrations_make_the_tables_of_the_code(url: str) -> None:
    database = Database(url)
    LabelStore(database).page_ids(1)
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg")
                           if url.startswith("postgresql") else url)  # fmt: skip
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


@pytest.mark.parametrize("url", ["mysql://host/x", "no url", ""])
def test_other_stores_are_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="SEGMENTER_STORE"):
        Database(url)


OPTIONS = {"promote": "gate"}


def test_a_run_from_queue_to_end(runs: RunStore) -> None:
    run = runs.create(OPTIONS)
    assert (run.state, runs.queued()) == ("queued", [run.id])
    assert runs.claim(run.id, "w")
    assert not runs.claim(run.id, "w")
    assert runs.progress(run.id, "fitting", 0.2)
    assert runs.progress(run.id, "fitting", 0.4)
    assert not runs.beat(run.id)
    runs.finish(run.id, "succeeded", outcome={"version": "v"})
    runs.finish(run.id, "failed", error="too late")
    ended = runs.get(run.id)
    assert ended is not None
    assert (ended.state, ended.progress, ended.error) == ("succeeded", 1.0, None)
    assert [entry["step"] for entry in ended.log] == ["fitting"]
    assert ended.outcome == {"version": "v"}
    assert runs.latest(5) == [ended]


def test_one_run_at_a_time(runs: RunStore) -> None:
    first, second = runs.create(OPTIONS), runs.create(OPTIONS)
    assert runs.claim(first.id, "w")
    assert not runs.claim(second.id, "other")
    runs.finish(first.id, "failed", error="x")
    assert runs.claim(second.id, "other")


def test_cancel(runs: RunStore) -> None:
    waiting, working = runs.create(OPTIONS), runs.create(OPTIONS)
    runs.claim(working.id, "w")
    cancelled = runs.cancel(waiting.id)
    assert cancelled is not None
    assert cancelled.state == "cancelled"
    assert not runs.claim(waiting.id, "w")
    runs.cancel(working.id)
    assert runs.beat(working.id)
    assert not runs.progress(working.id, "writing the version", 0.9)
    assert runs.cancel("none") is None


def test_runs_of_a_worker_that_is_gone_are_failed(runs: RunStore, url: str) -> None:
    mine, theirs = runs.create(OPTIONS), runs.create(OPTIONS)
    runs.claim(mine.id, "w")
    assert runs.fail_silent("another") == []
    assert runs.fail_silent("w") == [mine.id]
    runs.claim(theirs.id, "w2")
    with Database(url).writing() as session:
        old = datetime.now(UTC) - timedelta(minutes=5)
        session.execute(update(RunRow).where(RunRow.id == theirs.id).values(heartbeat=old))
    assert runs.fail_silent() == [theirs.id]
    failed = runs.get(theirs.id)
    assert failed is not None
    assert failed.error == "the worker ended in the middle of the run"


def test_a_kept_answer_is_committed_with_what_it_tells_of_or_not_at_all(url: str) -> None:
    database = Database(url)
    kept, pages = RepeatStore(database), LabelStore(database)
    answer = KeptAnswer(b"digest", 201, {"Content-Type": "application/json"}, b"{}")

    def fails() -> None:
        with kept.transaction():
            pages.put([PAGE])
            kept.keep("ada", "one", answer)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert (kept.find("ada", "one"), pages.page_ids(10)) == (None, [])
    with kept.transaction():
        pages.put([PAGE])
        kept.keep("ada", "one", answer)
    assert (kept.find("ada", "one"), pages.page_ids(10)) == (answer, ["a"])
    assert kept.find("bob", "one") is None


def test_answers_are_kept_for_a_day(url: str) -> None:
    database = Database(url)
    kept = RepeatStore(database)
    answer = KeptAnswer(b"digest", 201, {}, b"{}")
    for key in ("old", "new"):
        kept.keep("ada", key, answer)
    with database.writing() as session:
        past = datetime.now(UTC) - KEPT_FOR - timedelta(seconds=1)
        session.execute(update(RepeatRow).where(RepeatRow.key == "old").values(kept_at=past))
    assert (kept.find("ada", "old"), kept.find("ada", "new")) == (None, answer)
    with kept.transaction():
        assert kept.find("ada", "old") is None
        kept.keep("ada", "old", answer)
    assert kept.find("ada", "old") == answer


def test_whether_the_store_answers(url: str, tmp_path: Path) -> None:
    Database(url).check()
    (tmp_path / "file").write_bytes(b"no database")
    with pytest.raises(DatabaseError):
        Database(f"sqlite:///{tmp_path / 'file'}").check()
