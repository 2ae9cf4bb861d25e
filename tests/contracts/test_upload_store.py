"""One suite over every store of uploaded files: a folder, and a bucket of a real S3 server."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from pipeline.errors import (
    PictureError,
    SourceOpenError,
    UploadError,
    UploadRefusedError,
    UploadTooLargeError,
    UploadUnavailableError,
)
from storage.upload_bucket import UploadBucket, _is_away
from storage.upload_folder import UploadFolder
from storage.upload_store import StoredUpload, UploadStore
from tests.s3 import NewBucket

DATA = b"\xff\xd8 not really a picture" * 100


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> UploadStore:
    if request.param == "folder":
        return UploadFolder(tmp_path / "uploads")
    new: NewBucket = request.getfixturevalue("new_bucket")
    return UploadBucket(new(prefix="gotcha/"), tmp_path / "uploads")


@pytest.fixture
def left(tmp_path: Path) -> Iterator[None]:
    """Nothing may be left behind on this machine's disk."""
    yield
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def put(store: UploadStore, data: bytes = DATA) -> StoredUpload:
    with store.receive(limit_bytes=10_000) as file:
        for start in range(0, len(data), 100):
            file.write(data[start : start + 100])
        return file.keep()


def test_a_file_comes_back_as_it_was_sent(store: UploadStore) -> None:
    upload = put(store)
    assert upload.sha256 == hashlib.sha256(DATA).hexdigest()
    assert upload.size_bytes == len(DATA)
    with store.opened(upload.key) as path:
        assert path.read_bytes() == DATA
    assert [(blob.key, blob.size_bytes) for blob in store.blobs()] == [(upload.key, len(DATA))]
    assert store.delete(upload.key)
    assert not store.delete(upload.key)
    with pytest.raises(UploadError), store.opened(upload.key):
        pass
    assert list(store.blobs()) == []


def test_a_file_that_was_kept_again_is_not_deleted_as_an_old_one(store: UploadStore) -> None:
    upload = put(store)
    (blob,) = store.blobs()
    assert not store.delete(upload.key, kept_before=blob.modified_at - timedelta(hours=1))
    assert store.delete(upload.key, kept_before=blob.modified_at + timedelta(hours=1))
    assert not store.delete(upload.key, kept_before=blob.modified_at + timedelta(hours=1))


def test_the_same_file_is_kept_once(store: UploadStore) -> None:
    assert put(store) == put(store)
    assert len(list(store.blobs())) == 1


@pytest.mark.usefixtures("left")
def test_a_file_over_its_limit_leaves_nothing(store: UploadStore) -> None:
    with store.receive(limit_bytes=1000) as file:
        file.write(b"x" * 1000)
        with pytest.raises(UploadTooLargeError, match=r"larger than the 1 kB"):
            file.write(b"y")
    assert list(store.blobs()) == []


@pytest.mark.usefixtures("left")
def test_what_is_not_kept_leaves_nothing(store: UploadStore) -> None:
    with store.receive(limit_bytes=1000) as file:
        file.write(b"abc")
        assert file.path.read_bytes() == b"abc"
    with pytest.raises(UploadRefusedError, match="0 bytes"), store.receive(limit_bytes=1000) as file:
        file.keep()
    assert list(store.blobs()) == []


def test_a_file_of_this_machine(store: UploadStore, tmp_path: Path) -> None:
    source = tmp_path / "a.bin"
    source.write_bytes(DATA)
    with store.receive(limit_bytes=10_000) as file:
        file.write_file(source)
        assert file.keep().sha256 == hashlib.sha256(DATA).hexdigest()
    with pytest.raises(UploadRefusedError, match="cannot be read"), store.receive(limit_bytes=1) as file:
        file.write_file(tmp_path / "none")


@pytest.mark.parametrize("key", ["../../etc/passwd", "ab/../x", "ab/" + "c" * 64, "", "ab/ab" + "c" * 61])
def test_a_key_that_is_none_of_ours_reaches_no_disk(store: UploadStore, key: str) -> None:
    with pytest.raises(UploadError, match="expected a key"), store.opened(key):
        pass
    with pytest.raises(UploadError, match="expected a key"):
        store.delete(key)


