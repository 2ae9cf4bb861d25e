from __future__ import annotations

import pytest

from bench.hourly import Hour, tracker_ratio


def hour(*classes: tuple[int, bool, float, int]) -> Hour:
    made = Hour()
    for standing, looked, seconds, count in classes:
        made.tracker_s[standing, looked] += [seconds] * count
    return made


def test_more_vehicles_in_the_last_hour_are_no_slower_tracker() -> None:
    first = hour((0, False, 0.001, 300), (3, True, 0.004, 50))
    last = hour((0, False, 0.001, 30), (3, True, 0.004, 400))
    assert last.tracker_ms > 2 * first.tracker_ms
    assert tracker_ratio(first, last) == pytest.approx(1.0)


def test_a_tracker_that_grows_slower_shows() -> None:
    first = hour((0, False, 0.001, 100), (2, True, 0.003, 100))
    last = hour((0, False, 0.002, 100), (2, True, 0.006, 100))
    assert tracker_ratio(first, last) == pytest.approx(2.0)


def test_hours_with_nothing_in_common_cannot_be_compared() -> None:
    assert tracker_ratio(hour((0, False, 0.001, 100)), hour((4, True, 0.003, 100))) is None
