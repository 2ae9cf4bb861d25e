from __future__ import annotations

import multiprocessing
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

import storage.account_tables
import storage.review_tables
import storage.tables  # noqa: F401  (fills the metadata)
from pipeline.errors import StorageError, StorageUnavailableError
from storage.database import open_database
from storage.engine import connect, writing
from storage.report_store import SqlReportStore
from tests.reports import NOON, hex_id, temporary
from tests.storage.schema import differences


def test_the_migrations_make_what_the_tables_say(database_url: str) -> None:
    engine = open_database(database_url)
    assert differences(engine) == []
    engine.dispose()


def test_opening_again_keeps_what_is_stored(database_url: str) -> None:
    engine = open_database(database_url)
    SqlReportStore(engine).apply(temporary(), at=NOON, by="w")
    engine.dispose()
    again = open_database(database_url)
    assert SqlReportStore(again).get(hex_id("a")) is not None
    again.dispose()


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    engine = open_database(database_url)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StorageError, match="update Gotcha"):
        open_database(database_url)


def _open(url: str) -> str:
    try:
        open_database(url).dispose()
    except StorageError as error:
        return str(error)
    return "opened"


def test_programs_that_start_together_upgrade_once(database_url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.map(_open, [database_url] * 3) == ["opened"] * 3


@contextmanager
def another_upgrade(url: str) -> Iterator[Connection]:
    """Another program in the midst of an upgrade; it ends when its transaction does."""
    other = connect(url)
    with writing(other) as connection:
        if other.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(7034188251)"))
        yield connection
    other.dispose()


def test_an_upgrade_of_another_program_is_waited_for_longer_than_any_writer(
    database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shorten_the_wait_for_a_lock(monkeypatch)
    with ThreadPoolExecutor() as pool:
        with another_upgrade(database_url):
            opening = pool.submit(open_database, database_url)
            with pytest.raises(TimeoutError):
                opening.result(timeout=1.0)
        opening.result(timeout=30.0).dispose()
    said = [one.message for one in caplog.records if "waiting for it" in one.message]
    assert len(said) == 1


def test_a_database_that_stays_locked_is_said(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_the_wait_for_a_lock(monkeypatch)
    monkeypatch.setattr("storage.database.UPGRADE_PATIENCE_S", 0.5)
    with another_upgrade(database_url), pytest.raises(StorageUnavailableError, match="lock"):
        open_database(database_url)


def test_an_up_to_date_database_opens_beside_a_writer(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_database(database_url).dispose()
    monkeypatch.setattr("storage.database.UPGRADE_PATIENCE_S", 0.0)
    shorten_the_wait_for_a_lock(monkeypatch)
    with another_upgrade(database_url):
        open_database(database_url).dispose()


def shorten_the_wait_for_a_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.engine.BUSY_TIMEOUT_S", 0.1)
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_S", 0.1)


def test_sqlite_is_safe_against_a_power_cut(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'deep' / 'g.db'}")
    with engine.connect() as connection:
        settings = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "nonsense",
        "mysql://u:hunter2@h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://u:hunter2@h:x/d",
    ],
)
def test_a_wrong_address_is_said_without_the_password(bad: str) -> None:
    with pytest.raises(StorageError, match=r"database\.url") as error:
        open_database(bad)
    assert "hunter2" not in _chain(error.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://gotcha:hunter2@127.0.0.1:{port}/reports",
        "postgresql://127.0.0.1:{port}/reports?user=gotcha&password=hunter2",
        "postgresql://127.0.0.1:{port}/reports?sslpassword=hunter2",
    ],
)
def test_a_database_that_does_not_answer_is_said_without_the_password(address: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(StorageUnavailableError, match="is not available") as error:
            open_database(address.format(port=port))
    assert "hunter2" not in str(error.value)
    assert str(port) in str(error.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "g.db"
    file.write_text("this is no database, it is a text that is long enough to have a header\n" * 20)
    with pytest.raises(StorageError, match="not a database"):
        open_database(f"sqlite:///{file}")


def test_a_naive_time_never_reaches_the_database(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'g.db'}")
    with pytest.raises(StorageError, match="aware"):
        SqlReportStore(engine).apply(temporary(), at=NOON.replace(tzinfo=None), by="w")
    engine.dispose()


def test_a_locked_database_is_unavailable_not_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.engine.BUSY_TIMEOUT_S", 0.1)
    url = f"sqlite:///{tmp_path / 'g.db'}"
    engine = open_database(url)
    other = create_engine(url)
    with other.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailableError, match="locked"):
            SqlReportStore(engine).apply(temporary(), at=NOON, by="w")
        connection.rollback()
    SqlReportStore(engine).apply(temporary(), at=NOON, by="w")
    other.dispose()
    engine.dispose()


def _chain(error: BaseException | None) -> str:
    parts: list[str] = []
    while error is not None:
        parts.append(str(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(parts)
