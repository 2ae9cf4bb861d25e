"""One suite over every BlobStore: a folder and a bucket, both real."""

from __future__ import annotations

import hashlib
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from pipeline.errors import EvidenceError, EvidenceMissingError, EvidenceUnavailableError
from pipeline.report import Evidence, EvidenceKind
from storage.blob_store import BlobStore, StoredBlob
from storage.evidence_bucket import EvidenceBucket
from storage.evidence_folder import EvidenceFolder
from tests.s3 import NewBucket

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "folder":
        return EvidenceFolder(tmp_path / "evidence")
    new: NewBucket = request.getfixturevalue("new_bucket")
    return EvidenceBucket(new(prefix="site-1/"))


def put(store: BlobStore, data: bytes = b"jpeg", camera: str = "gate", **more: object) -> Evidence:
    arguments: dict[str, object] = {
        "camera": camera,
        "kind": EvidenceKind.PHOTO_1,
        "taken_at": NOON,
        "data": data,
        "media_type": "image/jpeg",
    }
    return store.put(**(arguments | more))  # type: ignore[arg-type]


def test_what_is_put_comes_back(store: BlobStore) -> None:
    data = bytes(range(256)) * 1000
    item = put(store, data)
    assert store.get(item.key) == data
    assert item == Evidence(
        kind=EvidenceKind.PHOTO_1,
        key=f"2026/03/01/gate/photo_1-{hashlib.sha256(data).hexdigest()[:32]}.jpg",
        sha256=hashlib.sha256(data).hexdigest(),
        media_type="image/jpeg",
        taken_at=NOON,
        size_bytes=len(data),
    )


def test_the_same_bytes_have_the_same_key(store: BlobStore) -> None:
    assert put(store) == put(store)
    assert put(store, b"other").key != put(store).key


def test_the_day_is_that_of_utc(store: BlobStore) -> None:
    seoul = timezone(timedelta(hours=9))
    assert put(store, taken_at=datetime(2026, 3, 1, 3, tzinfo=seoul)).key.startswith("2026/02/28/")


def test_a_naive_time_is_refused(store: BlobStore) -> None:
    with pytest.raises(EvidenceError, match="aware"):
        put(store, taken_at=NOON.replace(tzinfo=None))


def test_an_unknown_media_type_is_refused(store: BlobStore) -> None:
    with pytest.raises(EvidenceError, match="application/x-sh"):
        put(store, media_type="application/x-sh")


def test_empty_evidence_comes_back_empty(store: BlobStore) -> None:
    assert store.get(put(store, b"").key) == b""


@pytest.mark.parametrize(
    "camera",
    ["정문", "../../etc", "/etc", "a/b", "a\\b", "a\0b", "", ".", "..", "x" * 500, "gate 1", ".hidden"],
)
def test_any_camera_name_is_safe(store: BlobStore, camera: str) -> None:
    item = put(store, camera=camera)
    assert store.get(item.key) == b"jpeg"
    parts = item.key.split("/")
    assert len(parts) == 5
    assert not parts[3].startswith(".")
    assert len(parts[3].encode()) <= 255


def test_names_that_look_alike_are_kept_apart(store: BlobStore) -> None:
    names = ["a/b", "a_b", "a b", "a\\b", "x" * 100, "x" * 101, ".a", "a"]
    assert len({put(store, camera=name).key for name in names}) == len(names)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../../etc/passwd",
        "2026/03/01/../photo_1-" + "0" * 32 + ".jpg",
        "2026/03/01/gate/../../../../../etc/passwd",
        "2026/03/01/gate/photo_1-" + "0" * 32 + ".jpg\n",
        "2026/03/01/gate/photo_1-" + "0" * 32 + ".jpg\0",
        ".incoming/x",
    ],
)
def test_a_key_that_is_not_ours_is_refused(store: BlobStore, key: str) -> None:
    with pytest.raises(EvidenceError, match="expected a key"):
        store.get(key)


def test_missing_evidence_is_named(store: BlobStore) -> None:
    key = "2026/03/01/gate/photo_1-" + "0" * 32 + ".jpg"
    with pytest.raises(EvidenceError, match=key):
        store.get(key)


def test_everything_that_lies_there_is_listed(store: BlobStore) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    items = [put(store, bytes([n]), camera) for n, camera in enumerate(("정문", "gate", "yard"))]
    found = list(store.blobs())
    assert {blob.key for blob in found} == {item.key for item in items}
    assert all(blob.size_bytes == 1 for blob in found)
    assert all(before <= blob.modified_at <= datetime.now(UTC) + timedelta(seconds=2) for blob in found)


def test_an_empty_store_lists_nothing(store: BlobStore) -> None:
    assert list(store.blobs()) == []


def test_what_is_deleted_is_gone_and_the_rest_stays(store: BlobStore) -> None:
    gone, kept = put(store, b"1"), put(store, b"2")
    assert store.delete(gone.key)
    assert not store.delete(gone.key)
    with pytest.raises(EvidenceError, match="gone"):
        store.get(gone.key)
    assert store.get(kept.key) == b"2"
    assert [blob.key for blob in store.blobs()] == [kept.key]
    assert put(store, b"1") == gone
    assert store.get(gone.key) == b"1"


@pytest.mark.parametrize("key", ["", "../secret", "2026/03/01/gate/../../../../x"])
def test_only_evidence_is_deleted_or_located(store: BlobStore, key: str) -> None:
    with pytest.raises(EvidenceError, match="expected a key"):
        store.delete(key)
    with pytest.raises(EvidenceError, match="expected a key"):
        store.where(key)


def test_where_it_lies_names_the_key(store: BlobStore) -> None:
    assert store.where(put(store).key).endswith(put(store).key)


def test_many_writers_of_the_same_bytes_agree(store: BlobStore) -> None:
    keys: list[str] = []
    threads = [
        threading.Thread(target=lambda: keys.extend(put(store, b"same" * 9000).key for _ in range(3)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 12
    assert [blob.key for blob in store.blobs()] == [keys[0]]
    assert isinstance(next(iter(store.blobs())), StoredBlob)


def test_a_folder_that_is_forbidden_is_told_from_evidence_that_is_gone(tmp_path: Path) -> None:
    """What is away or full comes back: work waits for it. Evidence that is gone stays gone."""
    store = EvidenceFolder(tmp_path)
    item = put(store)
    year = tmp_path / "2026"
    year.rename(tmp_path / "away")
    with pytest.raises(EvidenceMissingError):
        store.get(item.key)
    year.touch()
    for do in (lambda: put(store), lambda: store.get(item.key)):
        with pytest.raises(EvidenceUnavailableError, match="evidence"):
            do()


def test_a_bucket_that_does_not_answer_is_told_from_evidence_that_is_gone(new_bucket: NewBucket) -> None:
    address = new_bucket()
    store = EvidenceBucket(address)
    item = put(store)
    assert store.delete(item.key)
    with pytest.raises(EvidenceMissingError):
        store.get(item.key)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        away = replace(address, endpoint=f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(EvidenceUnavailableError, match="does not answer"):
            EvidenceBucket(away)