def test_what_a_killed_program_left_a_day_ago_is_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    UploadFolder(folder)
    old, young = folder / ".incoming" / "old", folder / ".incoming" / "young"
    for path in (old, young):
        path.write_bytes(b"x")
    then = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    os.utime(old, (then, then))
    UploadFolder(folder)
    assert (old.exists(), young.exists()) == (False, True)


def test_a_bucket_that_does_not_answer_is_told_from_a_file_that_is_gone(
    new_bucket: NewBucket, tmp_path: Path
) -> None:
    """What is away comes back: an analysis waits for it, and fails for a file that is gone."""
    address, key = new_bucket(prefix="gotcha/"), f"ab/ab{'0' * 62}"
    with pytest.raises(UploadError) as gone, UploadBucket(address, tmp_path).opened(key):
        pass
    assert not isinstance(gone.value, UploadUnavailableError)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        away = replace(address, endpoint=f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(UploadUnavailableError), UploadBucket(away, tmp_path).opened(key):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_whose_disk_is_not_mounted_is_told_from_a_file_that_is_gone(tmp_path: Path) -> None:
    """Its files were taken for gone, and the analyses of all of them failed for good."""
    store = UploadFolder(tmp_path / "uploads")
    upload = put(store)
    (tmp_path / "uploads").rename(tmp_path / "elsewhere")
    (tmp_path / "uploads").mkdir()
    with pytest.raises(UploadUnavailableError, match="is away"), store.opened(upload.key):
        pass
    (tmp_path / "uploads").rmdir()
    (tmp_path / "elsewhere").rename(tmp_path / "uploads")
    with store.opened(upload.key) as path:
        assert path.read_bytes() == DATA


@pytest.mark.parametrize("error", [UploadRefusedError, PictureError, SourceOpenError, OSError])
def test_what_was_altered_on_its_disk_is_no_damage_of_the_senders(
    store: UploadStore, error: type[Exception]
) -> None:
    upload = put(store)
    with pytest.raises(error, match="is damaged"), store.opened(upload.key):
        raise error("the picture is damaged")

    def cut_off() -> None:
        with store.opened(upload.key) as path:
            path.write_bytes(DATA[:-1])
            raise error("the picture is damaged")

    with pytest.raises(UploadError, match="its disk has altered it"):
        cut_off()


def test_what_a_disk_does_not_give_now_is_no_damage(tmp_path: Path) -> None:
    """Its decoder took it for damaged: the analysis failed for good, and the file was as it had been sent."""
    store = UploadFolder(tmp_path / "uploads")
    upload = put(store)
    kept, aside = tmp_path / "uploads" / upload.key, tmp_path / "aside"
    kept.rename(aside)
    kept.mkdir()
    with pytest.raises(UploadUnavailableError, match="cannot be read now"), store.opened(upload.key):
        raise PictureError("the picture is damaged")
    kept.rmdir()
    aside.rename(kept)
    with store.opened(upload.key) as path:
        assert path.read_bytes() == DATA


@pytest.mark.parametrize(
    ("code", "away"),
    [("404", False), ("NoSuchKey", False), ("403", True), ("ExpiredToken", True), ("SlowDown", True)],
)
def test_a_login_that_has_run_out_is_mended_and_no_fault_of_the_file(code: str, away: bool) -> None:
    assert _is_away(ClientError({"Error": {"Code": code}}, "GetObject")) is away


def test_what_was_sent_before_there_was_a_bucket_is_still_given(
    new_bucket: NewBucket, tmp_path: Path
) -> None:
    """With a bucket for the evidence the program did not start any more, for the folders of days before."""
    earlier = put(UploadFolder(tmp_path / "uploads"))
    then = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    for folder in (tmp_path / "uploads").iterdir():
        os.utime(folder, (then, then))
    store = UploadBucket(new_bucket(prefix="gotcha/"), tmp_path / "uploads")
    later = put(store, b"later")
    for upload, data in ((earlier, DATA), (later, b"later")):
        with store.opened(upload.key) as path:
            assert path.read_bytes() == data
    assert sorted(blob.key for blob in store.blobs()) == sorted([earlier.key, later.key])
    assert store.delete(earlier.key)
    assert not store.delete(earlier.key)
    assert [blob.key for blob in store.blobs()] == [later.key]
    with pytest.raises(UploadError), store.opened(earlier.key):
        pass
