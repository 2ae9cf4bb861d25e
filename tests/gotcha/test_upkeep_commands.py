"""`gotcha verify` and `gotcha db upgrade` as a user runs them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.report import Evidence, EvidenceKind
from storage import migrations
from storage.access_log import AccessAction, SqlAccessLog
from storage.anchors import AnchorFile
from storage.chain import heads
from storage.database import upgrade
from storage.engine import connect
from tests.gotcha.kept import YAML, Kept, kept
from tests.reports import NOON, final, hex_id, rejected, temporary
from tests.s3 import NewBucket
from tests.storage.chained import forge_last, tamper


@pytest.fixture(params=["folder", "bucket"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    yaml = YAML
    if request.param == "bucket":
        new_bucket: NewBucket = request.getfixturevalue("new_bucket")
        address = new_bucket(prefix="a/")
        yaml += (
            f"evidence: {{s3: {{bucket: {address.bucket}, prefix: a/, endpoint: '{address.endpoint}'}}}}\n"
        )
    made = kept(tmp_path, yaml)
    yield made
    made.engine.dispose()


def photos(home: Kept, name: str) -> tuple[Evidence, Evidence]:
    return home.put(name.encode()), home.put(f"{name} 2".encode(), EvidenceKind.PHOTO_2)


def overwrite(home: Kept, key: str, data: bytes) -> None:
    """Change evidence behind Gotcha's back."""
    bucket = home.config.evidence.s3
    if bucket is None:
        path = home.config.evidence_dir / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return
    client = home.evidence._client  # type: ignore[attr-defined]
    client.put_object(Bucket=bucket.bucket, Key=bucket.prefix + key, Body=data)


def findings(home: Kept) -> list[tuple[str, str]]:
    result = home.run("verify", "--json")
    shown = json.loads(result.stdout)
    assert result.exit_code == (1 if shown["findings"] else 0)
    return [(one["fault"], one["subject"]) for one in shown["findings"]]


def test_what_is_whole_verifies(home: Kept) -> None:
    home.keep(final("a", evidence=photos(home, "a")), NOON)
    home.keep(rejected("b", evidence=(home.put(b"b"),)), NOON)
    result = home.run("verify")
    assert result.exit_code == 0
    shown = "2 reports, 0 expired ones, 2 links (0 of them written down elsewhere), 3 pieces of evidence: "
    assert f"{shown}all as they were stored." in result.stdout
    assert "gate: 2 links, the last " in result.stdout
    (entry,) = SqlAccessLog(home.engine).entries()
    assert (entry.action, entry.detail) == (AccessAction.VERIFY, "all evidence is hashed")


def test_evidence_that_was_altered_removed_or_inserted_is_named(home: Kept) -> None:
    altered, removed = photos(home, "a")
    home.keep(final("a", evidence=(altered, removed)), NOON)
    overwrite(home, altered.key, b"forged")
    assert home.evidence.delete(removed.key)
    inserted = home.put(b"what it should hold", camera="yard").key
    overwrite(home, inserted, b"never written by gotcha")
    unnamed = home.put(b"never reported", camera="yard").key
    overwrite(home, "notes/readme.txt", b"x")
    assert findings(home) == [
        ("altered", f"evidence {altered.key}"),
        ("missing", f"evidence {removed.key}"),
        ("unnamed", f"evidence {unnamed}"),
        ("inserted", f"evidence {inserted}"),
        ("inserted", "evidence notes/readme.txt"),
    ]
    text = home.run("verify")
    assert f"ALTERED evidence {altered.key}: of report {hex_id('a')}" in text.stdout
    assert "1 altered, 2 inserted, 1 missing, 1 unnamed." in text.stderr


def test_a_record_that_was_altered_is_named(home: Kept) -> None:
    home.keep(final("a", evidence=photos(home, "a")), NOON)
    tamper(home.engine, "UPDATE reports SET plate_text = '12가3457'")
    assert findings(home) == [("altered", f"report {hex_id('a')}")]


def test_evidence_whose_entry_was_swapped_is_found_by_its_hash(home: Kept) -> None:
    """Another file whose name fits its content, entered with the old hash: the record no longer fits."""
    first, second = photos(home, "a")
    home.keep(final("a", evidence=(first, second)), NOON)
    other = home.put(b"another vehicle").key
    tamper(home.engine, f"UPDATE evidence SET key = '{other}' WHERE key = '{first.key}'")  # noqa: S608
    assert findings(home) == [
        ("altered", f"report {hex_id('a')}"),
        ("altered", f"evidence {other}"),
        ("unnamed", f"evidence {first.key}"),
    ]


