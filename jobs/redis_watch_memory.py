"""What the watch of a camera knows, in the Redis that all nodes share: another node can go on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import redis

from pipeline.errors import StorageError

if TYPE_CHECKING:
    from redis import Redis

_KEEP_S = 30 * 24 * 3600
# KEYS: memory. ARGV: fence, state, seconds it is kept.
_SAVE = """
local fence = redis.call('HGET', KEYS[1], 'fence')
if fence and tonumber(fence) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'state', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""


class RedisWatchMemory:
    """One hash for each camera, written only by its newest lease.

    Args:
        client: with short waits; a camera's thread uses it.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._script = client.register_script(_SAVE)

    def save(self, camera: str, state: bytes, *, fence: int) -> bool:
        """Keep the state; False when a later lease than `fence` has written: nothing is changed.

        Raises:
            StorageError: Redis is away.
        """
        try:
            return bool(self._script(keys=[_key(camera)], args=[fence, state, _KEEP_S]))
        except redis.RedisError as error:
            raise StorageError(f"The memory of camera {camera} did not reach Redis ({error}).") from error

    def load(self, camera: str) -> bytes | None:
        """What is kept for `camera`, or None.

        Raises:
            StorageError: Redis is away.
        """
        try:
            return cast("bytes | None", self._client.hget(_key(camera), "state"))
        except redis.RedisError as error:
            raise StorageError(f"The memory of camera {camera} was not given by Redis ({error}).") from error


def _key(camera: str) -> str:
    return f"gotcha:memory:{camera}"
