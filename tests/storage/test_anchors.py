"""Ends of the chains written down outside the database: what is forged shows against them."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipeline.errors import StorageError
from storage.anchors import Anchor, AnchorFile
from storage.chain import ChainLink, LinkKind, heads
from storage.verification import Fault, verify_records
from tests.reports import NOON, final, hex_id
from tests.storage.chained import LATER, fill, forge_last, tamper


@pytest.fixture
def file(tmp_path: Path) -> AnchorFile:
    return AnchorFile(tmp_path / "anchors.jsonl")


def faults(engine: Engine, anchors: tuple[Anchor, ...] = ()) -> list[tuple[Fault, str]]:
    return [(one.fault, one.subject) for one in verify_records(engine, anchors).findings]


def test_a_chain_that_grew_since_runs_through_its_anchors(engine: Engine, file: AnchorFile) -> None:
    store = fill(engine)
    assert file.note(heads(engine), at=NOON) == 2
    assert file.note(heads(engine), at=LATER) == 0
    store.apply(final("f"), at=LATER, by="w")
    assert file.note(heads(engine), at=LATER) == 1
    check = verify_records(engine, file.read())
    assert (check.findings, check.anchors) == ([], 3)


def test_a_rewritten_end_fits_itself_and_not_its_anchor(engine: Engine, file: AnchorFile) -> None:
    store = fill(engine)
    file.note(heads(engine), at=NOON)
    store.apply(final("f"), at=LATER, by="w")
    file.note(heads(engine), at=LATER)
    last = hex_id("f")
    forged = f"UPDATE reports SET plate_text = '99가9999', plate_tail = '9999' WHERE id = '{last}'"  # noqa: S608
    forge_last(engine, "gate", forged)
    assert faults(engine) == []
    (finding,) = verify_records(engine, file.read()).findings
    assert (finding.fault, finding.subject) == (Fault.ALTERED, "link gate#10")
    assert "the records of links 10-10 were rewritten, with their hashes" in finding.text


def test_an_end_that_was_cut_off_with_its_history_is_found(engine: Engine, file: AnchorFile) -> None:
    fill(engine)
    file.note(heads(engine), at=NOON)
    tables = (
        ("evidence", "report_id"),
        ("reports", "id"),
        ("chain", "report_id"),
        ("report_history", "report_id"),
    )
    tamper(
        engine,
        *(f"DELETE FROM {table} WHERE {column} = '{hex_id('e')}'" for table, column in tables),  # noqa: S608
    )
    assert faults(engine) == []
    (finding,) = verify_records(engine, file.read()).findings
    assert (finding.fault, finding.subject) == (Fault.MISSING, "link gate#9")
    assert "the chain ends at 8" in finding.text


def test_a_whole_chain_that_is_gone_is_found(engine: Engine, file: AnchorFile) -> None:
    fill(engine)
    file.note(heads(engine), at=NOON)
    yard = hex_id("yard")
    tamper(
        engine,
        f"DELETE FROM evidence WHERE report_id = '{yard}'",  # noqa: S608
        f"DELETE FROM reports WHERE id = '{yard}'",  # noqa: S608
        f"DELETE FROM report_history WHERE report_id = '{yard}'",  # noqa: S608
        "DELETE FROM chain WHERE camera = 'yard'",
    )
    assert faults(engine, file.read()) == [(Fault.MISSING, "link yard#1")]


def test_an_inserted_end_breaks_where_the_next_record_comes(engine: Engine, file: AnchorFile) -> None:
    """A record slipped in before one that was anchored takes that one's place."""
    store = fill(engine)
    genuine = heads(engine)
    file.note(genuine, at=NOON)
    tamper(
        engine,
        f"DELETE FROM evidence WHERE report_id = '{hex_id('e')}'",  # noqa: S608
        f"DELETE FROM reports WHERE id = '{hex_id('e')}'",  # noqa: S608
        f"DELETE FROM report_history WHERE report_id = '{hex_id('e')}'",  # noqa: S608
        f"DELETE FROM chain WHERE report_id = '{hex_id('e')}'",  # noqa: S608
    )
    store.apply(final("invented"), at=LATER, by="w")
    store.apply(final("e"), at=LATER, by="w")
    assert faults(engine) == []
    assert faults(engine, file.read()) == [(Fault.ALTERED, "link gate#9")]


def link(position: int, digest: str = "a" * 64, camera: str = "문 gate") -> ChainLink:
    return ChainLink(
        camera=camera,
        position=position,
        kind=LinkKind.RECORD,
        report_id="r",
        revision=1,
        at=NOON,
        record_sha256=digest,
        previous_sha256=digest,
        link_sha256=digest,
    )


def test_the_file_is_its_owners_alone_and_only_grows(file: AnchorFile) -> None:
    file.note([link(1)], at=NOON)
    before = file.path.read_bytes()
    file.note([link(2)], at=LATER)
    assert file.path.read_bytes().startswith(before)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert file.read()[0] == Anchor(camera="문 gate", position=1, link_sha256="a" * 64, at=NOON)


def test_a_line_that_was_cut_off_by_a_kill_spoils_no_other(file: AnchorFile) -> None:
    file.note([link(1)], at=NOON)
    with file.path.open("ab") as half:
        half.write(b'{"at": "2026-03')
    assert len(file.read()) == 1
    AnchorFile(file.path).note([link(2)], at=NOON)
    assert [anchor.position for anchor in file.read()] == [1, 2]


def test_a_line_that_was_altered_is_named(file: AnchorFile) -> None:
    file.note([link(1)], at=NOON)
    file.path.write_text(file.path.read_text().replace("position", "positio"))
    with pytest.raises(StorageError, match=r"line 1 of .*anchors.jsonl is no anchor of a chain"):
        file.read()


def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="free space or mend the rights"):
        AnchorFile(tmp_path / "file" / "anchors.jsonl").note([link(1)], at=NOON)


def _note(path: Path, worker: int) -> None:
    for number in range(50):
        AnchorFile(path).note([link(number + 1, camera=f"gate {worker}")], at=NOON)


def test_processes_share_the_file(file: AnchorFile) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.starmap(_note, [(file.path, worker) for worker in range(2)])
    assert len(file.read()) == 100
