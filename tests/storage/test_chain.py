"""The hash chain: whole after any use, broken by any change from outside, never forked."""

from __future__ import annotations

import multiprocessing
import threading

import pytest
from sqlalchemy import Engine, text

from storage.chain import newest_link, record_of
from storage.database import open_database
from storage.engine import writing
from storage.record_hash import FIRST, sha256
from storage.report_store import SqlReportStore
from storage.tables import ReportRow
from storage.transactions import reading
from storage.verification import Fault, verify_records
from tests.reports import NOON, camera_event, final, hex_id, temporary
from tests.storage.chained import LATER, fill, tamper

A, B, C, D, E = (hex_id(name) for name in "abcde")


def faults(engine: Engine) -> list[tuple[Fault, str]]:
    return [(finding.fault, finding.subject) for finding in verify_records(engine).findings]


def test_an_empty_database_verifies(engine: Engine) -> None:
    check = verify_records(engine)
    assert (check.findings, check.links, check.heads) == ([], 0, {})


def test_every_step_is_chained_and_verifies(engine: Engine) -> None:
    fill(engine)
    check = verify_records(engine)
    assert check.findings == []
    assert (check.links, check.reports) == (10, 6)
    assert {camera: head.position for camera, head in check.heads.items()} == {"gate": 9, "yard": 1}
    assert check.heads["yard"].previous_sha256 == FIRST


def test_what_is_stored_again_adds_no_link(engine: Engine) -> None:
    store = fill(engine)
    store.apply(temporary("a"), at=LATER, by="w9")
    store.apply_camera_event(camera_event())
    assert verify_records(engine).links == 10


def test_a_report_never_moves_into_another_cameras_chain(engine: Engine) -> None:
    store = fill(engine)
    with pytest.raises(Exception, match="is of camera gate, not of yard"):
        store.apply(final("d", camera="yard"), at=LATER, by="w")
    assert faults(engine) == []


def test_the_record_is_the_hashed_bytes(engine: Engine) -> None:
    fill(engine)
    with reading(engine) as session:
        row, link = session.get(ReportRow, A), newest_link(session, A)
        assert row is not None
        assert link is not None
        assert sha256(record_of(session, row)) == link.record_sha256
        assert b'"plate_text":"12\\uac003456"' in record_of(session, row)


_ALTERED = Fault.ALTERED
_ALL_OF = """DELETE FROM evidence WHERE report_id = '{X}'; DELETE FROM reports WHERE id = '{X}';
    DELETE FROM chain WHERE report_id = '{X}'"""
_FALSE_END = """INSERT INTO tombstones (id, camera, revision, was, last_seen_at, expired_at)
    SELECT '{zeros}', camera, 1, 'final', last_seen_at, stored_at FROM reports WHERE id = '{A}'"""
_ATTACKS = [
    # One field of each kind: text, number, time, list, state; then evidence and history.
    ("UPDATE reports SET plate_text = '99가9999' WHERE id = '{A}'", [(_ALTERED, f"report {A}")]),
    ("UPDATE reports SET x1 = x1 + 0.25 WHERE id = '{A}'", [(_ALTERED, f"report {A}")]),
    ("UPDATE reports SET arrived_at = '2026-03-01 11:00:00' WHERE id = '{A}'", [(_ALTERED, f"report {A}")]),
    ("UPDATE reports SET plate_confidences = '[1]' WHERE id = '{A}'", [(_ALTERED, f"report {A}")]),
    ("UPDATE reports SET state = 'final' WHERE id = '{A}'", [(_ALTERED, f"report {A}")]),
    ("UPDATE reports SET note = 'x' WHERE id = '{D}'", [(_ALTERED, f"report {D}")]),
    # What searches go by: the report would not be found any more.
    ("UPDATE reports SET plate_tail = '9999' WHERE id = '{E}'", [(_ALTERED, f"report {E}")]),
    ("UPDATE reports SET repeats = 7 WHERE id = '{A}'", [(_ALTERED, f"report {A}")]),
    ("UPDATE evidence SET sha256 = '{zeros}' WHERE report_id = '{B}'", [(_ALTERED, f"report {B}")]),
    ("DELETE FROM evidence WHERE report_id = '{A}' AND position = 1", [(_ALTERED, f"report {A}")]),
    ("UPDATE report_history SET why = 'x' WHERE report_id = '{C}'", [(_ALTERED, f"report {C}")]),
    ("DELETE FROM report_history WHERE report_id = '{E}'", [(_ALTERED, f"report {E}")]),
    (
        "DELETE FROM evidence WHERE report_id = '{E}'; DELETE FROM reports WHERE id = '{E}'",
        [(Fault.MISSING, f"report {E}")],
    ),
    # A removed report with all its links: the gap shows, and the history still knows it.
    (
        _ALL_OF.replace("{X}", "{B}"),
        [
            (Fault.MISSING, "link gate#2"),
            (Fault.MISSING, "link gate#4"),
            (Fault.MISSING, f"report {B}"),
        ],
    ),
    # The end of a chain cut off with all that hung on it but the history.
    (
        _ALL_OF.replace("{X}", "{E}"),
        [(Fault.MISSING, f"report {E}")],
    ),
    (
        "UPDATE chain SET revision = 9 WHERE camera = 'gate' AND position = 3",
        [(_ALTERED, "link gate#3")],
    ),
    (
        _FALSE_END,
        [(Fault.INSERTED, "report " + "0" * 64)],
    ),
]


