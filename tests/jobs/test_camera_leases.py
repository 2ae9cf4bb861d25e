"""Leases on cameras, on a real Redis: at most one holder, whatever happens to Redis or to a clock."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from redis import Redis

from jobs.camera_leases import CameraLeases
from jobs.embedded_redis import RedisService, open_redis
from jobs.lease import Lease, now_s
from jobs.node_status import NodeBoard, NodeStatus
from jobs.redis_watch_memory import RedisWatchMemory
from pipeline.errors import StorageError
from tests.jobs.conftest import wait_for

LEASE_S = 1.0


class Clock:
    """A node's clock, to be set."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return now_s() + self.ahead_s


def node(client: Redis, name: str, clock: Clock | None = None) -> CameraLeases:
    leases = CameraLeases(client, name, lease_s=LEASE_S, clock=clock or Clock())
    leases.announce(["gate"], 0)
    return leases


def taken(leases: CameraLeases, camera: str = "gate") -> Lease:
    """The lease as soon as Redis gives it: a fresh Redis waits for one lease's time."""
    found: list[Lease] = []

    def try_it() -> bool:
        lease = leases.acquire(camera).lease
        if lease is not None:
            found.append(lease)
        return lease is not None

    wait_for(try_it, 10, f"a lease on {camera}")
    return found[0]


def test_a_camera_has_one_holder_until_its_lease_has_run_out(client: Redis) -> None:
    one, other = node(client, "one"), node(client, "other")
    lease = taken(one)
    assert lease.held()
    assert other.acquire("gate").lease is None
    assert other.holders(["gate", "yard"]) == {"gate": "one", "yard": None}
    next_lease = taken(other)
    assert not lease.held(), "the first holder must have stopped before the second began"
    assert next_lease.fence > lease.fence
    assert not one.renew(lease)
    assert lease.lost


def test_renewing_keeps_it(client: Redis) -> None:
    one, other = node(client, "one"), node(client, "other")
    lease = taken(one)
    for _ in range(8):
        threading.Event().wait(LEASE_S / 4)
        assert one.renew(lease)
        assert other.acquire("gate").lease is None
    assert lease.held()


def test_a_holder_that_slept_does_not_renew_what_another_may_have(client: Redis) -> None:
    clock = Clock()
    one = node(client, "one", clock)
    lease = taken(one)
    clock.ahead_s = LEASE_S
    assert not lease.held()
    assert not one.renew(lease)


def test_a_holder_counts_from_before_it_asked_and_keeps_a_margin(client: Redis) -> None:
    lease = taken(node(client, "one"))
    expires_s = int(client.pttl("gotcha:lease:gate")) / 1000
    # Redis answers in whole milliseconds.
    assert lease.ends_s - now_s() <= expires_s + 0.002
    assert not lease.held(for_s=LEASE_S)


def test_only_the_holder_gives_back(client: Redis) -> None:
    one, other = node(client, "one"), node(client, "other")
    stale = taken(one)
    client.delete("gotcha:lease:gate")
    lease = taken(other)
    one.release(stale)
    assert other.renew(lease)
    other.release(lease)
    assert not lease.held()
    assert taken(one).held()


def test_a_camera_given_up_for_a_node_waits_for_it(client: Redis) -> None:
    one, other, third = (node(client, name) for name in ("one", "other", "third"))
    one.release(taken(one), to="other")
    assert third.acquire("gate").lease is None
    assert one.acquire("gate").lease is None
    assert other.acquire("gate").lease is not None


def test_footage_that_ended_is_not_watched_again_by_who_waited_for_it(client: Redis) -> None:
    one, waiting = node(client, "one"), node(client, "waiting")
    one.end(taken(one))
    assert waiting.acquire("gate").ended
    assert waiting.holders(["gate"]) == {"gate": None}
    threading.Event().wait(0.01)
    # A program that is started afterwards was asked to watch it anew.
    assert node(client, "later").acquire("gate").lease is not None


