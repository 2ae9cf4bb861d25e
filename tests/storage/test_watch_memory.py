"""What a watch knows survives a restart, whole or not at all."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import StorageError
from storage.watch_memory import WatchMemory


def test_what_was_saved_is_loaded_and_only_the_owner_may_look(tmp_path: Path) -> None:
    memory = WatchMemory(tmp_path / "memory")
    assert memory.load("gate") is None
    memory.save("gate", b"one")
    memory.save("gate", b"two")
    assert WatchMemory(tmp_path / "memory").load("gate") == b"two"
    assert memory.load("yard") is None
    assert (tmp_path / "memory").stat().st_mode & 0o077 == 0


@pytest.fixture
def _little_space() -> Iterator[None]:
    """No file may grow past 64 kB: what a full disk looks like to a writing program."""
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("_little_space")
def test_a_full_disk_keeps_the_old_state_and_says_what_to_do(tmp_path: Path) -> None:
    memory = WatchMemory(tmp_path)
    memory.save("gate", b"old")
    with pytest.raises(StorageError, match="free space"):
        memory.save("gate", b"x" * 200_000)
    assert memory.load("gate") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["gate.json"]


def test_a_camera_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    memory = WatchMemory(tmp_path / "memory")
    memory.save("../gate", b"state")
    assert [path.parent.name for path in tmp_path.rglob("*.json")] == ["memory"]


def test_word_of_an_accepted_view_is_taken_once(tmp_path: Path) -> None:
    memory = WatchMemory(tmp_path / "memory")
    assert not memory.take_accepted_view("gate")
    memory.accept_view("gate")
    assert not memory.take_accepted_view("yard")
    assert memory.take_accepted_view("gate")
    assert not memory.take_accepted_view("gate")