@pytest.mark.parametrize(("attack", "expected"), _ATTACKS, ids=[str(n) for n in range(len(_ATTACKS))])
def test_whatever_is_changed_from_outside_is_found_and_named(
    engine: Engine, attack: str, expected: list[tuple[Fault, str]]
) -> None:
    fill(engine)
    filled = attack.format(A=A, B=B, C=C, D=D, E=E, zeros="0" * 64)
    tamper(engine, *filled.split(";"))
    assert faults(engine) == expected


def test_a_copied_report_is_found(engine: Engine) -> None:
    fill(engine)
    names = ", ".join(f'"{name}"' for name in ReportRow.model_fields if name != "id")
    tamper(
        engine,
        f"INSERT INTO reports (id, {names}) SELECT '{'f' * 32}', {names} FROM reports WHERE id = '{E}'",  # noqa: S608
    )
    assert faults(engine) == [(Fault.INSERTED, f"report {'f' * 32}")]


def test_a_recomputed_link_breaks_the_next(engine: Engine) -> None:
    """Who alters a record and its link consistently would have to alter every later link too."""
    fill(engine)
    with reading(engine) as session:
        link = newest_link(session, B)
    assert link is not None
    tamper(
        engine,
        f"UPDATE chain SET link_sha256 = '{'e' * 64}' WHERE position = {link.position} AND camera = 'gate'",  # noqa: S608
    )
    assert faults(engine) == [
        (Fault.ALTERED, f"link gate#{link.position}"),
        (Fault.ALTERED, f"link gate#{link.position + 1}"),
    ]


@pytest.mark.parametrize("table", ["chain", "access_log"])
@pytest.mark.parametrize("change", ["UPDATE {} SET at = at", "DELETE FROM {}"])
def test_the_database_itself_guards_the_chain(engine: Engine, table: str, change: str) -> None:
    fill(engine)
    with writing(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO access_log (at, who, action, detail) VALUES (CURRENT_TIMESTAMP, 'a', 'read', '')"
            )
        )
    with pytest.raises(Exception, match=f"{table} is append-only"), writing(engine) as connection:
        connection.execute(text(change.format(table)))


def test_threads_never_fork_the_chain(engine: Engine) -> None:
    store = SqlReportStore(engine)
    errors: list[BaseException] = []

    def write(worker: str) -> None:
        try:
            for number in range(10):
                store.apply(temporary(f"{worker}{number}"), at=NOON, by=worker)
                store.apply(final(f"{worker}{number}"), at=NOON, by=worker)
        except BaseException as error:  # noqa: BLE001  (handed to the test below)
            errors.append(error)

    threads = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    check = verify_records(engine)
    assert (check.findings, check.links, check.heads["gate"].position) == ([], 80, 80)


def _write(url: str, worker: int) -> None:
    engine = open_database(url)
    store = SqlReportStore(engine)
    for number in range(10):
        store.apply(temporary(f"{worker}-{number}"), at=NOON, by=str(worker))
        store.apply(final(f"{worker}-{number}"), at=NOON, by=str(worker))
    engine.dispose()


def test_processes_never_fork_the_chain(database_url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.starmap(_write, [(database_url, worker) for worker in range(3)])
    engine = open_database(database_url)
    check = verify_records(engine)
    engine.dispose()
    assert (check.findings, check.links, check.heads["gate"].position) == ([], 60, 60)
