"""One suite over the store of sleeping cameras: SQLite and PostgreSQL, both real."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from storage.device_store import SqlDevices
from storage.devices import Device, SentFrame
from tests.reports import NOON


@pytest.fixture
def devices(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> SqlDevices:
    """Two devices of one camera, of which three frames may wait."""
    monkeypatch.setattr("storage.device_store.MOST_WAITING", 3)
    devices = SqlDevices(engine)
    for name in ("lane-cam", "second-cam"):
        devices.add(name, "lane", at=NOON)
    devices.add("yard-cam", "yard", at=NOON)
    return devices


def sent(devices: SqlDevices, name: str, first: int, count: int) -> None:
    for number in range(first, first + count):
        taken_at = NOON + timedelta(minutes=number)
        devices.take(name, SentFrame(jpeg=f"{name} {number}".encode(), taken_at=taken_at), at=taken_at)


def known(devices: SqlDevices, name: str = "lane-cam") -> Device:
    found = devices.get(name)
    assert found is not None
    return found


def test_that_frames_went_unjudged_is_over_once_their_camera_is_judged_again(
    devices: SqlDevices, caplog: pytest.LogCaptureFixture
) -> None:
    """An outage of last spring was told of for ever, and a new one was not to be seen beside it."""
    sent(devices, "lane-cam", 0, 5)
    sent(devices, "yard-cam", 0, 4)
    before = known(devices)
    assert (before.dropped, before.dropped_since_judged) == (2, 2)
    frames = devices.waiting("lane", after=None)
    with caplog.at_level(logging.WARNING, "storage.device_store"):
        devices.judged("lane", frames[0].taken_at, seen={frames[0].number}, at=NOON)
    assert "2 of the device lane-cam went unjudged before" in caplog.text
    after = known(devices)
    assert (after.dropped, after.dropped_since_judged) == (2, 0)
    assert known(devices, "yard-cam").dropped_since_judged == 1

    sent(devices, "lane-cam", 5, 2)
    assert (known(devices).dropped, known(devices).dropped_since_judged) == (3, 1)


def test_frames_that_are_only_passed_over_end_no_trouble(devices: SqlDevices) -> None:
    sent(devices, "lane-cam", 0, 4)
    late = devices.waiting("lane", after=None)[0]
    devices.judged("lane", late.taken_at, seen=(), at=NOON + timedelta(hours=1))
    found = known(devices)
    assert (found.late, found.late_at) == (1, NOON + timedelta(hours=1))
    assert found.dropped_since_judged == 1


def test_what_nobody_judged_for_days_goes_and_is_told_until_the_next_is_judged(devices: SqlDevices) -> None:
    sent(devices, "second-cam", 0, 2)
    later = NOON + timedelta(days=4)
    assert devices.purge(at=later) == 2
    assert known(devices, "second-cam").dropped_since_judged == 2
    devices.take("lane-cam", SentFrame(jpeg=b"new", taken_at=later), at=later)
    (frame,) = devices.waiting("lane", after=None)
    devices.judged("lane", later, seen={frame.number}, at=later)
    assert known(devices, "second-cam").dropped_since_judged == 0
