"""One suite over every EvidenceStore."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from pipeline.errors import EvidenceError
from pipeline.report import Evidence, EvidenceKind, EvidenceStore
from storage.evidence_folder import EvidenceFolder

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> EvidenceStore:
    return EvidenceFolder(tmp_path / "evidence")


def put(store: EvidenceStore, data: bytes = b"jpeg", camera: str = "gate", **more: object) -> Evidence:
    arguments: dict[str, object] = {
        "camera": camera,
        "kind": EvidenceKind.PHOTO_1,
        "taken_at": NOON,
        "data": data,
        "media_type": "image/jpeg",
    }
    return store.put(**(arguments | more))  # type: ignore[arg-type]


def test_what_is_put_comes_back(store: EvidenceStore) -> None:
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


def test_the_same_bytes_have_the_same_key(store: EvidenceStore) -> None:
    assert put(store) == put(store)
    assert put(store, b"other").key != put(store).key


def test_the_day_is_that_of_utc(store: EvidenceStore) -> None:
    seoul = timezone(timedelta(hours=9))
    assert put(store, taken_at=datetime(2026, 3, 1, 3, tzinfo=seoul)).key.startswith("2026/02/28/")


def test_a_naive_time_is_refused(store: EvidenceStore) -> None:
    with pytest.raises(EvidenceError, match="aware"):
        put(store, taken_at=NOON.replace(tzinfo=None))


def test_an_unknown_media_type_is_refused(store: EvidenceStore) -> None:
    with pytest.raises(EvidenceError, match="application/x-sh"):
        put(store, media_type="application/x-sh")


def test_empty_evidence_comes_back_empty(store: EvidenceStore) -> None:
    assert store.get(put(store, b"").key) == b""


@pytest.mark.parametrize(
    "camera",
    ["정문", "../../etc", "/etc", "a/b", "a\\b", "a\0b", "", ".", "..", "x" * 500, "gate 1", ".hidden"],
)
def test_any_camera_name_is_safe(store: EvidenceStore, camera: str) -> None:
    item = put(store, camera=camera)
    assert store.get(item.key) == b"jpeg"
    parts = item.key.split("/")
    assert len(parts) == 5
    assert not parts[3].startswith(".")
    assert len(parts[3].encode()) <= 255


def test_names_that_look_alike_are_kept_apart(store: EvidenceStore) -> None:
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
def test_a_key_that_is_not_ours_is_refused(store: EvidenceStore, key: str) -> None:
    with pytest.raises(EvidenceError, match="expected a key"):
        store.get(key)


def test_missing_evidence_is_named(store: EvidenceStore) -> None:
    key = "2026/03/01/gate/photo_1-" + "0" * 32 + ".jpg"
    with pytest.raises(EvidenceError, match=key):
        store.get(key)
