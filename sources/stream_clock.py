"""From a stream's time stamps to media time and wall-clock time, across reconnects and clock errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from sources.clocks import Clocks

# A stamp that runs ahead of the seconds really passed by more than this is a broken stamp, not lost data.
_JUMP_S = 10.0
# Decoding times a little out of order are a guess of the demuxer, not a jump.
_DISORDER_S = 1.0
# Wall-clock times follow the host's clock once they are off by more than this for a whole window.
_DRIFT_S = 1.0
_WINDOW_S = 30.0
# ... by at most this share of the time that passes, so that differences of times stay true to 1 %.
_SLEW = 0.01
# Two readings of wall and monotonic clock that differ by more than this: somebody set the clock.
_CLOCK_SET_S = 1.0
_LEAST_STEP_S = 0.001
# Opening a connection takes in the first packets at once; more than this ahead of its time is a burst.
_BURST_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """When a picture was taken: media seconds, aware UTC, and whether a gap lies before it."""

    at_s: float
    decode_at_s: float
    taken_at: datetime
    discontinuity: bool


class StreamClock:
    """Media time of one run of one source.

    Within a connection, differences of `at_s` are differences of time stamps. Over a reconnect or a jump
    of the stamps, media time goes on by the seconds that really passed.

    A camera or relay may begin a connection with old pictures in a burst. They cannot be dated from the
    first one on, because that would place the last in the future: the wall-clock time gives way, and after
    a reconnect media time too, which else would gain the length of the burst each time.
    """

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self._wall_s = 0.0  # epoch seconds at at_s = 0
        self._clock_offset_s = 0.0  # wall clock minus monotonic clock
        self._anchor_s: float | None = None  # stamp + anchor = at_s; None at the start of a connection
        self._begun = False
        self._last_at_s = 0.0
        self._last_stamp_s = 0.0
        self._last_monotonic_s = 0.0
        self._window_end_s = 0.0
        self._starting = True  # in the first window of a connection
        # at_s minus monotonic clock that a reconnect goes on with; at_s stays near it while it starts.
        self._line_s = float("inf")
        self._zero_s = 0.0  # at_s minus monotonic clock of the connection's first packet
        self._above_line_s = 0.0  # the most that the last start was ahead, which the next gives back
        self._least_lag_s = float("inf")
        self._slew_s = 0.0

    def new_connection(self) -> None:
        """The next stamp belongs to another connection: its zero is unknown."""
        self._anchor_s = None
        # A demuxer that counts from the first packet may leave that one without a stamp.
        self._last_stamp_s = 0.0

    def stamp(self, presented_s: float | None, decoded_s: float | None = None) -> Stamp:
        """Places a packet in time.

        Args:
            presented_s: the stream's own presentation time, seconds; None when it has none.
            decoded_s: its decoding time, which alone rises from packet to packet; None when it is the same.
        """
        monotonic_s = self._clocks.monotonic()
        self._follow_clock(monotonic_s)
        passed_s = monotonic_s - self._last_monotonic_s if self._begun else 0.0
        if presented_s is None:
            presented_s = decoded_s
        if presented_s is None:
            presented_s = self._last_stamp_s + (0.0 if self._anchor_s is None else passed_s)
        if decoded_s is None:
            decoded_s = presented_s
        step_s = decoded_s - self._last_stamp_s
        jumped = self._anchor_s is not None and not -_DISORDER_S <= step_s <= passed_s + _JUMP_S
        discontinuity = self._begun and (jumped or self._anchor_s is None)
        if self._anchor_s is None or jumped:
            self._anchor_s = self._start(monotonic_s, passed_s) - decoded_s
        self._hold_burst(monotonic_s, decoded_s)
        decode_at_s = max(0.0, decoded_s + self._anchor_s)
        self._slew(decode_at_s - self._last_at_s if self._begun else 0.0)
        self._watch_drift(monotonic_s, decode_at_s)
        self._begun = True
        self._last_at_s = max(self._last_at_s, decode_at_s)
        self._last_stamp_s = decoded_s
        self._last_monotonic_s = monotonic_s
        at_s = max(decode_at_s, presented_s + self._anchor_s)
        return Stamp(
            at_s=at_s,
            decode_at_s=decode_at_s,
            taken_at=datetime.fromtimestamp(self._wall_s + at_s, tz=UTC),
            discontinuity=discontinuity,
        )

    def _start(self, monotonic_s: float, passed_s: float) -> float:
        """Begins a window; media time of the first packet after a gap."""
        was_starting, self._starting = self._starting, True
        self._window_end_s = monotonic_s + _WINDOW_S
        self._least_lag_s = float("inf")
        if not self._begun:
            self._zero_s = -monotonic_s
            return 0.0
        at_s = self._last_at_s + passed_s
        # Else each reconnect would add what its first packets came ahead of their time.
        if was_starting and math.isfinite(self._line_s):
            at_s = min(at_s, self._line_s + monotonic_s)
        else:
            at_s -= self._above_line_s
        at_s = max(at_s, self._last_at_s + _LEAST_STEP_S)
        self._line_s = min(self._line_s, at_s - monotonic_s)
        self._zero_s, self._above_line_s = self._line_s, 0.0
        return at_s

    def _hold_burst(self, monotonic_s: float, decoded_s: float) -> None:
        """Keeps the packet from the future; a packet that came before its time proves the anchors wrong."""
        if not self._starting or self._anchor_s is None:
            return
        at_s = decoded_s + self._anchor_s
        most_s = max(self._line_s + monotonic_s + _BURST_S, self._last_at_s + _LEAST_STEP_S)
        if at_s > most_s:
            self._anchor_s += most_s - at_s
            at_s = most_s
        above_s = min(at_s - monotonic_s - self._zero_s, _BURST_S)
        self._above_line_s = max(self._above_line_s, above_s)
        ahead_s = self._wall_s + at_s - (monotonic_s + self._clock_offset_s) - _BURST_S
        # Never so far that this picture would be dated before the one that came ahead of it.
        self._wall_s -= max(0.0, min(ahead_s, at_s - self._last_at_s))

    def _follow_clock(self, monotonic_s: float) -> None:
        offset_s = self._clocks.now().timestamp() - monotonic_s
        if not self._begun:
            self._wall_s = offset_s + monotonic_s
        elif abs(offset_s - self._clock_offset_s) > _CLOCK_SET_S:
            self._wall_s += offset_s - self._clock_offset_s
        self._clock_offset_s = offset_s

    def _watch_drift(self, monotonic_s: float, at_s: float) -> None:
        # Network delay only ever adds, so the least lag of a window is the clocks' difference.
        lag_s = monotonic_s + self._clock_offset_s - (self._wall_s + at_s)
        self._least_lag_s = min(self._least_lag_s, lag_s)
        if monotonic_s >= self._window_end_s:
            self._slew_s = self._least_lag_s if abs(self._least_lag_s) > _DRIFT_S else 0.0
            self._window_end_s = monotonic_s + _WINDOW_S
            self._least_lag_s = float("inf")
            self._starting = False
            self._line_s = float("inf")

    def _slew(self, passed_s: float) -> None:
        most_s = _SLEW * max(0.0, passed_s)
        step_s = max(-most_s, min(most_s, self._slew_s))
        self._wall_s += step_s
        self._slew_s -= step_s
