from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import EvidenceError
from pipeline.report import Evidence, EvidenceKind
from storage.evidence_folder import EvidenceFolder

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def put(folder: EvidenceFolder, data: bytes) -> Evidence:
    return folder.put(
        camera="gate", kind=EvidenceKind.PHOTO_1, taken_at=NOON, data=data, media_type="image/jpeg"
    )


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@contextmanager
def file_size_limit(size_bytes: int) -> Iterator[None]:
    """The kernel refuses to make a file larger, in mid-write, as a full disk or a quota does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_a_file_that_does_not_fit_leaves_nothing_behind_and_says_what_to_do(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path)
    kept = put(folder, b"small")
    with (
        file_size_limit(10_000),
        pytest.raises(EvidenceError, match=r"is full: free space .* evidence\.folder"),
    ):
        put(folder, b"x" * 200_000)
    assert files(tmp_path) == [tmp_path / kept.key]
    item = put(folder, b"x" * 200_000)
    assert folder.get(item.key) == b"x" * 200_000


_FILL = """
import sys
from pathlib import Path
from tests.storage.test_evidence_folder import EvidenceError, EvidenceFolder, files, put

root = Path(sys.argv[1])
folder = EvidenceFolder(root)
stored = []
try:
    for number in range(1000):
        stored.append(put(folder, bytes([number % 256]) * 100_000 + str(number).encode()))
except EvidenceError as error:
    assert "is full: free space" in str(error), error
else:
    raise SystemExit("the disk never filled")
assert 5 <= len(stored) <= 11, len(stored)
assert sorted(files(root)) == sorted(root / item.key for item in stored)
for item in stored:
    folder.get(item.key)
(root / stored[0].key).unlink()
put(folder, b"y" * 50_000)
"""


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    # A file system of 1 MiB in memory, in a namespace of its own. Where the kernel allows neither root
    # nor a user namespace to mount, a file size limit stands in for it in the test above.
    mount = f"mount -t tmpfs -o size=1m none '{tmp_path}' && exec \"$@\""
    command = ["unshare", "-m", "sh", "-c", mount, "sh"]
    if os.geteuid() != 0:
        command.insert(1, "-Ur")
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode != 0:
        test_a_file_that_does_not_fit_leaves_nothing_behind_and_says_what_to_do(tmp_path / "limited")
        return
    done = subprocess.run(
        [*command, sys.executable, "-c", _FILL, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_folder_without_rights_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(EvidenceError, match=r"cannot be used.*evidence\.folder"):
        EvidenceFolder(blocked / "evidence")


def test_an_altered_file_is_noticed_and_put_heals_it(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path)
    item = put(folder, b"genuine")
    (tmp_path / item.key).write_bytes(b"forged!")
    with pytest.raises(EvidenceError, match="altered"):
        folder.get(item.key)
    assert put(folder, b"genuine") == item
    assert folder.get(item.key) == b"genuine"


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path / "evidence")
    item = put(folder, b"data")
    secret = tmp_path / "secret"
    secret.write_bytes(b"data")
    path = tmp_path / "evidence" / item.key
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(EvidenceError, match="leads out"):
        folder.get(item.key)


_HANG_IN_MID_WRITE = """
import os, signal, sys
from pathlib import Path
from tests.storage.test_evidence_folder import EvidenceFolder, put

os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
put(EvidenceFolder(Path(sys.argv[1])), b"x" * 100_000)
"""


def test_what_a_killed_program_was_writing_is_cleared_away(tmp_path: Path) -> None:
    EvidenceFolder(tmp_path)
    (tmp_path / "2026/03/01/gate").mkdir(parents=True)
    done = subprocess.run([sys.executable, "-c", _HANG_IN_MID_WRITE, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.parent.name for path in files(tmp_path)] == [".incoming"]
    EvidenceFolder(tmp_path)
    assert files(tmp_path) == []


def test_threads_that_put_the_same_bytes_agree(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path)
    keys: list[str] = []
    threads = [
        threading.Thread(target=lambda: keys.extend(put(folder, b"same" * 50_000).key for _ in range(5)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for _ in range(20):
        EvidenceFolder(tmp_path)
    for thread in threads:
        thread.join()
    assert len(keys) == 20
    assert files(tmp_path) == [tmp_path / keys[0]]
