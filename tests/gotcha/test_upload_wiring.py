"""The end of uploaded files: what an analysis names stays as long as the analysis, and no longer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gotcha.upload_wiring import purge_uploads
from storage.analyses import AnalysisKind, AnalysisSource, NewAnalysis, UploadedFile
from storage.analysis_store import AnalysisStore
from storage.database import open_database
from storage.upload_folder import UploadFolder
from storage.upload_store import StoredUpload

NOW = datetime.now(UTC)
KEEP = timedelta(days=30)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AnalysisStore]:
    engine = open_database(f"sqlite:///{tmp_path / 'gotcha.db'}")
    yield AnalysisStore(engine)
    engine.dispose()


@pytest.fixture
def uploads(tmp_path: Path) -> UploadFolder:
    return UploadFolder(tmp_path / "uploads")


def put(uploads: UploadFolder, folder: Path, data: bytes, *, age: timedelta) -> StoredUpload:
    with uploads.receive(limit_bytes=100) as incoming:
        incoming.write(data)
        kept = incoming.keep()
    then = (NOW - age).timestamp()
    os.utime(folder / "uploads" / kept.key, (then, then))
    return kept


def completed(
    store: AnalysisStore, name: str, sent: StoredUpload, *, ago: timedelta, kind: AnalysisKind, result: str
) -> None:
    file = UploadedFile(
        key=sent.key, sha256=sent.sha256, name="1.jpg", media_type="image/jpeg", size_bytes=sent.size_bytes
    )
    asked = NewAnalysis(
        id=name * 32,
        kind=kind,
        files=(file,),
        settings={},
        source=AnalysisSource.HTTP,
        owner="anna",
    )
    at = NOW - ago
    assert store.submit(asked, at=at).new
    assert store.begin(asked.id, claim="1", at=at, until=at + timedelta(seconds=20)) is not None
    assert store.complete(asked.id, claim="1", at=at, result=result)


def keys(uploads: UploadFolder) -> set[str]:
    return {blob.key for blob in uploads.blobs()}


def test_the_drawn_picture_of_a_try_out_stays_as_long_as_the_try_out(
    store: AnalysisStore, uploads: UploadFolder, tmp_path: Path
) -> None:
    two_days = timedelta(days=2)
    sent, drawn = (put(uploads, tmp_path, data, age=two_days) for data in (b"sent", b"drawn"))
    # As `DetectAnalyzer` says it: the picture comes last.
    result = json.dumps({"vehicles": [], "annotated": {"key": drawn.key, "url": "/analyses/1/picture"}})
    completed(store, "a", sent, ago=two_days, kind=AnalysisKind.DETECT, result=result)
    assert purge_uploads(uploads, store, now=NOW, keep=KEEP) == (0, 0)
    assert keys(uploads) == {sent.key, drawn.key}
    assert purge_uploads(uploads, store, now=NOW + KEEP, keep=KEEP) == (1, 2)
    assert keys(uploads) == set()
    assert store.get("a" * 32) is None


def test_a_file_stays_while_any_analysis_names_it(
    store: AnalysisStore, uploads: UploadFolder, tmp_path: Path
) -> None:
    sent = put(uploads, tmp_path, b"sent", age=2 * KEEP)
    completed(store, "a", sent, ago=2 * KEEP, kind=AnalysisKind.PHOTO, result="{}")
    completed(store, "b", sent, ago=KEEP / 2, kind=AnalysisKind.COMPARE, result="{}")
    assert purge_uploads(uploads, store, now=NOW, keep=KEEP) == (1, 0)
    assert keys(uploads) == {sent.key}


def test_what_no_analysis_names_goes_after_a_day(
    store: AnalysisStore, uploads: UploadFolder, tmp_path: Path
) -> None:
    put(uploads, tmp_path, b"left by a program that was killed", age=timedelta(days=1, minutes=1))
    just_sent = put(uploads, tmp_path, b"being sent", age=timedelta(hours=23))
    assert purge_uploads(uploads, store, now=NOW, keep=KEEP) == (0, 1)
    assert keys(uploads) == {just_sent.key}


def test_a_file_that_is_sent_again_while_old_ones_go_is_kept(
    store: AnalysisStore, uploads: UploadFolder, tmp_path: Path
) -> None:
    """Its row comes after its file: it was taken for the old one that nothing names, and deleted."""
    old, again = (put(uploads, tmp_path, data, age=timedelta(days=2)) for data in (b"old", b"again"))

    class SentMeanwhile(AnalysisStore):
        def upload_keys(self) -> frozenset[str]:
            named = super().upload_keys()
            put(uploads, tmp_path, b"again", age=timedelta(0))
            return named

    meanwhile = SentMeanwhile(store._engine)
    assert purge_uploads(uploads, meanwhile, now=NOW, keep=KEEP) == (0, 1)
    assert keys(uploads) == {again.key}
    assert not uploads.delete(old.key)
