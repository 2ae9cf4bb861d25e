"""A database of the first revision, full of rows, becomes one of the newest without losing a bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, MetaData, Table, insert, inspect, text
from sqlmodel import Session, SQLModel

from pipeline.detection import ObjectClass
from pipeline.plate import UNREAD
from pipeline.report import RejectionReason, Report, ReportState
from storage import report_rows
from storage.chain import LinkKind
from storage.database import Upgrade, open_database, upgrade
from storage.engine import connect, writing
from storage.ports import MAX_LIMIT, ReportFilter
from storage.report_store import SqlReportStore
from storage.reviews import Review, ReviewStep, SqlReviews
from storage.tables import HistoryRow
from storage.verification import Fault, verify_records
from tests.reports import NOON, camera_event, duplicate, final, hex_id, rejected, temporary
from tests.storage.chained import tamper
from tests.storage.schema import differences

NEWEST = "0017"
# What the program of the first revision did not know of a verdict.
_NO_RULE: dict[str, object] = {"photo_gap_s": None, "unread_allowed": None}
_OLD_TABLES = ("reports", "evidence", "report_history", "camera_events")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Connected, and not yet brought up to date."""
    engine = connect(database_url)
    yield engine
    engine.dispose()


def reports() -> list[Report]:
    """240 reports of 3 cameras, in every state, with every optional field set and unset."""
    made: list[Report] = []
    for number in range(60):
        camera = ("gate", "yard", "정문")[number % 3]
        at = NOON + timedelta(minutes=number, microseconds=number)
        more: dict[str, object] = {"camera": camera, "parked_at": at, "score": number / 61}
        made += [
            temporary(f"t{number}", plate=UNREAD, evidence=(), **more),
            final(f"f{number}", since_start=number % 2 == 0, label=ObjectClass.TRUCK, **(_NO_RULE | more)),
            rejected(f"r{number}", rejection=list(RejectionReason)[number % 9], same_view=None, **more),
            duplicate(f"d{number}", f"f{number}", last_seen_at=at + timedelta(hours=1), **more),
        ]
    return made


def fill_first_revision(engine: Engine) -> None:
    """What the program of revision 0001 had written: rows of its four tables."""
    names = columns_of(engine)["reports"]
    # The table of today has columns, and values for them, that the first revision did not know.
    today = SQLModel.metadata.tables["reports"].columns
    table = Table("reports", MetaData(), *(Column(name, today[name].type) for name in names))
    with writing(engine) as connection, Session(connection) as session:
        for number, report in enumerate(reports()):
            at = NOON + timedelta(minutes=number)
            row = report_rows.new_row(report, state=report.state, at=at)
            if report.state is ReportState.FINAL:
                row.repeats, row.last_seen_at = 1, report.parked_at + timedelta(hours=1)
            session.execute(insert(table).values({name: getattr(row, name) for name in names}))
            session.add_all(report_rows.evidence_rows(report))
            for revision, before, after in ((1, None, "temporary"), (2, "temporary", report.state.value)):
                session.add(
                    HistoryRow(
                        report_id=report.id,
                        revision=revision,
                        from_state=before,
                        to_state=after,
                        at=at,
                        by="w1",
                        why="차량 없음",
                    )
                )
        for number in range(20):
            session.add(report_rows.camera_event_row(camera_event(number)))
        session.commit()


def columns_of(engine: Engine) -> dict[str, list[str]]:
    """The names of the columns of the old tables, as they are now."""
    schema = inspect(engine)
    return {table: [str(column["name"]) for column in schema.get_columns(table)] for table in _OLD_TABLES}


def rows(engine: Engine, columns: dict[str, list[str]]) -> dict[str, list[tuple[object, ...]]]:
    """Every bit of these columns, as the database itself gives it."""
    found: dict[str, list[tuple[object, ...]]] = {}
    with engine.connect() as connection:
        for table, names in columns.items():
            listed = ", ".join(f'"{name}"' for name in names)
            rows = connection.execute(text(f"SELECT {listed} FROM {table}"))  # noqa: S608
            found[table] = sorted((tuple(row) for row in rows), key=repr)
    return found


