"""What a camera sees now, asked of the program that watches it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi.concurrency import run_in_threadpool

from jobs.live_view import LivePicture, LiveViews, View, ViewKind

if TYPE_CHECKING:
    from redis import Redis

_LOOK_EVERY_S = 0.3


async def watched_picture(redis: Redis, camera: str, *, within_s: float) -> LivePicture | None:
    """The picture of a camera, without zones drawn on it; None where none comes in time.

    Args:
        redis: of the queue.
        camera: its name.
        within_s: seconds; a camera that is watched answers within about two (`gotcha.camera_board`).

    Raises:
        QueueError: Redis does not answer.
    """
    for _look in range(round(within_s / _LOOK_EVERY_S)):
        found = await run_in_threadpool(LiveViews(redis).look, View(camera=camera, kind=ViewKind.PLAIN))
        if found is not None:
            return found
        await asyncio.sleep(_LOOK_EVERY_S)
    return None
