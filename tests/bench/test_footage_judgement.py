"""Matching stored reports with the truth of footage."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bench.footage_cameras import Clip, Halt
from bench.footage_judgement import judge
from pipeline.geometry import Box, Size
from pipeline.report import Report
from tests import reports as samples

SIZE = Size(width=640, height=480)
CAR, OTHER, IGNORED = (Box(x1=x, y1=100, x2=x + 80, y2=150) for x in (100.0, 300.0, 500.0))


def clip(*halts: Halt) -> Clip:
    return Clip(
        path=Path("clip.mp4"), size=SIZE, duration_s=60.0, tolerance_s=0.5, halts=halts, ignored=(IGNORED,)
    )


def halt(name: str, box: Box, from_s: float, to_s: float) -> Halt:
    return Halt(id=name, box=box, from_s=from_s, to_s=to_s, since_start=False)


def report(name: str, box: Box, from_s: float, to_s: float) -> Report:
    # Twice the clip's size, as when a camera enlarges its picture.
    large = Box(x1=2 * box.x1, y1=2 * box.y1, x2=2 * box.x2, y2=2 * box.y2)
    moment = samples.NOON + timedelta(seconds=from_s)
    return replace(
        samples.final(name),
        box=large,
        frame_size=Size(width=1280, height=960),
        arrived_at=moment,
        parked_at=moment,
        last_seen_at=samples.NOON + timedelta(seconds=to_s),
        departed_at=None,
    )


def test_each_report_is_found_doubled_false_or_open() -> None:
    truth = clip(halt("stays", CAR, 10.0, 50.0), halt("short", OTHER, 5.0, 7.8), halt("lost", OTHER, 20, 40))
    right, again = report("a", CAR, 10.4, 45.0), report("b", CAR, 30.0, 45.0)
    nearly, nothing = report("c", OTHER, 5.0, 7.5), report("d", Box(x1=0, y1=300, x2=80, y2=350), 9.0, 20.0)
    left_out = report("e", IGNORED, 9.0, 20.0)
    judged = judge(
        (right, again, nearly, nothing, left_out),
        truth,
        began_at=samples.NOON,
        dwell_s=3.0,
        violating=frozenset(),
    )
    ((found, of, error_s),) = judged.found
    assert (found.id, of.id, round(error_s or 0.0, 3)) == (right.id, "stays", 0.4)
    assert [one.id for one in judged.doubled] == [again.id]
    assert [one.id for one in judged.false] == [nothing.id]
    assert {one.id for one in judged.open} == {nearly.id, left_out.id}
    assert [one.id for one in judged.missed] == ["lost"]


def test_a_report_of_another_time_is_false() -> None:
    judged = judge(
        (report("a", CAR, 52.0, 58.0),),
        clip(halt("stays", CAR, 10.0, 50.0)),
        began_at=samples.NOON,
        dwell_s=3.0,
        violating=frozenset(),
    )
    assert (len(judged.false), len(judged.missed), judged.found) == (1, 1, ())
