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


@contextlib.contextmanager
def watching(folder: Path, cameras: Iterable[str]) -> Iterator[None]:
    """Holds the cameras for this program while the block lasts; a program that dies lets go of them.

    Two programs watching one camera would report every vehicle twice and overwrite each other's memory of
    what stands where.

    Args:
        folder: the state folder.
        cameras: their names.

    Raises:
        StorageError: another program watches one of them with this state folder, or it cannot be used.
    """
    prepare(folder)
    with contextlib.ExitStack() as stack:
        for camera in cameras:
            try:
                (folder / "locks").mkdir(exist_ok=True)
                lock = stack.enter_context((folder / "locks" / f"{camera}.lock").open("a+", encoding="ascii"))
            except OSError as error:
                raise _unusable(folder, error.strerror or str(error)) from error
            _take(lock, camera, folder)
        yield


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