@pytest.mark.parametrize("how", ["flush", "restart"])
def test_an_emptied_redis_gives_nothing_away_before_the_old_leases_are_over(how: str, tmp_path: Path) -> None:
    first = open_redis(None, tmp_path)
    client = first.connect()
    one, other = node(client, "one"), node(client, "other")
    lease = taken(one)
    if how == "flush":
        client.flushall()
    else:
        first.close()
        for file in (tmp_path / "redis").glob("*.aof"):
            file.unlink()
        first = open_redis(None, tmp_path)
    with first:
        assert lease.held()
        answer = other.acquire("gate")
        assert answer.lease is None
        assert answer.wait_s > 0
        # The holder never noticed and goes on; the other still gets nothing afterwards.
        assert one.renew(lease)
        for _ in range(6):
            threading.Event().wait(LEASE_S / 4)
            assert one.renew(lease)
            assert other.acquire("gate").lease is None


def test_fences_rise_over_an_emptied_redis(client: Redis) -> None:
    one = node(client, "one")
    lease = taken(one)
    client.flushall()
    lease.lost = True
    assert taken(node(client, "other")).fence > lease.fence


def test_who_watches_how_much(client: Redis) -> None:
    one, other = node(client, "one"), node(client, "other")
    one.announce(["gate", "yard"], 2)
    found = {each.name: each for each in other.nodes()}
    assert (found["one"].watching, found["one"].cameras) == (2, frozenset({"gate", "yard"}))
    one.withdraw()
    assert [each.name for each in other.nodes()] == ["other"]
    client.delete("gotcha:node:other")
    assert other.nodes() == ()


def test_many_ask_at_once_and_one_gets_it(service: RedisService, client: Redis) -> None:
    taken(node(client, "warm up"), "other camera")
    # As if Redis had been up for long: the leases here last longer than the test.
    client.hset("gotcha:leases:epoch", "since", 0)
    names = [f"node {number}" for number in range(8)]
    begin = threading.Barrier(len(names))
    got: list[str] = []

    def ask(name: str) -> None:
        leases = CameraLeases(service.connect(), name, lease_s=30.0)
        begin.wait(10)
        got.extend(name for _ in range(20) if leases.acquire("gate").lease is not None)

    threads = [threading.Thread(target=ask, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(got) == 1


class TestMemory:
    def test_what_one_node_kept_another_reads(self, service: RedisService) -> None:
        RedisWatchMemory(service.connect()).save("gate", b"\x00state", fence=3)
        memory = RedisWatchMemory(service.connect())
        assert memory.load("gate") == b"\x00state"
        assert memory.load("yard") is None

    def test_a_holder_of_an_older_lease_changes_nothing(self, client: Redis) -> None:
        memory = RedisWatchMemory(client)
        assert memory.save("gate", b"old", fence=3)
        assert memory.save("gate", b"new", fence=1_790_000_000_001)
        assert not memory.save("gate", b"late", fence=1_790_000_000_000)
        assert memory.load("gate") == b"new"

    def test_a_redis_that_is_away_is_said(self, tmp_path: Path) -> None:
        service = open_redis(None, tmp_path)
        memory = RedisWatchMemory(service.connect())
        service.close()
        with pytest.raises(StorageError, match="camera gate did not reach Redis"):
            memory.save("gate", b"", fence=1)
        with pytest.raises(StorageError, match="camera gate was not given"):
            memory.load("gate")


def test_a_nodes_status_and_its_leases_do_not_share_a_key(client: Redis) -> None:
    """The status overwrote what the leases knew of the node: no camera was shared or taken over any more."""
    leases = node(client, "one")
    board = NodeBoard(client)
    board.tell(NodeStatus(node="one", waiting=1, refused=0, disk_free=1, disk_total=2))
    assert [(one.name, one.watching) for one in leases.nodes()] == [("one", 0)]
    leases.announce(["gate"], 1)
    leases.withdraw()
    assert leases.nodes() == ()
    assert [one.waiting for one in board.read()] == [1]
