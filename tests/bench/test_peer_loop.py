"""The usual loop is a fair peer: it finds what is plain to see, and fails where such loops fail."""

from __future__ import annotations

import pytest

from bench.peer_loop import PeerLoop
from bench.stopwatch import Stopwatch
from pipeline.detection import Detection, ObjectClass
from pipeline.geometry import Box

BOX = Box(x1=100, y1=100, x2=200, y2=160)


def _seen(box: Box, score: float = 0.8) -> tuple[Detection, ...]:
    return (Detection(box=box, score=score, label=ObjectClass.CAR),)


def test_it_finds_a_vehicle_that_stops() -> None:
    loop = PeerLoop(3.0)
    for frame in range(300):
        at_s = frame / 25
        loop.update(at_s, _seen(BOX.shifted(-60 * max(0.0, 4.0 - at_s), 0.0).shifted(300, 0)))
    (halt,) = loop.finish()
    assert halt.arrived_s == pytest.approx(4.0, abs=0.6)
    assert halt.left_s == pytest.approx(11.96)


def test_it_bridges_weak_detections() -> None:
    loop = PeerLoop(3.0)
    for frame in range(250):
        loop.update(frame / 25, _seen(BOX, 0.2 if 50 < frame < 150 else 0.8))
    assert len(loop.finish()) == 1


def test_it_doubles_what_is_hidden_for_longer_than_its_buffer() -> None:
    loop = PeerLoop(3.0)
    for frame in range(400):
        loop.update(frame / 25, () if 150 < frame < 200 else _seen(BOX))
    assert len(loop.finish()) == 2


def test_driving_through_is_no_halt() -> None:
    loop = PeerLoop(3.0)
    for frame in range(200):
        loop.update(frame / 25, _seen(BOX.shifted(3.0 * frame, 0.0)))
    assert loop.finish() == []


def test_a_stage_counts_only_what_its_inner_stages_do_not() -> None:
    watch = Stopwatch()
    with watch.stage("outer"):
        _spin()
        with watch.stage("inner"):
            _spin()
            _spin()
    assert watch.seconds["inner"] > watch.seconds["outer"] > 0.0
    assert watch.total == pytest.approx(watch.seconds["inner"] + watch.seconds["outer"])


def _spin() -> int:
    return sum(i * i for i in range(400_000))
