from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidValueError
from pipeline.plate_watch import HOPELESS_AFTER
from pipeline.read_schedule import ReadSchedule
from pipeline.zone import DWELL_S


def attempts(schedule: ReadSchedule, until_s: int, accepted_at: float | None = None) -> list[float]:
    made = []
    for tenth in range(until_s * 10 + 1):
        at_s = tenth / 10
        if schedule.due(at_s):
            made.append(at_s)
            schedule.attempted(at_s, accepted=accepted_at is not None and at_s >= accepted_at)
    return made


def test_attempts_back_off_to_one_a_minute() -> None:
    assert attempts(ReadSchedule(), 250) == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]


def test_reading_stops_when_a_text_is_accepted() -> None:
    assert attempts(ReadSchedule(), 500, accepted_at=7.0) == [0, 1, 3, 7]


def test_waits_out_of_order_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="first_s 5"):
        ReadSchedule(first_s=5.0, longest_s=2.0)


@given(st.lists(st.floats(0.05, 90.0), min_size=1, max_size=200))
def test_a_vehicle_that_stays_is_always_tried_again_but_never_constantly(steps: list[float]) -> None:
    schedule, at_s, made = ReadSchedule(), 0.0, [0.0]
    schedule.attempted(0.0, accepted=False)
    for step in steps:
        at_s += step
        if schedule.due(at_s):
            made.append(at_s)
            schedule.attempted(at_s, accepted=False)
        assert at_s - made[-1] < 60.0
    waits = [b - a for a, b in itertools.pairwise(made)]
    assert all(wait >= min(60.0, 2.0**i) - 1e-6 for i, wait in enumerate(waits))


def test_reading_has_given_up_before_the_shortest_default_dwell_is_over() -> None:
    """A report of a zone with its kind's times never waits for a plate that cannot be read."""
    schedule, at_s = ReadSchedule(), 0.0
    for _ in range(HOPELESS_AFTER - 1):
        schedule.attempted(at_s, accepted=False)
        # The slowest camera looks every two seconds.
        while not schedule.due(at_s):
            at_s += 2.0
    assert at_s < min(DWELL_S.values()) - 10.0, "some seconds go by until a halt is confirmed"
