"""What a restart does to a dwell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from pipeline.dwell import MISSING_S
from pipeline.dwell_state import DwellChange, DwellEnd, DwellSnapshot
from pipeline.zone import Zone
from tests.pipeline.dwell_rig import (
    DEPARTED,
    VIOLATING,
    Watch,
    leaving,
    vehicle,
    zone,
)


def restarted(watch: Watch, after_s: float, *zones: Zone) -> tuple[Watch, tuple[DwellChange, ...]]:
    """A timer of a new run whose media time begins at 0, `after_s` after the last frame, via JSON."""
    adapter = TypeAdapter(DwellSnapshot)
    state = adapter.validate_json(adapter.dump_json(watch.timer.snapshot()))
    assert state.taken_at is not None
    begin = state.taken_at + timedelta(seconds=after_s)
    again = Watch(*zones, start=begin)
    return again, again.timer.restore(state, 0.0, begin)


def test_a_restart_bridges_by_the_wall_clock_and_reports_nothing_twice() -> None:
    watch = Watch(zone(dwell_s=60))
    watch.stands(13, 40)
    again, dropped = restarted(watch, 15.0, zone(dwell_s=60))
    assert dropped == ()
    for at_s in range(30):
        again.frame(at_s, vehicle(at_s, arrived_s=10 - 55, start=again.start))
    assert again.said == [(VIOLATING, 15, None)]
    assert again.changes[0].since_s == pytest.approx(-45)


def test_a_violation_before_a_restart_is_not_reported_again() -> None:
    watch = Watch(zone())
    watch.stands(13, 100)
    again, _ = restarted(watch, 15.0, zone())
    for at_s in range(300):
        again.frame(at_s, vehicle(at_s, arrived_s=10 - 115, start=again.start))
    assert again.said == []
    again.frame(301, gone=leaving(300))
    assert [s for s, _, _ in again.said] == [DEPARTED]


def test_a_vehicle_forgotten_in_the_restart_ends_as_lost_and_a_removed_zone_says_so() -> None:
    watch = Watch(zone("kept"), zone("removed"))
    watch.stands(13, 40)
    again, dropped = restarted(watch, 15.0, zone("kept"))
    assert [(c.zone, c.end) for c in dropped] == [("removed", DwellEnd.ZONE_REMOVED)]
    again.frame(0)
    assert again.said == []
    again.frame(MISSING_S + 1)
    assert again.said == [(DEPARTED, -15, DwellEnd.VEHICLE_LOST)]
