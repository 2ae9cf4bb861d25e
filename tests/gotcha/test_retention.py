"""What may be kept no longer goes, rows and evidence together; what remains verifies."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from gotcha import hourly as hourly_module
from gotcha.evidence_wiring import evidence_on_the_way
from gotcha.retention import Purge, open_purge, purging_hourly
from jobs.outbox import Outbox
from pipeline.errors import EvidenceError
from pipeline.report import EvidenceKind, ReportState
from storage.access_log import AccessAction, SqlAccessLog
from storage.blob_store import BlobStore, StoredBlob
from storage.engine import writing
from storage.evidence_check import verify_evidence
from storage.ports import Outcome, ReportFilter
from storage.retention import KEPT_TABLES, SqlRetention
from storage.verification import verify_records
from tests.gotcha.kept import YAML, Kept, kept
from tests.postgres import NewDatabase
from tests.reports import duplicate, final, hex_id, rejected, temporary
from tests.s3 import NewBucket

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture(params=["sqlite+folder", "postgresql+bucket"])
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    yaml = YAML
    if request.param == "postgresql+bucket":
        new_bucket: NewBucket = request.getfixturevalue("new_bucket")
        new_database: NewDatabase = request.getfixturevalue("new_postgres_database")
        address = new_bucket()
        monkeypatch.setenv("DB", new_database())
        yaml += f"evidence: {{s3: {{bucket: {address.bucket}, endpoint: '{address.endpoint}'}}}}\n"
        yaml += "database: {url: '${DB}'}\n"
    made = kept(tmp_path, yaml)
    yield made
    made.engine.dispose()


def verified(home: Kept) -> list[str]:
    listed = list(home.evidence.blobs())
    records = verify_records(home.engine)
    found = [*records.findings, *verify_evidence(records, home.evidence, listed)]
    return [f"{finding.fault} {finding.subject}" for finding in found]


def keys(home: Kept) -> set[str]:
    return {blob.key for blob in home.evidence.blobs()}


def states(home: Kept) -> dict[str, ReportState]:
    return {stored.report.id: stored.state for stored in home.store.list(ReportFilter())}


def test_each_state_has_its_days(home: Kept) -> None:
    for days in (29, 31, 364, 366):
        at = NOW - days * DAY
        for name, make in (("t", temporary), ("r", rejected), ("f", final), ("x", final)):
            report = make(f"{name}{days}", evidence=(home.put(f"{name}{days}".encode()), *_second(home)))
            home.keep(report, at)
        home.store.move(hex_id(f"x{days}"), ReportState.EXPORTED, at=at, by="anna", why="asked for")
        home.keep(duplicate(f"d{days}", f"f{days}", evidence=(home.put(f"d{days}".encode()),)), at)
    before = verified(home)

    done = open_purge(home.config, home.engine).run(NOW)

    assert before == verified(home) == []
    assert done.expired == {
        ReportState.TEMPORARY: 3,
        ReportState.REJECTED: 3,
        ReportState.DUPLICATE: 3,
        ReportState.FINAL: 1,
        ReportState.EXPORTED: 1,
    }
    left = {f"{name}29" for name in "trdfx"} | {f"{name}{days}" for name in "fx" for days in (31, 364)}
    assert states(home).keys() == {hex_id(name) for name in left}
    assert len(keys(home)) == len(left) + 1
    assert (done.evidence, done.waiting) == (11, 0)
    # The count of repeats outlives the repeats.
    original = home.store.get(hex_id("f31"))
    assert original is not None
    assert original.repeats == 1


def _second(home: Kept) -> tuple[object, ...]:
    return (home.put(b"the same photo 2 of all", EvidenceKind.PHOTO_2),)


def test_the_history_says_what_was_done(home: Kept) -> None:
    home.keep(rejected("r", evidence=(home.put(b"r"),)), NOW - 31 * DAY)
    open_purge(home.config, home.engine).run(NOW)
    last = home.store.history(hex_id("r"))[-1]
    assert (last.from_state, last.to_state, last.at, last.by) == (
        ReportState.REJECTED,
        ReportState.EXPIRED,
        NOW,
        "retention",
    )
    assert last.why == "kept 30 days as rejected; deleted with its evidence"


def test_nothing_personal_is_left(home: Kept) -> None:
    photos = (home.put(b"1"), home.put(b"2", EvidenceKind.PHOTO_2))
    home.keep(final("f", evidence=photos, note=""), NOW - 400 * DAY)
    open_purge(home.config, home.engine).run(NOW)
    tables = ("reports", "evidence", "evidence_to_delete", "tombstones", "chain", "report_history")
    with home.engine.connect() as connection:
        left = {
            table: [str(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {table}"))]  # noqa: S608
            for table in tables
        }
    assert [len(rows) for rows in left.values()] == [0, 0, 0, 1, 2, 2]
    assert not [row for rows in left.values() for row in rows if "12가3456" in row or ".jpg" in row]


def test_a_photo_that_another_report_names_stays(home: Kept) -> None:
    shared = home.put(b"one picture with two vehicles")
    home.keep(rejected("old", evidence=(shared,)), NOW - 31 * DAY)
    home.keep(final("young", evidence=(shared, home.put(b"2", EvidenceKind.PHOTO_2))), NOW - 31 * DAY)
    done = open_purge(home.config, home.engine).run(NOW)
    assert (done.evidence, shared.key in keys(home)) == (0, True)
    assert verified(home) == []
    later = open_purge(home.config, home.engine).run(NOW + 366 * DAY)
    assert (later.evidence, keys(home)) == (2, set())
    assert verified(home) == []


def test_news_of_an_expired_report_does_not_bring_it_back(home: Kept) -> None:
    home.keep(temporary("a"), NOW - 31 * DAY)
    open_purge(home.config, home.engine).run(NOW)
    applied = home.store.apply(final("a"), at=NOW, by="w")
    assert (applied.outcome, applied.state) == (Outcome.IGNORED, ReportState.EXPIRED)
    assert home.store.get(hex_id("a")) is None
    assert verify_records(home.engine).findings == []


def test_a_purge_that_is_interrupted_goes_on(home: Kept) -> None:
    class Away:
        """The store answers once, then no more."""

        def __init__(self, inner: BlobStore) -> None:
            self.inner, self.left = inner, 1

        def delete(self, key: str) -> bool:
            if not self.left:
                raise EvidenceError("the store is away")
            self.left -= 1
            return self.inner.delete(key)

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

    for number in range(3):
        home.keep(rejected(number, evidence=(home.put(b"%d" % number),)), NOW - 31 * DAY)
    log = SqlAccessLog(home.engine)
    rules, outbox = home.config.retention, home.config.state_dir / "outbox.db"
    away = Purge(rules, SqlRetention(home.engine), Away(home.evidence), log, outbox)  # type: ignore[arg-type]
    done = away.run(NOW)
    assert (sum(done.expired.values()), done.evidence, done.waiting) == (3, 0, 2)
    assert verified(home) == []
    done = open_purge(home.config, home.engine).run(NOW)
    assert (sum(done.expired.values()), done.evidence, done.waiting, keys(home)) == (0, 2, 0, set())


def test_many_purges_at_once_expire_each_report_once(home: Kept) -> None:
    for number in range(20):
        home.keep(rejected(number, evidence=(home.put(b"%d" % number),)), NOW - 31 * DAY)
    done: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: done.append(sum(open_purge(home.config, home.engine).run(NOW).expired.values()))
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(done), len(done)) == (20, 3)
    assert [len(home.store.history(hex_id(number))) for number in range(20)] == [2] * 20
    assert verified(home) == []


def test_the_command_says_first_and_then_does(home: Kept) -> None:
    home.keep(rejected("r", evidence=(home.put(b"r"),)), NOW - 31 * DAY)
    home.keep(temporary("t", evidence=(home.put(b"t"),)), NOW)
    dry = home.run("purge", "--dry-run")
    assert dry.exit_code == 0
    assert hex_id("r") in dry.stdout
    assert "1 reports would be deleted" in dry.stdout
    assert len(states(home)) == 2
    done = home.run("purge")
    assert done.stdout == "1 reports expired (1 rejected), 1 pieces of evidence deleted.\n"
    assert states(home).keys() == {hex_id("t")}
    assert home.run("verify").exit_code == 0


def test_a_running_worker_purges_by_itself(home: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hourly_module, "FIRST_AFTER_S", 0.01)
    home.keep(rejected("r", evidence=(home.put(b"r"),)), NOW - 31 * DAY)
    with purging_hourly(home.config, home.engine):
        for _ in range(200):
            if not states(home):
                break
            threading.Event().wait(0.05)
    assert (states(home), keys(home)) == ({}, set())


# Evidence that no report names.


@pytest.fixture
def folder_home(tmp_path: Path) -> Iterator[Kept]:
    made = kept(tmp_path)
    yield made
    made.engine.dispose()


def aged(home: Kept, data: bytes, days: int, camera: str = "gate") -> str:
    key = home.put(data, camera=camera).key
    written = (NOW - days * DAY).timestamp()
    os.utime(home.config.evidence_dir / key, (written, written))
    return key


def unnamed(home: Kept) -> list[StoredBlob]:
    return list(open_purge(home.config, home.engine).unnamed(NOW, evidence_on_the_way(home.config)))


def test_what_no_report_ever_named_goes_too(folder_home: Kept) -> None:
    home = folder_home
    named = home.put(b"named")
    home.keep(final("f", evidence=(named, home.put(b"2", EvidenceKind.PHOTO_2))), NOW - 100 * DAY)
    os.utime(home.config.evidence_dir / named.key, (0, 0))
    lost, young = aged(home, b"lost", 31), aged(home, b"young", 29)
    foreign_camera, before_us = aged(home, b"other", 31, "yard"), aged(home, b"older", 200)
    assert [blob.key for blob in unnamed(home)] == [lost]
    done = open_purge(home.config, home.engine).run(NOW, on_the_way=frozenset())
    assert done.unnamed == 1
    assert lost not in keys(home)
    assert {young, foreign_camera, before_us, named.key} <= keys(home)
    (entry,) = SqlAccessLog(home.engine).entries()
    assert (entry.action, entry.key, entry.who) == (AccessAction.PURGE, lost, "retention")


def test_evidence_of_dead_letters_elsewhere_is_left_alone_as_long_as_they_are_kept(tmp_path: Path) -> None:
    """A worker knows the outbox of its own machine alone, and the evidence of all."""
    home = kept(tmp_path, YAML + "retention: {dead_letter_days: 40}\n")
    home.keep(temporary("f", evidence=()), NOW - 100 * DAY)
    aged(home, b"of a dead letter elsewhere", 35)
    nobodys = aged(home, b"nobody's", 41)
    assert [blob.key for blob in unnamed(home)] == [nobodys]
    home.engine.dispose()


def test_what_is_on_its_way_is_left_alone(folder_home: Kept) -> None:
    home = folder_home
    home.keep(temporary("f", evidence=()), NOW - 100 * DAY)
    queued, remembered = aged(home, b"queued", 31), aged(home, b"remembered", 31)
    outbox = Outbox(home.config.state_dir / "outbox.db")
    outbox.offer(temporary("q", evidence=(home.put(b"queued"),)))
    memory = home.config.state_dir / "memory" / "gate.json"
    memory.parent.mkdir()
    memory.write_text(json.dumps({"cases": [{"evidence": [{"key": remembered}]}]}))
    for data, key in ((b"queued", queued), (b"remembered", remembered)):
        assert aged(home, data, 31) == key
    assert evidence_on_the_way(home.config) == {queued, remembered}
    assert unnamed(home) == []
    outbox.close()


def test_every_table_that_names_a_report_is_emptied_of_it_or_kept_on_purpose(home: Kept) -> None:
    """Vectors, reviews and whatever comes: personal data must not outlive its report by being forgotten."""
    schema = inspect(home.engine)
    naming = {
        table
        for table in schema.get_table_names()
        if any(column["name"] == "report_id" for column in schema.get_columns(table))
    }
    assert naming > KEPT_TABLES
    home.keep(final("f", evidence=(home.put(b"1"), *_second(home))), NOW - 400 * DAY)
    with writing(home.engine) as connection:
        corrected = "VALUES (:id, 'correct', '', '12가3456', '12가3457', 'anna', '2026-01-01')"
        columns = 'report_id, step, reason, was, becomes, "by", at'
        connection.execute(text(f"INSERT INTO reviews ({columns}) {corrected}"), {"id": hex_id("f")})
    open_purge(home.config, home.engine).run(NOW)
    with home.engine.connect() as connection:
        for table in sorted(naming - KEPT_TABLES):
            query = text(f"SELECT count(*) FROM {table} WHERE report_id = '{hex_id('f')}'")  # noqa: S608
            assert connection.execute(query).scalar() == 0, table
