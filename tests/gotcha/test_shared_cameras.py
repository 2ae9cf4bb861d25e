"""Nodes that share cameras, on a real Redis: each watched by one, none by two, whatever is killed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis import Redis

from gotcha import shared_cameras
from gotcha.camera_runner import CameraRunner
from gotcha.leased import LeasedMemory, LeasedSink
from gotcha.shared_cameras import SharedCameras
from jobs.camera_leases import CameraLeases
from jobs.embedded_redis import EmbeddedRedis, RedisService
from jobs.lease import Lease
from jobs.redis_connection import connect
from jobs.redis_watch_memory import RedisWatchMemory
from pipeline.errors import QueueError
from storage.watch_memory import WatchMemory
from tests.jobs.conftest import wait_for
from tests.pipeline.fakes import MemorySink
from tests.reports import final

LEASE_S = 2.0
MARGIN_S = 0.6


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_cameras, "ROUND_S", 0.1)
    monkeypatch.setattr(shared_cameras, "MARGIN_S", MARGIN_S)
    monkeypatch.setattr(shared_cameras, "_LEFT_TO_OTHERS_S", 0.5)
    monkeypatch.setattr(shared_cameras, "_SETTLE_S", 0.3)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RedisService]:
    with EmbeddedRedis(tmp_path) as service:
        client = service.connect()
        long_up(client)
        client.close()
        yield service


def long_up(client: Redis) -> None:
    run = client.info("server")["run_id"]
    client.hset("gotcha:leases:epoch", mapping={"run": run, "since": 0})


class Street:
    """Notes who watches which camera, and whether ever two did."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watching: dict[str, list[str]] = {}
        self._came: Counter[str] = Counter()
        self.doubled: list[tuple[str, list[str]]] = []
        self.over: set[str] = set()
        self.broken: set[tuple[str, str]] = set()

    def come(self, camera: str, node: str) -> None:
        with self._lock:
            watchers = self._watching.setdefault(camera, [])
            self._came[camera] += 1
            watchers.append(node)
            if len(watchers) > 1:
                self.doubled.append((camera, list(watchers)))

    def go(self, camera: str, node: str) -> None:
        with self._lock:
            self._watching[camera].remove(node)

    def comings(self, camera: str) -> int:
        with self._lock:
            return self._came[camera]

    def watched(self) -> dict[str, str]:
        with self._lock:
            return {camera: names[0] for camera, names in self._watching.items() if names}


class FakeRunner(CameraRunner):
    """Looks at a camera without one."""

    def __init__(self, street: Street, node: str, lease: Lease) -> None:
        self.failure = None
        self.trouble = None
        self.footage_over = False
        self._street, self._node, self._lease = street, node, lease

    def run(self, stop: threading.Event) -> None:
        camera = self._lease.camera
        if (camera, self._node) in self._street.broken:
            self.failure = "404"
            return
        self._street.come(camera, self._node)
        try:
            while not stop.wait(0.02) and self._lease.held(for_s=MARGIN_S):
                if camera in self._street.over:
                    self.footage_over = True
                    return
        finally:
            self._street.go(camera, self._node)


@dataclass
class Nodes:
    url: str
    street: Street = field(default_factory=Street)

    def __post_init__(self) -> None:
        self._running: dict[str, SharedCameras] = {}
        self.dropped: list[str] = []

    def start(self, name: str, *cameras: str) -> SharedCameras:
        return self.start_with(name, lambda: dict.fromkeys(cameras, 0))

    def start_with(self, name: str, wanted: Callable[[], Mapping[str, int]]) -> SharedCameras:
        leases = CameraLeases(connect(self.url, wait_s=0.3), name, lease_s=LEASE_S)
        node = SharedCameras(
            leases, wanted, lambda lease: FakeRunner(self.street, name, lease), self.dropped.append
        )
        self._running[name] = node
        node.start()
        return node

    def kill(self, name: str) -> None:
        """As kill -9 does: nothing is given back. Its threads end when their leases do."""
        node = self._running.pop(name)
        node._give_everything_back = lambda: None  # type: ignore[method-assign]
        node._ending.set()
        node._thread.join(10)
        for seat in node._seats.values():
            seat.stop.set()

    def end(self) -> None:
        for node in self._running.values():
            node.end(5.0)


