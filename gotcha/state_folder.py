"""The folder of the program's state: that it can be used, and that no camera is watched from it twice."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from pipeline.errors import StorageError


def prepare(folder: Path) -> None:
    """Make the state folder where it is missing.

    Raises:
        StorageError: it cannot be made or written to; says what to do.
    """
    try:
        # Outbox, database and photos hold plates: nobody else on the machine may look into a new one.
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _unusable(folder, error.strerror or str(error)) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unusable(folder, "this user may not write there")


class CameraLocks:
    """The cameras that this program holds; one that dies lets go of them. For one thread at a time.

    Args:
        folder: the state folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, IO[str]] = {}

    def take(self, camera: str) -> None:
        """Hold a camera, or go on holding it.

        Raises:
            StorageError: another program watches it with this state folder, or that cannot be used.
        """
        if camera in self._held:
            return
        try:
            (self._folder / "locks").mkdir(exist_ok=True)
            lock = (self._folder / "locks" / f"{camera}.lock").open("a+", encoding="ascii")
        except OSError as error:
            raise _unusable(self._folder, error.strerror or str(error)) from error
        try:
            _take(lock, camera, self._folder)
        except BaseException:
            lock.close()
            raise
        self._held[camera] = lock

    def release(self, camera: str) -> None:
        """Let go of a camera; nothing where it is not held."""
        lock = self._held.pop(camera, None)
        if lock is not None:
            lock.close()

    def release_all(self) -> None:
        """Let go of all."""
        for camera in tuple(self._held):
            self.release(camera)


@contextlib.contextmanager
def watching(folder: Path, cameras: Iterable[str]) -> Iterator[CameraLocks]:
    """Holds the cameras for this program while the block lasts, and those it takes meanwhile.

    Two programs watching one camera would report every vehicle twice and overwrite each other's memory of
    what stands where.

    Args:
        folder: the state folder.
        cameras: their names.

    Raises:
        StorageError: another program watches one of them with this state folder, or it cannot be used.
    """
    prepare(folder)
    locks = CameraLocks(folder)
    try:
        for camera in cameras:
            locks.take(camera)
        yield locks
    finally:
        locks.release_all()


def _take(lock: IO[str], camera: str, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip()
        raise StorageError(
            f"camera {camera} is watched already by another gotcha{f' (process {holder})' if holder else ''} "
            f"with the state folder {folder}: end that one first, or give this one a state_dir of its own"
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()


def _unusable(folder: Path, reason: str) -> StorageError:
    return StorageError(
        f"the state folder {folder} cannot be used ({reason}): "
        "set state_dir to a folder that this user may write to"
    )
