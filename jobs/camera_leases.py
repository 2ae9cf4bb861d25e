"""Who watches which camera: leases in the Redis that all nodes share.

A lease is a key that expires; its holder renews it. A holder counts its time from before it asked, so that it
stops before the key is gone. While Redis is away leases run out and nobody watches.

A Redis that was emptied or restarted may have forgotten leases that their holders still trust: after such a
start no camera is given away before every lease of the time before has run out. (SET NX PX with a fencing
token: Kleppmann, "How to do distributed locking", 2016; the wait after a restart: redis.io, "Distributed
Locks with Redis", "Performance, crash recovery and fsync".)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from jobs.lease import Lease, now_s

if TYPE_CHECKING:
    from redis import Redis

LEASE_S = 12.0
NODE_S = 6.0
# A camera that was given up in favour of a node waits this long for it.
_PROMISED_S = 6.0
# Nodes that were waiting for a camera hear within this time that its footage has ended.
_ENDED_S = 60.0
_NODES = "gotcha:nodes"
_EPOCH = "gotcha:leases:epoch"
_FENCE = "gotcha:leases:fence"
_ENDED = "ended:"

# KEYS: lease, promise, epoch, fence. ARGV: node, ttl in ms, when the node began in ms.
# Answers the fence of the new lease; 0: taken or promised; -ms: so long after a start of Redis; -1: ended.
_ACQUIRE = """
redis.replicate_commands()
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local epoch = redis.call('HMGET', KEYS[3], 'run', 'since')
if epoch[1] ~= run then
    redis.call('HSET', KEYS[3], 'run', run, 'since', string.format('%.0f', now))
    epoch[2] = now
end
local holder = redis.call('GET', KEYS[1])
local ended = holder and string.match(holder, '^ended:(%d+)$')
if ended and tonumber(ended) >= tonumber(ARGV[3]) then return -1 end
if holder and not ended then return 0 end
local promise = redis.call('GET', KEYS[2])
if promise and promise ~= ARGV[1] then return 0 end
local wait = tonumber(epoch[2]) + tonumber(ARGV[2]) - now
if wait > 0 then return -wait - 1 end
local fence = redis.call('INCR', KEYS[4])
if fence < now then
    fence = now
    redis.call('SET', KEYS[4], string.format('%.0f', now))
