"""What a case says of its vehicle."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline.case import Case
from pipeline.detection import ObjectClass
from pipeline.geometry import Box, Size
from pipeline.plate import UNREAD
from pipeline.standing import StandingVehicle

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_it_was_last_seen_when_it_was_last_recognised_until_a_departure_says_better() -> None:
    """A vehicle that stood 37 s to the end of a video was shown as standing for 5 s: until its photo."""
    vehicle = StandingVehicle(
        id="v",
        box=Box(x1=0, y1=0, x2=10, y2=10),
        label=ObjectClass.CAR,
        score=0.9,
        arrived_s=3.0,
        arrived_at=NOON,
        since_start=False,
        confirmed_s=6.0,
        last_seen_s=40.0,
        visible=True,
    )
    case = Case(
        report_id="a" * 32,
        vehicle=vehicle,
        zone="z",
        zone_kind="no_parking",
        dwell_s=60.0,
        frame_size=Size(width=64, height=48),
        parked_at=NOON + timedelta(seconds=5),
        plate=UNREAD,
    )
    assert case.last_seen_at == NOON + timedelta(seconds=37)
    left = replace(case, departed_at=NOON + timedelta(seconds=36))
    assert left.last_seen_at == NOON + timedelta(seconds=36)
