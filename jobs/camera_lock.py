"""A lock on a camera's reports among all workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from redis.exceptions import LockError

from pipeline.errors import StorageUnavailableError

if TYPE_CHECKING:
    from redis import Redis


@contextmanager
def camera_locked(client: Redis, purpose: str, camera: str, *, longest_s: float) -> Iterator[None]:
    """Nobody else holds the lock of `purpose` on `camera` within the block.

    Args:
        client: of the queue's Redis.
        purpose: what is locked.
        camera: of which camera.
        longest_s: how long it may be held and is waited for; a worker that is killed keeps others so long.

    Raises:
        StorageUnavailableError: another worker has held it for too long; trying again later helps.
    """
    lock = client.lock(f"gotcha:{purpose}:{camera}", timeout=longest_s, blocking_timeout=longest_s)
    try:
        taken = lock.acquire()
    except LockError as error:
        raise StorageUnavailableError(f"the reports of camera {camera} are locked: {error}") from error
    if not taken:
        raise StorageUnavailableError(f"another worker has been storing a report of {camera} for too long")
    try:
        yield
    finally:
        if lock.owned():
            lock.release()
