"""Records beside the reports have their days too: what could not be stored, and who looked for what."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gotcha import hourly as hourly_module
from gotcha.dead_letters import burying_hourly
from gotcha.evidence_wiring import evidence_on_the_way
from gotcha.retention import open_purge
from jobs import outbox as outbox_module
from jobs.outbox import Outbox
from pipeline.errors import StorageError
from storage.access_log import Access, AccessAction, SqlAccessLog
from tests.gotcha.kept import YAML, Kept, kept
from tests.postgres import NewDatabase
from tests.reports import hex_id, temporary

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
PLATE = "12가3456"


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    yaml = YAML + "retention: {dead_letter_days: 10, access_log_days: 60}\n"
    if request.param == "postgresql":
        new_database: NewDatabase = request.getfixturevalue("new_postgres_database")
        monkeypatch.setenv("DB", new_database())
        yaml += "database: {url: '${DB}'}\n"
    made = kept(tmp_path, yaml)
    yield made
    made.engine.dispose()


def refused(home: Kept, name: str, days: int, monkeypatch: pytest.MonkeyPatch, *, dead: bool = True) -> str:
    """A report that was taken so many days ago, and refused for good or still under way; its evidence."""
    item = home.put(name.encode())
    outbox = Outbox(home.config.state_dir / "outbox.db")
    with monkeypatch.context() as clock:
        clock.setattr(outbox_module, "time", lambda: (NOW - days * DAY).timestamp())
        outbox.offer(temporary(name, evidence=(item,)))
    if dead:
        outbox.mark_dead((hex_id(name), 1), f"the database refused {PLATE}")
    outbox.close()
    return item.key


def left(home: Kept) -> set[str]:
    outbox = Outbox(home.config.state_dir / "outbox.db")
    try:
        return {item.id for item in outbox.items()}
    finally:
        outbox.close()


def test_a_report_that_could_not_be_stored_is_kept_so_many_days(
    home: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, young = refused(home, "old", 11, monkeypatch), refused(home, "young", 9, monkeypatch)
    under_way = refused(home, "slow", 40, monkeypatch, dead=False)
    assert evidence_on_the_way(home.config) == {old, young, under_way}

    dry = home.run("purge", "--dry-run")
    assert "1 dead letters and 0 entries of the access log would go too" in dry.stdout
    assert left(home) == {hex_id("old"), hex_id("young"), hex_id("slow")}

    done = open_purge(home.config, home.engine).run(NOW)
    assert done.dead_letters == 1
    assert left(home) == {hex_id("young"), hex_id("slow")}
    # Its evidence belongs to nothing now, and goes with what no report names.
    assert evidence_on_the_way(home.config) == {young, under_way}
    (entry,) = SqlAccessLog(home.engine).entries(report_id=hex_id("old"))
    assert (entry.who, entry.action, entry.at) == ("retention", AccessAction.PURGE, NOW)
    taken = f"{NOW - 11 * DAY:%Y-%m-%d %H:%M:%S}"
    assert entry.detail == (
        f"revision 1 of a report that could not be stored, taken {taken} UTC, deleted: kept 10 days"
    )
    assert open_purge(home.config, home.engine).run(NOW).dead_letters == 0


def test_what_cannot_be_written_down_is_not_deleted(home: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(home, "old", 11, monkeypatch)

    def refuses(_log: SqlAccessLog, _access: Access) -> None:
        raise StorageError("the database is read-only")

    monkeypatch.setattr(SqlAccessLog, "record", refuses)
    with pytest.raises(StorageError):
        open_purge(home.config, home.engine).run(NOW)
    assert left(home) == {hex_id("old")}


def test_a_machine_without_cameras_gets_no_outbox(home: Kept) -> None:
    assert open_purge(home.config, home.engine).run(NOW).dead_letters == 0
    assert not (home.config.state_dir / "outbox.db").exists()


def test_a_program_that_only_watches_buries_its_own(home: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker is on its machine, and the outbox on no other."""
    monkeypatch.setattr(hourly_module, "FIRST_AFTER_S", 0.01)
    refused(home, "old", 11, monkeypatch)
    refused(home, "young", 9, monkeypatch)
    with burying_hourly(home.config):
        for _ in range(200):
            if left(home) == {hex_id("young")}:
                break
            threading.Event().wait(0.05)
    assert left(home) == {hex_id("young")}
    assert len(SqlAccessLog(home.engine).entries()) == 1


def looked_for(home: Kept, plate: str, days: int) -> None:
    SqlAccessLog(home.engine).record(
        Access(at=NOW - days * DAY, who="anna", action=AccessAction.READ, detail=f"plate {plate}")
    )


def test_who_looked_for_which_plate_is_kept_so_many_days(home: Kept) -> None:
    for days in (1, 59, 62, 400):
        looked_for(home, f"{days}가3456", days)
    assert open_purge(home.config, home.engine).log_entries(NOW) == 2
    done = open_purge(home.config, home.engine).run(NOW)
    assert done.log_entries == 2
    purged, *kept_entries = SqlAccessLog(home.engine).entries()
    assert {entry.detail for entry in kept_entries} == {"plate 1가3456", "plate 59가3456"}
    assert (purged.who, purged.action, purged.at) == ("retention", AccessAction.PURGE, NOW)
    assert purged.detail == "2 entries of the access log deleted: kept 60 days"
    # Once: what was done is said when something was.
    assert open_purge(home.config, home.engine).run(NOW).log_entries == 0
    assert len(SqlAccessLog(home.engine).entries()) == 3


def test_the_database_deletes_no_young_entry_whoever_asks(home: Kept) -> None:
    log = SqlAccessLog(home.engine)
    looked_for(home, PLATE, 29)
    looked_for(home, PLATE, 31)
    with pytest.raises(StorageError, match="append-only"):
        log.expire(NOW, at=NOW, by="mallory", why="to cover tracks")
    assert len(log.entries()) == 2
    assert log.expire(NOW - 30 * DAY, at=NOW, by="retention", why="kept 30 days") == 1
