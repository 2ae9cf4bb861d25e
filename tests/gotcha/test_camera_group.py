"""Cameras that come, change and go while a program that watches them by itself runs."""

from __future__ import annotations

import threading

from gotcha.camera_group import OwnCameras
from gotcha.camera_runner import CameraRunner
from pipeline.errors import StorageError
from tests.jobs.conftest import wait_for


class FakeRunner(CameraRunner):
    """Looks at a camera without one, until it is told to stop or its footage ends."""

    def __init__(self, over: bool = False, failure: str | None = None) -> None:
        self.footage_over = over
        self.failure = failure
        self.watching = threading.Event()

    def run(self, stop: threading.Event) -> None:
        self.watching.set()
        if not self.footage_over and self.failure is None:
            stop.wait(30)
        self.watching.clear()


class House:
    """A group, and what became of its cameras."""

    def __init__(self, **wanted: int) -> None:
        self.wanted = wanted
        self.made: list[tuple[str, FakeRunner]] = []
        self.dropped: list[str] = []
        self.ends: set[str] = set()
        self.fails: set[str] = set()
        self.taken: set[str] = set()
        self.group = OwnCameras(lambda: dict(self.wanted), self._runner, self.dropped.append)

    def _runner(self, name: str) -> CameraRunner:
        if name in self.taken:
            raise StorageError(f"camera {name} is watched already")
        runner = FakeRunner(name in self.ends, "404" if name in self.fails else None)
        self.made.append((name, runner))
        return runner

    def watched(self) -> list[str]:
        self.group.keep_up()
        return sorted(name for name, runner in self.made if runner.watching.is_set())


def test_cameras_come_change_and_go() -> None:
    house = House(gate=0)
    house.group.start()
    try:
        wait_for(lambda: house.watched() == ["gate"])
        house.wanted["yard"] = 1
        wait_for(lambda: house.watched() == ["gate", "yard"])
        house.wanted["gate"] = 2
        wait_for(
            lambda: [name for name, _runner in house.made] == ["gate", "yard", "gate"] or not house.watched()
        )
        wait_for(lambda: house.watched() == ["gate", "yard"])
        assert house.dropped == []
        del house.wanted["yard"]
        wait_for(lambda: house.watched() == ["gate"])
        wait_for(lambda: house.watched() == ["gate"] and house.dropped == ["yard"])
        del house.wanted["gate"]
        wait_for(lambda: house.watched() == [] and house.dropped == ["yard", "gate"])
        # Another may be added.
        assert not house.group.over
    finally:
        house.group.end(5)


def test_the_end_of_all_footage_is_the_end_and_a_failed_change_is_not() -> None:
    house = House(a=0, b=0)
    house.ends, house.fails = {"a"}, {"b"}
    house.group.start()
    wait_for(lambda: house.watched() == [] and house.group.over)
    house.wanted["b"] = 1
    wait_for(lambda: house.watched() == [] and len(house.made) == 3)
    assert not house.group.over
    house.group.end(5)


def test_a_camera_that_another_program_has_holds_up_no_other() -> None:
    house = House(gate=0, yard=0)
    house.taken = {"gate"}
    house.group.start()
    try:
        wait_for(lambda: house.watched() == ["yard"])
    finally:
        house.group.end(5)