end
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. string.format('%.0f', fence), 'PX', ARGV[2])
redis.call('DEL', KEYS[2])
return fence
"""
# KEYS: lease. ARGV: token, ttl in ms. A key that is gone was lost by Redis: the asker still holds the lease
# by its own clock, and nobody else can have taken it in the meantime.
_RENEW = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
# KEYS: lease, promise. ARGV: token, node it is promised to or "", ms of the promise.
_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end
return 1
"""
# KEYS: lease. ARGV: token, ms the mark stays.
_END = """
redis.replicate_commands()
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', KEYS[1], 'ended:' .. string.format('%.0f', now), 'PX', ARGV[2])
return 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A program that watches cameras: its name, how many it watches, and which it would take."""

    name: str
    watching: int
    cameras: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking for a camera.

    Attributes:
        lease: it, or None.
        wait_s: Redis has started anew: nobody gets a lease before this many seconds.
        ended: the camera's footage has ended, there is nothing to watch any more.
    """

    lease: Lease | None = None
    wait_s: float = 0.0
    ended: bool = False


class CameraLeases:
    """The leases as one node sees them. All methods raise `redis.RedisError` when Redis is away.

    Args:
        client: with short waits, well below `lease_s`.
        node: this node's name, unique among all.
        lease_s: how long a lease lasts after it was renewed; the same on all nodes.
        clock: see `Lease`.
    """

    def __init__(
        self,
        client: Redis,
        node: str,
        *,
        lease_s: float = LEASE_S,
        clock: Callable[[], float] = now_s,
    ) -> None:
        self.node = node
        self._client = client
        self._lease_s = lease_s
        self._clock = clock
        self._began_ms: int | None = None
        self._acquire = client.register_script(_ACQUIRE)
        self._renew = client.register_script(_RENEW)
        self._release = client.register_script(_RELEASE)
        self._end = client.register_script(_END)

    def announce(self, cameras: Collection[str], watching: int) -> None:
        """Tell the other nodes of this one; to be repeated well within `NODE_S`."""
        record = json.dumps({"cameras": sorted(cameras), "watching": watching})
        with self._client.pipeline() as pipeline:
            pipeline.sadd(_NODES, self.node)
            pipeline.set(f"gotcha:node:{self.node}", record, px=int(NODE_S * 1000))
            pipeline.execute()
        if self._began_ms is None:
            self._began_ms = self._time_ms()

    def withdraw(self) -> None:
        """Tell the other nodes that this one ends."""
        with self._client.pipeline() as pipeline:
            pipeline.srem(_NODES, self.node)
            pipeline.delete(f"gotcha:node:{self.node}")
            pipeline.execute()

    def nodes(self) -> tuple[Node, ...]:
        """The nodes that are alive, this one among them once it was announced."""
        names = sorted(name.decode() for name in cast("set[bytes]", self._client.smembers(_NODES)))
        if not names:
            return ()
        records = cast("list[bytes | None]", self._client.mget([f"gotcha:node:{name}" for name in names]))
        gone = [name for name, record in zip(names, records, strict=True) if record is None]
        if gone:
            self._client.srem(_NODES, *gone)
        found = zip(names, records, strict=True)
        return tuple(_node(name, record) for name, record in found if record is not None)

    def holders(self, cameras: Sequence[str]) -> Mapping[str, str | None]:
        """Which node holds each of `cameras`; None: nobody does."""
        if not cameras:
            return {}
        values = cast("list[bytes | None]", self._client.mget([_key(camera) for camera in cameras]))
        return {
            camera: None if value is None or value.startswith(_ENDED.encode()) else _holder(value)
            for camera, value in zip(cameras, values, strict=True)
        }

    def acquire(self, camera: str) -> Answer:
        """Ask for a camera."""
        asked_s = self._clock()
        if self._began_ms is None:
            self._began_ms = self._time_ms()
        answer = int(
            self._acquire(
                keys=[_key(camera), _promise(camera), _EPOCH, _FENCE],
                args=[self.node, int(self._lease_s * 1000), self._began_ms],
            )
        )
        if answer == -1:
            return Answer(ended=True)
        if answer <= 0:
            return Answer(wait_s=max(0, -answer - 1) / 1000)
        return Answer(
            lease=Lease(
                camera=camera,
                token=f"{self.node}:{answer}",
                fence=answer,
                ends_s=asked_s + self._lease_s,
                clock=self._clock,
            )
        )

    def renew(self, lease: Lease) -> bool:
        """Make a held lease last; False, and the lease is lost, when another node has the camera."""
        asked_s = self._clock()
        if not lease.held():
            lease.lost = True
            return False
        if not self._renew(keys=[_key(lease.camera)], args=[lease.token, int(self._lease_s * 1000)]):
            lease.lost = True
            return False
        lease.ends_s = asked_s + self._lease_s
        return True

    def release(self, lease: Lease, *, to: str | None = None) -> None:
        """Give a camera up that is no longer watched; `to`: the node that shall have it first."""
        lease.lost = True
        self._release(
            keys=[_key(lease.camera), _promise(lease.camera)],
            args=[lease.token, to or "", int(_PROMISED_S * 1000)],
        )

    def end(self, lease: Lease) -> None:
        """Give a camera up whose footage has ended: no node that is alive now has to take it."""
        lease.lost = True
        self._end(keys=[_key(lease.camera)], args=[lease.token, int(_ENDED_S * 1000)])

    def _time_ms(self) -> int:
        seconds, micros = self._client.time()
        return seconds * 1000 + micros // 1000


def _node(name: str, record: bytes) -> Node:
    found = json.loads(record)
    return Node(name=name, watching=int(found["watching"]), cameras=frozenset(found["cameras"]))


def _holder(token: bytes) -> str:
    return token.decode().rpartition(":")[0]


def _key(camera: str) -> str:
    return f"gotcha:lease:{camera}"


def _promise(camera: str) -> str:
    return f"gotcha:lease-promise:{camera}"