@pytest.fixture
def nodes(service: RedisService) -> Iterator[Nodes]:
    nodes = Nodes(service.url)
    yield nodes
    nodes.end()
    assert nodes.street.doubled == []


def count(nodes: Nodes, name: str) -> int:
    return list(nodes.street.watched().values()).count(name)


def all_of(nodes: Nodes, *cameras: str) -> Callable[[], bool]:
    return lambda: set(nodes.street.watched()) == set(cameras)


CAMERAS = ("a", "b", "c", "d")


def test_two_nodes_share_the_cameras(nodes: Nodes) -> None:
    nodes_share(nodes)


def test_a_node_that_comes_later_gets_its_share(nodes: Nodes) -> None:
    nodes.start("one", *CAMERAS)
    wait_for(all_of(nodes, *CAMERAS))
    nodes.start("two", *CAMERAS)
    wait_for(lambda: (count(nodes, "one"), count(nodes, "two")) == (2, 2), what="two cameras each")
    stays = nodes.street.watched()
    threading.Event().wait(1.5)
    assert nodes.street.watched() == stays


def test_a_killed_nodes_cameras_go_to_the_other_when_its_leases_are_over(nodes: Nodes) -> None:
    for name in ("one", "two"):
        nodes.start(name, *CAMERAS)
    wait_for(all_of(nodes, *CAMERAS))
    nodes.kill("one")
    wait_for(lambda: count(nodes, "two") == 4, what="all on the other node")


def test_a_node_that_ends_gives_its_cameras_over_at_once(nodes: Nodes) -> None:
    first = nodes.start("one", *CAMERAS)
    wait_for(all_of(nodes, *CAMERAS))
    nodes.start("two", *CAMERAS)
    first.end(5.0)
    wait_for(lambda: count(nodes, "two") == 4, LEASE_S * 5, "all on the other node")


def test_each_watches_what_only_it_would(nodes: Nodes) -> None:
    nodes.start("one", "a", "b", "c")
    nodes.start("two", "d")
    wait_for(lambda: nodes.street.watched() == {"a": "one", "b": "one", "c": "one", "d": "two"})


def test_footage_that_ended_ends_it_for_all_nodes(nodes: Nodes) -> None:
    running = [nodes.start(name, "file") for name in ("one", "two")]
    wait_for(all_of(nodes, "file"))
    nodes.street.over.add("file")
    wait_for(lambda: all(node.over for node in running), what="both being through")


def test_a_camera_that_one_node_cannot_reach_goes_to_the_other(nodes: Nodes) -> None:
    nodes.street.broken.add(("a", "one"))
    one = nodes.start("one", "a")
    wait_for(lambda: one.over)
    nodes.start("two", "a")
    wait_for(lambda: nodes.street.watched() == {"a": "two"})


def test_watching_stops_before_the_leases_end_when_redis_is_away(nodes: Nodes, service: RedisService) -> None:
    nodes.start("one", *CAMERAS)
    wait_for(all_of(nodes, *CAMERAS))
    service.close()
    wait_for(lambda: nodes.street.watched() == {}, LEASE_S + 3, "nobody watching")


def nodes_share(nodes: Nodes) -> None:
    """Two nodes that have settled: who came first has handed over what the other was due."""
    for name in ("one", "two"):
        nodes.start(name, *CAMERAS)
    wait_for(lambda: (count(nodes, "one"), count(nodes, "two")) == (2, 2), what="two cameras each")


def test_an_emptied_redis_changes_nobodys_watch(nodes: Nodes, service: RedisService) -> None:
    nodes_share(nodes)
    before = nodes.street.watched()
    client = service.connect()
    client.flushall()
    client.close()
    for _ in range(20):
        threading.Event().wait(0.1)
        assert nodes.street.watched() == before


