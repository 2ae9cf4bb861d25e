"""Which packets are worth decoding: keyframes only where that serves the zones, else all."""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import InvalidValueError
from pipeline.frame import StreamFacts
from sources.notifier import Notifier

DecodeMode = Literal["keyframes", "all", "auto"]

# Two intervals are enough to begin with keyframes; one long interval is enough to leave them, and five
# short ones are needed to come back, so that a camera between two settings does not make us waver.
_INTERVALS_TO_BEGIN = 2
_INTERVALS_TO_RETURN = 5
_TOLERANCE = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeOptions:
    """How much of a video is decoded and handed over.

    Attributes:
        mode: `keyframes` decodes nothing else, `all` decodes everything, `auto` decides by the stream.
        analysis_fps: frames handed over per second of media time at most; None for every decoded one.
        longest_keyframe_interval_s: `auto` takes keyframes only while they come at least this often;
            `keyframes` takes them anyway, and says so.
        on_demand: True hands keyframes over undecoded, to be decoded by whoever looks at them first; one that
            turns out to be damaged raises `PictureError` there. The first one and those after a gap are
            decoded at once.
    """

    mode: DecodeMode = "auto"
    analysis_fps: float | None = 2.0
    longest_keyframe_interval_s: float = 2.0
    on_demand: bool = False

    def __post_init__(self) -> None:
        if self.mode not in ("keyframes", "all", "auto"):
            raise InvalidValueError(f"expected the mode keyframes, all or auto, got {self.mode!r}")
        if self.analysis_fps is not None and not self.analysis_fps > 0.0:
            raise InvalidValueError(f"expected analysis_fps > 0 or None, got {self.analysis_fps}")
        if not self.longest_keyframe_interval_s > 0.0:
            raise InvalidValueError(
                f"expected longest_keyframe_interval_s > 0, got {self.longest_keyframe_interval_s}"
            )


class Pace:
    """Picks the frames that are due at a rate, on a grid that does not drift.

    Args:
        fps: frames per second of media time; None for every frame.
    """

    def __init__(self, fps: float | None) -> None:
        self._period_s = 0.0 if fps is None else 1.0 / fps
        self._next_s = float("-inf")

    def is_due(self, at_s: float) -> bool:
        """Whether the frame at `at_s` is to be handed over; call once per frame."""
        # A tenth of a period early is on time: cameras jitter, and 1 s keyframes must serve 1 fps.
        if at_s < self._next_s - 0.1 * self._period_s:
            return False
        late = at_s - self._next_s > self._period_s
        self._next_s = (at_s if late else self._next_s) + self._period_s
        return True


class Use(enum.Enum):
    """What is to be done with a packet."""

    SKIP = enum.auto()
    ALONE = enum.auto()  # a keyframe, decoded by itself
    RUNNING = enum.auto()  # decoded in its row


class DecodeChooser:
    """Decides per packet; measures the keyframe interval and says what it chose.

    Args:
        options: mode and limits.
        notifier: who is told.
    """

    def __init__(self, options: DecodeOptions, notifier: Notifier) -> None:
        self._options = options
        self._notifier = notifier
        self._pace = Pace(options.analysis_fps)
        self._keyframes_only = options.mode == "keyframes"
        self._decided = options.mode != "auto"
        self._intervals: deque[float] = deque(maxlen=_INTERVALS_TO_RETURN)
        self._last_key_s: float | None = None
        self._said_rare = False
        self._said_starving = False
        if self._decided:
            what = "keyframes only" if self._keyframes_only else "every frame"
            notifier.say("decode", f"decodes {what}, as configured")

    def choose(self, *, at_s: float, is_key: bool, discontinuity: bool) -> Use:
        """What to do with the packet at `at_s` (decode order)."""
        if discontinuity:
            self._last_key_s = None
        if is_key:
            if self._last_key_s is not None:
                self._intervals.append(at_s - self._last_key_s)
            self._last_key_s = at_s
            self._said_starving = False
        since_key_s = None if self._last_key_s is None else at_s - self._last_key_s
        if self._options.mode == "auto":
            self._decide(since_key_s)
        elif self._keyframes_only:
            self._watch_rare(since_key_s)
            self._watch_starving(since_key_s)
        if not self._keyframes_only:
            # Without its keyframe a packet shows garbage.
            return Use.SKIP if self._last_key_s is None else Use.RUNNING
        return Use.ALONE if is_key and self._pace.is_due(at_s) else Use.SKIP

    def is_due(self, at_s: float) -> bool:
        """Whether a frame decoded in its row is handed over."""
        return self._pace.is_due(at_s)

    def _decide(self, since_key_s: float | None) -> None:
        if since_key_s is None:
            return
        longest_s = self._options.longest_keyframe_interval_s * _TOLERANCE
        if since_key_s > longest_s:
            if self._keyframes_only or not self._decided:
                self._say(keyframes_only=False, interval_s=since_key_s, at_least=True)
            return
        needed = _INTERVALS_TO_RETURN if self._decided else _INTERVALS_TO_BEGIN
        if self._keyframes_only or len(self._intervals) < needed:
            return
        slowest_s = max(self._intervals)
        if slowest_s <= longest_s:
            self._say(keyframes_only=True, interval_s=slowest_s, at_least=False)

    def _say(self, *, keyframes_only: bool, interval_s: float, at_least: bool) -> None:
        if self._keyframes_only and not keyframes_only:
            # The row's beginning was skipped: decoding begins with the next keyframe.
            self._last_key_s = None
        self._decided = True
        self._keyframes_only = keyframes_only
        if not keyframes_only:
            self._intervals.clear()
        what = "keyframes only" if keyframes_only else "every frame"
        longest_s = self._options.longest_keyframe_interval_s
        than = "more than " if at_least else ""
        self._notifier.say(
            "decode",
            f"decodes {what}: keyframes come {than}{interval_s:.1f} s apart, "
            f"the zones are served up to {longest_s:.1f} s",
            facts=StreamFacts(keyframe_s=interval_s),
        )

    def _watch_rare(self, since_key_s: float | None) -> None:
        longest_s = self._options.longest_keyframe_interval_s
        if since_key_s is not None and since_key_s > longest_s * _TOLERANCE:
            if not self._said_rare:
                self._said_rare = True
                self._notifier.say(
                    "decode",
                    f"keyframes come more than {longest_s:.1f} s apart and only they are decoded: vehicles "
                    "are dated coarsely or missed; shorten the camera's keyframe (I-frame) interval or set "
                    "decode to auto",
                )
        elif len(self._intervals) == _INTERVALS_TO_RETURN and max(self._intervals) <= longest_s * _TOLERANCE:
            self._said_rare = False

    def _watch_starving(self, since_key_s: float | None) -> None:
        limit_s = 10.0 * self._options.longest_keyframe_interval_s
        if since_key_s is not None and since_key_s > limit_s and not self._said_starving:
            self._said_starving = True
            self._notifier.say(
                "decode",
                f"no keyframe for {since_key_s:.0f} s while only keyframes are decoded: "
                "shorten the camera's keyframe (I-frame) interval or set decode to auto",
            )
