"""Pictures for people who look at a camera now: made only while somebody does, and kept only in Redis.

Who looks says so every second or two; the program that watches the camera sees that and leaves a picture
there. However many look, the camera has its one connection.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, cast

import redis

from pipeline.errors import QueueError

if TYPE_CHECKING:
    from redis import Redis

# Who looks asks about once a second; a slow line may take a few.
WATCHED_S = 8
PICTURE_S = 10


class ViewKind(StrEnum):
    """With everything the watch knows drawn in, or as the camera took it."""

    DRAWN = "drawn"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One camera's pictures of one kind."""

    camera: str
    kind: ViewKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingNow:
    """A vehicle that stands in a picture.

    Attributes:
        label: what it is, such as "car".
        plate: its number as far as it was accepted, else empty.
        stood_s: its dwell clock, seconds.
    """

    label: str
    plate: str
    stood_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePicture:
    """A picture: JPEG bytes, when it was taken (aware UTC), and what stands in it."""

    jpeg: bytes
    taken_at: datetime
    standing: tuple[StandingNow, ...] = ()


class LiveViews:
    """Both ends: who looks, and who leaves pictures. Threads may share it.

    Args:
        client: with short waits.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client

    def look(self, view: View) -> LivePicture | None:
        """Ask for pictures for the next seconds; the newest one, None while there is none yet.

        Raises:
            QueueError: Redis is away.
        """
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                pipeline.set(_watched(view), 1, ex=WATCHED_S)
                pipeline.hmget(_picture(view), "jpeg", "taken_at", "standing")
                _set, found = pipeline.execute()
        except redis.RedisError as error:
            raise QueueError(f"the live view cannot be asked for: Redis does not answer ({error})") from error
        jpeg, taken_at, standing = cast("list[bytes | None]", found)
        if jpeg is None or taken_at is None:
            return None
        return LivePicture(
            jpeg=jpeg,
            taken_at=datetime.fromtimestamp(float(taken_at), UTC),
            standing=tuple(StandingNow(**one) for one in json.loads(standing or b"[]")),
        )

    def watched(self, cameras: Iterable[str]) -> frozenset[View]:
        """Those of the cameras' views that somebody looks at.

        Raises:
            QueueError: Redis is away.
        """
        views = [View(camera=camera, kind=kind) for camera in cameras for kind in ViewKind]
        if not views:
            return frozenset()
        try:
            marks = cast("list[bytes | None]", self._client.mget([_watched(view) for view in views]))
        except redis.RedisError as error:
            raise QueueError(f"who looks is not known: Redis does not answer ({error})") from error
        return frozenset(view for view, mark in zip(views, marks, strict=True) if mark is not None)

    def leave(self, pictures: Mapping[View, LivePicture]) -> None:
        """Leave pictures for those who look.

        Raises:
            QueueError: Redis is away.
        """
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for view, picture in pictures.items():
                    standing = json.dumps([asdict(one) for one in picture.standing])
                    values = {
                        "jpeg": picture.jpeg,
                        "taken_at": picture.taken_at.timestamp(),
                        "standing": standing,
                    }
                    pipeline.hset(_picture(view), mapping=values)  # type: ignore[arg-type]
                    pipeline.expire(_picture(view), PICTURE_S)
                pipeline.execute()
        except redis.RedisError as error:
            raise QueueError(f"a live picture did not reach Redis ({error})") from error


def _watched(view: View) -> str:
    return f"gotcha:watched:{view.kind.value}:{view.camera}"


def _picture(view: View) -> str:
    return f"gotcha:picture:{view.kind.value}:{view.camera}"