def test_a_full_database_of_the_first_revision(engine: Engine) -> None:
    assert upgrade(engine, "0001") == Upgrade(before=None, after="0001")
    fill_first_revision(engine)
    old = columns_of(engine)
    before = rows(engine, old)
    assert {table: len(found) for table, found in before.items()} == {
        "reports": 240,
        "evidence": 240,
        "report_history": 480,
        "camera_events": 20,
    }

    assert upgrade(engine) == Upgrade(before="0001", after=NEWEST)

    assert rows(engine, old) == before
    assert differences(engine) == []
    store = SqlReportStore(engine)
    stored = {one.report.id: one for one in store.list(ReportFilter(limit=MAX_LIMIT))}
    assert {report.id: report for report in reports()} == {key: one.report for key, one in stored.items()}
    assert stored[hex_id("f7")].repeats == 1

    check = verify_records(engine)
    assert check.findings == []
    assert (check.links, check.reports) == (240, 240)
    assert {head.kind for head in check.heads.values()} == {LinkKind.ADOPTED}

    # Life goes on in the same chain.
    store.apply(final("t0", camera="gate"), at=NOON, by="w2")
    store.move(hex_id("f7"), ReportState.EXPORTED, at=NOON, by="anna", why="for the city")
    check = verify_records(engine)
    assert (check.findings, check.links, check.heads["gate"].position) == ([], 242, 81)


def test_the_newest_has_nothing_to_do(engine: Engine) -> None:
    upgrade(engine)
    assert upgrade(engine) == Upgrade(before=NEWEST, after=NEWEST)


def test_an_upgrade_that_fails_changes_nothing(engine: Engine) -> None:
    upgrade(engine, "0001")
    fill_first_revision(engine)
    old = columns_of(engine)
    before = rows(engine, old)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE access_log (id INTEGER)"))
    with pytest.raises(Exception, match="access_log"):
        upgrade(engine)
    assert rows(engine, old) == before
    with writing(engine) as connection:
        connection.execute(text("DROP TABLE access_log"))
    assert upgrade(engine).before == "0001"
    assert verify_records(engine).findings == []


def test_reviews_from_before_they_were_chained_are_adopted(engine: Engine) -> None:
    upgrade(engine, "0008")
    store, reviews = SqlReportStore(engine), SqlReviews(engine)
    for name in ("a", "b", "c"):
        store.apply(final(name), at=NOON, by="w1")
    step = Review(report_id=hex_id("a"), step=ReviewStep.CONFIRMED, by="anna", at=NOON)
    corrected = replace(step, step=ReviewStep.CORRECTED, becomes="34나5678")
    for name in ("a", "b"):
        reviews.add(replace(step, report_id=hex_id(name)))
        reviews.add(replace(corrected, report_id=hex_id(name)))
    # The program of that revision chained no reviews; and somebody altered the second report since.
    tamper(
        engine,
        "DELETE FROM chain WHERE position > 3",
        f"UPDATE reports SET score = 0.01 WHERE id = '{hex_id('b')}'",  # noqa: S608
    )

    assert upgrade(engine) == Upgrade(before="0008", after=NEWEST)

    check = verify_records(engine)
    assert [(one.fault, one.subject) for one in check.findings] == [(Fault.ALTERED, f"report {hex_id('b')}")]
    assert (check.links, check.heads["gate"].kind) == (4, LinkKind.ADOPTED)


def test_opening_upgrades_by_itself(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'g.db'}"
    old = connect(url)
    upgrade(old, "0001")
    old.dispose()
    engine = open_database(url)
    assert upgrade(engine).before == NEWEST
    engine.dispose()
