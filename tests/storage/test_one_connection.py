"""Many questions of one answer go over one connection."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from pipeline.errors import StorageError
from storage.database import open_database
from storage.report_store import SqlReportStore
from storage.transactions import asking, one_connection
from tests.reports import NOON, final, hex_id


def test_questions_share_a_connection_and_writing_has_its_own(engine: Engine) -> None:
    taken: list[object] = []
    event.listen(engine, "checkout", lambda connection, _entry, _proxy: taken.append(connection))
    store = SqlReportStore(engine)
    with one_connection(engine):
        assert store.get(hex_id("a")) is None
        assert store.history(hex_id("a")) == ()
        assert len(taken) == 1
        store.apply(final("a"), at=NOON, by="w1")
        assert len(taken) == 2
    assert store.get(hex_id("a")) is not None
    assert len(taken) == 3


def test_another_thread_and_another_database_have_their_own(tmp_path: Path) -> None:
    engines = [open_database(f"sqlite:///{tmp_path / name}.db") for name in ("one", "two")]

    def of(engine: Engine) -> object:
        with asking(engine) as connection:
            return connection.connection.dbapi_connection

    with one_connection(engines[0]):
        shared = of(engines[0])
        assert of(engines[0]) is shared
        assert of(engines[1]) is not shared
        with ThreadPoolExecutor(1) as threads:
            assert threads.submit(of, engines[0]).result() is not shared
    for engine in engines:
        engine.dispose()


def test_what_goes_wrong_ends_it(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'g.db'}")
    with pytest.raises(StorageError), one_connection(engine), asking(engine) as connection:
        connection.exec_driver_sql("SELECT nothing FROM nowhere")
    assert SqlReportStore(engine).get(hex_id("a")) is None
    engine.dispose()
