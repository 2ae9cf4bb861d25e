"""How each camera fares, told through Redis once a second and forgotten when nobody tells it any more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import redis

from pipeline.errors import PayloadError, QueueError
from pipeline.report import CameraCondition

if TYPE_CHECKING:
    from redis import Redis

# Ten times the interval it is told in: a program that is busy for a moment is not taken for dead.
TTL_S = 10
_VERSION = 1


# Seconds without a frame after which a camera needs a person: one that sends a frame a second is late then;
# stills may come every few seconds. One that sleeps between its frames says how long it may.
STALLED_AFTER_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraStatus:
    """What the program that watches a camera says of it.

    Attributes:
        camera: its name.
        node: the program that watches it.
        told_at: when it said so, aware UTC.
        condition: what its picture is like; None before the first frame.
        frame_at: when the last frame was taken, aware UTC; None before the first.
        heard_at: when the last frame was worked on, aware UTC, by the program's clock.
        analysed_rate: frames a second that were looked at.
        dropped_rate: frames a second that were left out, as the machine was too slow.
        frames, dropped, damaged, restarts: counts since the program began.
        trouble: what its source complains of and has not overcome; one sentence, or None.
        failure: why it cannot be watched at all; one sentence, or None.
        late_after_s: seconds without a frame after which it needs a person.
    """

    camera: str
    node: str
    told_at: datetime
    condition: CameraCondition | None
    frame_at: datetime | None
    heard_at: datetime | None
    analysed_rate: float
    dropped_rate: float
    frames: int
    dropped: int
    damaged: int
    restarts: int
    trouble: str | None
    failure: str | None
    late_after_s: float = STALLED_AFTER_S

    def is_late(self, now: datetime) -> bool:
        """Whether frames came, and none has for too long."""
        return self.heard_at is not None and (now - self.heard_at).total_seconds() > self.late_after_s


class StatusBoard:
    """Where statuses hang.

    Args:
        client: with short waits.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client

    def tell(self, statuses: Iterable[CameraStatus]) -> None:
        """Hang up statuses in place of the ones before.

        Raises:
            QueueError: Redis is away.
        """
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for status in statuses:
                    pipeline.set(_key(status.camera), _to_json(status), ex=TTL_S)
                pipeline.execute()
        except redis.RedisError as error:
            raise QueueError(f"the cameras' status did not reach Redis ({error})") from error

    def read(self, cameras: Iterable[str]) -> Mapping[str, CameraStatus]:
        """The statuses of those of `cameras` that somebody watches.

        Raises:
            QueueError: Redis is away.
        """
        names = list(cameras)
        if not names:
            return {}
        try:
            texts = cast("list[bytes | None]", self._client.mget([_key(name) for name in names]))
        except redis.RedisError as error:
            raise QueueError(f"the cameras' status was not given by Redis ({error})") from error
        return {name: _from_json(text) for name, text in zip(names, texts, strict=True) if text is not None}


def _key(camera: str) -> str:
    return f"gotcha:camera:{camera}"


def _to_json(status: CameraStatus) -> str:
    value = {name: getattr(status, name) for name in CameraStatus.__slots__}
    for name in ("told_at", "frame_at", "heard_at"):
        value[name] = None if value[name] is None else value[name].isoformat()
    return json.dumps({"version": _VERSION, **value})


def _from_json(text: bytes) -> CameraStatus:
    try:
        value: dict[str, Any] = json.loads(text)
        if value.pop("version") != _VERSION:
            raise PayloadError("a camera's status was told by another version of Gotcha")
        for name in ("told_at", "frame_at", "heard_at"):
            if value[name] is not None:
                value[name] = datetime.fromisoformat(value[name]).astimezone(UTC)
        if value["condition"] is not None:
            value["condition"] = CameraCondition(value["condition"])
        return CameraStatus(**value)
    except (ValueError, TypeError, KeyError) as error:
        raise PayloadError(f"a camera's status is malformed: {error}") from error
