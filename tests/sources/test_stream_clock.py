from datetime import UTC, datetime, timedelta

import pytest

from sources.clocks import Clocks
from sources.stream_clock import Stamp, StreamClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Hand:
    """Two clocks moved by hand."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self.set_by_s = 0.0
        self.clocks = Clocks(now=self.now, monotonic=lambda: 500.0 + self.passed_s)

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.passed_s + self.set_by_s)


def seconds(stamp: Stamp) -> float:
    return (stamp.taken_at - NOON).total_seconds()


def test_times_follow_the_stamps_and_not_the_arrival() -> None:
    hand = Hand()
    clock = StreamClock(hand.clocks)
    stamps = []
    for index in range(10):
        hand.passed_s = index * 0.5 + (0.3 if index % 2 else 0.0)
        stamps.append(clock.stamp(7000.0 + index * 0.5))
    assert [stamp.at_s for stamp in stamps] == pytest.approx([index * 0.5 for index in range(10)])
    assert [seconds(stamp) for stamp in stamps] == pytest.approx(
        [index * 0.5 for index in range(10)], abs=1e-5
    )
    assert not any(stamp.discontinuity for stamp in stamps)


def test_a_reconnect_goes_on_by_the_seconds_that_passed() -> None:
    hand = Hand()
    clock = StreamClock(hand.clocks)
    first = clock.stamp(100.0)
    hand.passed_s = 42.0
    clock.new_connection()
    second = clock.stamp(0.0)
    hand.passed_s = 43.0
    third = clock.stamp(1.0)
    assert second.at_s == pytest.approx(42.0)
    assert (second.discontinuity, third.discontinuity) == (True, False)
    assert second.taken_at - first.taken_at == timedelta(seconds=42)
    assert third.at_s == pytest.approx(43.0)


@pytest.mark.parametrize("jump_s", [-3600.0, 95443.7])
def test_a_jump_of_the_stamps_is_a_gap_and_time_never_goes_back(jump_s: float) -> None:
    hand = Hand()
    clock = StreamClock(hand.clocks)
    clock.stamp(5000.0)
    hand.passed_s = 1.0
    clock.stamp(5001.0)
    hand.passed_s = 1.5
    after = clock.stamp(5001.0 + jump_s)
    assert after.discontinuity
    assert after.at_s == pytest.approx(1.5)
    assert seconds(after) == pytest.approx(1.5, abs=1e-5)


def test_lost_packets_are_no_jump() -> None:
    hand = Hand()
    clock = StreamClock(hand.clocks)
    clock.stamp(0.0)
    hand.passed_s = 5.0
    late = clock.stamp(5.0)
    assert (late.at_s, late.discontinuity) == (5.0, False)


def test_a_camera_whose_clock_is_off_is_followed_slowly() -> None:
    """A camera clock 0.2 % slow is 7 s behind after an hour; its pictures would be dated wrongly."""
    hand = Hand()
    clock = StreamClock(hand.clocks)
    worst_s = 0.0
    for index in range(3600):
        hand.passed_s = float(index)
        stamp = clock.stamp(index * 0.998)
        assert stamp.at_s == pytest.approx(index * 0.998)
        worst_s = max(worst_s, abs(seconds(stamp) - index))
    assert worst_s < 2.0


def test_a_clock_set_by_the_operator_is_followed_at_once_and_media_time_is_not() -> None:
    hand = Hand()
    clock = StreamClock(hand.clocks)
    clock.stamp(0.0)
    hand.passed_s, hand.set_by_s = 1.0, -7200.0
    stamp = clock.stamp(1.0)
    assert stamp.at_s == pytest.approx(1.0)
    assert seconds(stamp) == pytest.approx(1.0 - 7200.0, abs=1e-5)


def test_packets_without_stamps_take_the_time_of_arrival() -> None:
    hand = Hand()
    clock = StreamClock(hand.clocks)
    clock.stamp(None)
    hand.passed_s = 0.25
    assert clock.stamp(None).at_s == pytest.approx(0.25)


def test_reordered_pictures_are_no_gap() -> None:
    hand = Hand()
    clock = StreamClock(hand.clocks)
    shown = [0.0, 0.3, 0.1, 0.2, 0.6, 0.4, 0.5]
    stamps = [clock.stamp(None if place == 0 else place) for place in shown]
    assert [stamp.at_s for stamp in stamps] == pytest.approx(shown)
    assert not any(stamp.discontinuity for stamp in stamps)


# Half a second of packets comes with every opening; the stamps of these keep their pace.
SLACK_S = 0.6


def burst_then_live(hand: Hand, clock: StreamClock, *, burst_s: float, live_s: float) -> list[Stamp]:
    """A connection whose first `burst_s` seconds of pictures arrive at once; each may be dated up to now."""
    began_s = hand.passed_s
    stamps = []
    for index in range(round((burst_s + live_s) * 25)):
        hand.passed_s = began_s + max(0.0, index / 25 - burst_s)
        stamps.append(clock.stamp(index / 25))
        assert seconds(stamps[-1]) <= hand.passed_s + SLACK_S
    return stamps


def test_a_burst_of_old_pictures_on_connect_is_not_dated_into_the_future() -> None:
    """A relay sends its cached group of pictures at once: the last of them is from now, not from in 4 s."""
    hand = Hand()
    stamps = burst_then_live(hand, StreamClock(hand.clocks), burst_s=4.0, live_s=20.0)
    times = [seconds(stamp) for stamp in stamps]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(hand.passed_s, abs=SLACK_S)
    # Nothing came before the first connection, so its media time keeps the stamps' own pace.
    assert [stamp.at_s for stamp in stamps] == pytest.approx([i / 25 for i in range(len(stamps))])


@pytest.mark.parametrize("burst_s", [0.4, 4.0])
@pytest.mark.parametrize("live_s", [0.0, 2.0, 40.0])
def test_media_time_gains_nothing_by_reconnects_that_begin_with_a_burst(
    live_s: float, burst_s: float
) -> None:
    """Gaining 4 s at each reconnect would make a short stop on a bad line look like a long one."""
    hand = Hand()
    clock = StreamClock(hand.clocks)
    clock.stamp(0.0)
    before_s = 0.0
    for _ in range(10):
        hand.passed_s += 3.0
        clock.new_connection()
        stamps = burst_then_live(hand, clock, burst_s=burst_s, live_s=live_s)
        at = [before_s, *(stamp.at_s for stamp in stamps)]
        assert at == sorted(at)
        before_s = at[-1]
        assert seconds(stamps[-1]) == pytest.approx(hand.passed_s, abs=SLACK_S)
    assert before_s == pytest.approx(hand.passed_s, abs=SLACK_S)
