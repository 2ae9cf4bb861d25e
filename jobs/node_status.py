"""How each program that watches cameras fares: what waits in its outbox, and its disk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, cast

import redis

from jobs.camera_status import TTL_S
from pipeline.errors import PayloadError, QueueError

if TYPE_CHECKING:
    from redis import Redis

# Apart from what the leases keep of each node (`jobs.camera_leases`), which other programs rely on.
_NODES = "gotcha:node-statuses"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStatus:
    """What a program says of itself.

    Attributes:
        node: its name.
        waiting: reports and events on its disk that are not stored yet.
        refused: those among its dead letters.
        disk_free, disk_total: bytes of the disk that its state lies on.
    """

    node: str
    waiting: int
    refused: int
    disk_free: int
    disk_total: int


class NodeBoard:
    """Where the programs' statuses hang.

    Args:
        client: with short waits.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client

    def tell(self, status: NodeStatus) -> None:
        """Hang up a status in place of the one before.

        Raises:
            QueueError: Redis is away.
        """
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                pipeline.set(_key(status.node), json.dumps(asdict(status)), ex=TTL_S)
                pipeline.sadd(_NODES, status.node)
                pipeline.execute()
        except redis.RedisError as error:
            raise QueueError(f"the program's status did not reach Redis ({error})") from error

    def read(self) -> tuple[NodeStatus, ...]:
        """The programs that run now, by name; those that ended are forgotten.

        Raises:
            QueueError: Redis is away.
        """
        try:
            names = sorted(name.decode() for name in cast("set[bytes]", self._client.smembers(_NODES)))
            if not names:
                return ()
            texts = cast("list[bytes | None]", self._client.mget([_key(name) for name in names]))
            gone = [name for name, text in zip(names, texts, strict=True) if text is None]
            if gone:
                self._client.srem(_NODES, *gone)
        except redis.RedisError as error:
            raise QueueError(f"the programs' status was not given by Redis ({error})") from error
        try:
            return tuple(NodeStatus(**json.loads(text)) for text in texts if text is not None)
        except (ValueError, TypeError) as error:
            raise PayloadError(f"a program's status is malformed: {error}") from error


def _key(node: str) -> str:
    return f"gotcha:node-status:{node}"
