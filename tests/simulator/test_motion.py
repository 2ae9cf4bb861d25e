"""Motion between exact instants."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidValueError
from simulator.motion import Journey


@given(
    start=st.floats(0, 100), stay=st.floats(0.5, 1000), place=st.floats(10, 200), cruise=st.floats(3, 15),
    accel=st.floats(0.8, 3),
)  # fmt: skip
def test_a_halt_begins_and_ends_when_it_says(
    start: float, stay: float, place: float, cruise: float, accel: float
) -> None:
    motion = Journey(cruise, accel).halt(start, start + stay, place).leave()
    assert motion.place(start) == pytest.approx(place, abs=1e-6)
    assert motion.place(start + stay) == pytest.approx(place, abs=1e-6)
    assert motion.place(start - 0.5) < place - 0.01
    assert motion.place(start + stay + 0.5) > place + 0.01
    assert motion.halt_at(start + stay / 2) is not None
    assert motion.halt_at(start - 0.01) is None
    assert motion.speed(start - 100) == pytest.approx(cruise)
    assert motion.speed(start + stay + 100) == pytest.approx(cruise)


def test_place_never_jumps() -> None:
    journey = Journey(6.0, 2.0)
    for k in range(4):
        journey.halt(10.0 + 4 * k, 11.0 + 4 * k, 50.0 + 2.5 * k)
    motion = journey.leave()
    steps = [motion.place(k / 100) for k in range(4000)]
    assert max(b - a for a, b in pairwise(steps)) < 0.061
    assert min(b - a for a, b in pairwise(steps)) > -1e-6


def test_standing_from_the_beginning_and_for_ever() -> None:
    motion = Journey(6.0).halt(-math.inf, math.inf, 100.0).leave()
    assert motion.place(-1e6) == motion.place(0.0) == motion.place(1e6) == 100.0


def test_no_time_for_the_way_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="m/s2"):
        Journey(6.0).halt(0.0, 1.0, 10.0).halt(1.5, 2.0, 40.0)
    with pytest.raises(InvalidValueError, match="later halt"):
        Journey(6.0).halt(0.0, 1.0, 10.0).halt(3.0, 4.0, 9.0)
