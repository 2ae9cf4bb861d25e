"""A camera that sleeps: its frames come one at a time, minutes apart, through an inbox."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pipeline.errors import GotchaError, InvalidValueError
from pipeline.frame import Frame, NoticeSink
from sources.clocks import Clocks
from sources.jpeg_frames import JpegFrames, JpegOptions, StampedJpeg
from sources.notifier import Notifier

# A device that stayed away for so many sleeps is late.
LATE_INTERVALS = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxJpeg:
    """A JPEG that lies in the inbox: its number, its bytes, when it was taken (aware UTC)."""

    number: int
    data: bytes
    taken_at: datetime


class Inbox(Protocol):
    """Where frames lie until they are judged."""

    def waiting(self, after: InboxJpeg | None) -> Sequence[InboxJpeg]:
        """Those that came after `after` in the order they were taken, a few at a time.

        Raises:
            GotchaError: the inbox cannot be read now.
        """
        ...

    def interval_s(self) -> float:
        """Seconds from one frame to the next as they are meant to be now, above 0."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOptions:
    """How a device is waited for.

    Attributes:
        poll_s: how often the inbox is looked into.
        late_intervals: it is late when it has stayed away for so many intervals.
        jpeg: what is done with the pictures.
    """

    poll_s: float = 1.0
    late_intervals: float = LATE_INTERVALS
    jpeg: JpegOptions = field(default_factory=lambda: JpegOptions(analysis_fps=None))

    def __post_init__(self) -> None:
        if self.poll_s <= 0.0 or self.late_intervals < 1.0:
            raise InvalidValueError("expected positive times and at least one interval until it is late")


class DeviceSource:
    """Implements `pipeline.frame.FrameSource`. Media time is the frames' own time, from the first on.

    Args:
        camera: the camera's name.
        options: how it is waited for.
        inbox: where its frames lie, and how often they are meant to come.
        sink: who is told what happens.
        clocks: where time comes from.
    """

    def __init__(
        self,
        camera: str,
        options: DeviceOptions,
        inbox: Inbox,
        *,
        sink: NoticeSink | None = None,
        clocks: Clocks | None = None,
    ) -> None:
        self._options = options
        self._inbox = inbox
        self._clocks = clocks or Clocks()
        self._notifier = Notifier(camera, sink, self._clocks)
        self._frames = JpegFrames(camera, options.jpeg, self._notifier)
        self._late = False
        self._heard_s = self._clocks.monotonic()

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Frames until `stop` is set, as they come; those that waited first. To be called once."""
        first: datetime | None = None
        last: InboxJpeg | None = None
        while not stop.is_set():
            for jpeg in self._waiting(last):
                self._heard()
                first = first or jpeg.taken_at
                last = jpeg
                at_s = (jpeg.taken_at - first).total_seconds()
                stamped = StampedJpeg(data=jpeg.data, at_s=at_s, taken_at=jpeg.taken_at, discontinuity=False)
                frame = self._frames.frame(stamped)
                if frame is not None:
                    yield frame
                if stop.is_set():
                    return
            self._look_for_lateness()
            stop.wait(self._options.poll_s)

    def clip(self, from_s: float, to_s: float) -> bytes | None:
        """An MP4 of the pictures between two media times, encoded now."""
        return self._frames.clip(from_s, to_s)

    def _waiting(self, after: InboxJpeg | None) -> Sequence[InboxJpeg]:
        try:
            return self._inbox.waiting(after)
        except GotchaError as error:
            self._notifier.say("lost", f"its frames cannot be fetched now: {error}")
            return ()

    def _heard(self) -> None:
        self._heard_s = self._clocks.monotonic()
        if self._late:
            self._late = False
            self._notifier.say("connected", "the camera sends pictures again")

    def _look_for_lateness(self) -> None:
        away_s = self._clocks.monotonic() - self._heard_s
        if not self._late and away_s > self._options.late_intervals * self._inbox.interval_s():
            self._late = True
            self._notifier.say("stalled", f"the camera is late: no picture for {away_s:.0f} s")
