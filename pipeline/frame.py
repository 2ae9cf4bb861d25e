"""One moment of one camera, and where such moments come from."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from pipeline.errors import InvalidValueError, SourceFault
from pipeline.picture import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One moment of one camera.

    Attributes:
        camera: the camera's name in the configuration.
        index: counts the frames this source handed over, from 0.
        at_s: media time in seconds; never goes back within one run of a source. After a reconnect the
            source keeps differences of `at_s` equal to differences of `taken_at`.
        taken_at: when it was taken, aware UTC.
        picture: what the analysis looks at.
        detail: full resolution, for evidence and plates; the same object unless the camera has a second
            stream for analysis. May be up to `detail_lag_s` older or younger than `picture`.
        detail_lag_s: taken time of `detail` minus that of `picture`, seconds.
        discontinuity: True on the first frame after a gap in the stream (reconnect, jump in time stamps).
    """

    camera: str
    index: int
    at_s: float
    taken_at: datetime
    picture: Picture
    detail: Picture
    detail_lag_s: float = 0.0
    discontinuity: bool = False

    def __post_init__(self) -> None:
        if self.taken_at.tzinfo is None or self.taken_at.utcoffset() is None:
            raise InvalidValueError(f"expected an aware time, got the naive {self.taken_at!r}")
        if self.index < 0 or self.at_s < 0.0:
            raise InvalidValueError(f"expected index and at_s >= 0, got {self.index} and {self.at_s}")

    @property
    def started_at(self) -> datetime:
        """When media time began: the first frame of a video, or of a run of a camera."""
        return self.taken_at - timedelta(seconds=self.at_s)

    @property
    def detail_taken_at(self) -> datetime:
        """When `detail` was taken: what belongs on an evidence photo."""
        return self.taken_at + timedelta(seconds=self.detail_lag_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFacts:
    """What a stream is like: frames a second, seconds between its keyframes; None where it is not known."""

    rate: float | None = None
    keyframe_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNotice:
    """Something a user should know about a source (connected, lost, refused, decode mode chosen).

    Attributes:
        camera: the camera's name.
        at: when, aware UTC.
        kind: one of connected | lost | refused | stalled | damaged | settings | decode | ended.
        text: one sentence for people, without any password.
        repeated: a further damaged picture that is to be counted, while people were told of one just now.
        fault: the kind of trouble, where it is known.
        facts: what the stream is like, where it is told with the text.
    """

    camera: str
    at: datetime
    kind: str
    text: str
    repeated: bool = False
    fault: SourceFault | None = None
    facts: StreamFacts = field(default_factory=StreamFacts)


class FrameSource(Protocol):
    """A camera, file or folder that yields frames; it owns its connection and reconnects by itself."""

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Frames in time order until the source ends (a file) or `stop` is set; blocks between frames.

        Raises:
            SourcePermanentError: the source can never be read (a missing or broken file).
        """
        ...

    def clip(self, from_s: float, to_s: float) -> bytes | None:
        """An MP4 of the stream between two media times, or None when nothing of it is kept any more."""
        ...


class NoticeSink(Protocol):
    """Where a source says what happens to it."""

    def __call__(self, notice: SourceNotice, /) -> None: ...