def test_what_a_watch_gave_up_for_better_is_said_and_is_no_failure(home: Kept) -> None:
    spoilt, second = photos(home, "a")
    home.keep(temporary("a", evidence=(spoilt,)), NOON)
    better = home.put(b"a better photo 1")
    home.keep(final("a", evidence=(better, second)), NOON)
    result = home.run("verify")
    assert result.exit_code == 0
    assert f"UNNAMED evidence {spoilt.key}: no record names it" in result.stdout
    assert "all as they were stored (named by no report: 1)." in result.stdout
    assert json.loads(home.run("verify", "--json").stdout)["verified"] is True


def test_the_records_alone(home: Kept) -> None:
    (lost, second) = photos(home, "a")
    home.keep(final("a", evidence=(lost, second)), NOON)
    home.evidence.delete(lost.key)
    result = home.run("verify", "--records-only")
    assert (result.exit_code, "evidence not read" in result.stdout) == (0, True)


def test_a_forged_end_of_the_chain_is_found_by_what_was_written_down(home: Kept) -> None:
    """Nothing in the database itself shows it: record, link and every hash fit each other."""
    home.keep(final("a", evidence=photos(home, "a")), NOON)
    assert findings(home) == []
    forge_last(home.engine, "gate", "UPDATE reports SET plate_text = '99가9999', plate_tail = '9999'")
    assert findings(home) == [("altered", "link gate#1")]
    shown = home.run("verify")
    assert "the records of links 1-1 were rewritten, with their hashes" in shown.stdout
    assert "move chain-anchors.jsonl away" in shown.stderr
    (home.config.state_dir / "chain-anchors.jsonl").unlink()
    assert findings(home) == []


def test_another_machines_anchors_and_an_evidence_pack_are_witnesses_too(home: Kept, tmp_path: Path) -> None:
    home.keep(final("a", evidence=photos(home, "a")), NOON)
    link = next(iter(heads(home.engine)))
    pack = tmp_path / "pack.zip"
    with zipfile.ZipFile(pack, "w") as made:
        chain = {"camera": "gate", "position": 1, "link_sha256": link.link_sha256, "at": NOON.isoformat()}
        made.writestr("report.json", json.dumps({"chain": chain}))
    other = tmp_path / "chain-anchors.jsonl"
    AnchorFile(other).note([link], at=NOON)
    for witness in (pack, other):
        result = home.run("verify", "--against", str(witness))
        assert (result.exit_code, "(1 of them written down elsewhere)" in result.stdout) == (0, True)
    (home.config.state_dir / "chain-anchors.jsonl").unlink()
    forge_last(home.engine, "gate", "UPDATE reports SET plate_text = '99가9999', plate_tail = '9999'")
    for witness in (pack, other):
        result = home.run("verify", "--against", str(witness))
        assert (result.exit_code, "ALTERED link gate#1" in result.stdout) == (1, True)
    wrong = home.run("verify", "--against", str(tmp_path / "config.yaml"))
    assert (wrong.exit_code, "is no anchor of a chain" in wrong.stderr) == (1, True)


def test_a_new_database_is_upgraded_by_the_command(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(YAML)
    made = kept(tmp_path)
    made.engine.dispose()
    (tmp_path / "var" / "gotcha.db").unlink()
    address = f"sqlite:///{tmp_path / 'var' / 'gotcha.db'}"
    first = connect(address)
    upgrade(first, "0001")
    first.dispose()
    newest = max(path.name[1:5] for path in (Path(migrations.__file__).parent / "versions").glob("r*.py"))
    assert made.run("db", "upgrade").stdout == f"{address}: upgraded from revision 0001 to {newest}.\n"
    assert made.run("db", "upgrade").stdout == f"{address} is up to date (revision {newest}).\n"


def test_a_database_of_a_newer_version_is_said(tmp_path: Path) -> None:
    made = kept(tmp_path)
    tamper(made.engine, "UPDATE alembic_version SET version_num = '9999'")
    made.engine.dispose()
    result = made.run("db", "upgrade")
    assert (result.exit_code, "update Gotcha" in result.stderr) == (1, True)