def test_a_redis_that_comes_back_empty_is_shared_anew(
    nodes: Nodes, service: RedisService, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        nodes.start(name, *CAMERAS)
    wait_for(all_of(nodes, *CAMERAS))
    service.close()
    wait_for(lambda: nodes.street.watched() == {}, LEASE_S + 3, "nobody watching")
    for file in (tmp_path / "redis").glob("*.aof"):
        file.unlink()
    with EmbeddedRedis(tmp_path) as again:
        assert again.url == service.url
        wait_for(all_of(nodes, *CAMERAS), 20, "everything being watched again")
        nodes.end()


class TestLeased:
    def lease(self, fence: int = 1) -> Lease:
        return Lease(camera="gate", token=f"me:{fence}", fence=fence, ends_s=10.0, clock=lambda: 0.0)

    def test_a_report_is_taken_while_the_lease_lasts(self) -> None:
        sink, lease = MemorySink(), self.lease()
        leased = LeasedSink(sink, lease)
        leased.offer(final())
        lease.lost = True
        with pytest.raises(QueueError, match="gate has run out"):
            leased.offer(final("b"))
        assert sink.items == [final()]

    def test_the_memory_of_the_newest_lease_counts(self, service: RedisService, tmp_path: Path) -> None:
        shared = RedisWatchMemory(service.connect())
        early, late = self.lease(1), self.lease(2)
        one = LeasedMemory(shared, WatchMemory(tmp_path / "one"), early)
        two = LeasedMemory(shared, WatchMemory(tmp_path / "two"), late)
        one.save("gate", b"at first")
        assert two.load("gate") == b"at first"
        two.save("gate", b"then")
        one.save("gate", b"too late")
        assert early.lost
        assert (one.load("gate"), two.load("gate")) == (b"then", b"then")

    def test_what_redis_lost_or_does_not_tell_lies_in_the_folder(
        self, service: RedisService, tmp_path: Path
    ) -> None:
        client = connect(service.url, wait_s=0.3)
        memory = LeasedMemory(RedisWatchMemory(client), WatchMemory(tmp_path / "own"), self.lease())
        memory.save("gate", b"state")
        client.flushall()
        assert memory.load("gate") == b"state"
        memory.set_aside("gate")
        assert memory.load("gate") is None
        assert (tmp_path / "own" / "gate.damaged").read_bytes() == b"state"
        service.close()
        memory.save("gate", b"newer")
        assert memory.load("gate") == b"newer"

    def test_a_view_accepted_on_this_node_is_taken_once(self, service: RedisService, tmp_path: Path) -> None:
        own = WatchMemory(tmp_path / "own")
        memory = LeasedMemory(RedisWatchMemory(connect(service.url)), own, self.lease())
        own.accept_view("gate")
        assert memory.take_accepted_view("gate")
        assert not memory.take_accepted_view("gate")


def test_cameras_come_go_and_change_while_two_nodes_run(nodes: Nodes) -> None:
    wanted = {"a": 0}
    for name in ("one", "two"):
        nodes.start_with(name, lambda: dict(wanted))
    wait_for(all_of(nodes, "a"))
    wanted["b"] = 1
    wait_for(all_of(nodes, "a", "b"), what="the one that was added")
    came = nodes.street.comings("a")
    wanted["a"] = 2
    wait_for(lambda: nodes.street.comings("a") > came, what="the one that was changed being opened anew")
    wait_for(all_of(nodes, "a", "b"))
    del wanted["a"]
    wait_for(all_of(nodes, "b"), what="the removed one being left")
    wait_for(lambda: nodes.dropped == ["a"])


def test_a_camera_added_last_that_cannot_be_watched_is_not_the_end(nodes: Nodes) -> None:
    nodes.street.broken.add(("a", "one"))
    wanted = {"a": 3}
    one = nodes.start_with("one", lambda: dict(wanted))
    threading.Event().wait(0.6)
    assert not one.over
    nodes.street.broken.clear()
    wanted["a"] = 4
    wait_for(all_of(nodes, "a"), what="the camera after its correction")
    assert not one.over
