"""A video file: frames, times and decode modes of a live camera, as fast as the analysis takes them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av

from pipeline.errors import InvalidValueError, SourcePermanentError
from pipeline.frame import Frame, NoticeSink
from sources.clocks import Clocks
from sources.decode_mode import DecodeChooser, DecodeOptions, Use
from sources.encoded import EncodedPacket, described_format
from sources.frame_maker import FrameMaker, Work
from sources.notifier import Notifier
from sources.video_date import DateFrom, video_date
from sources.video_file_clip import file_clip

# A file that ends this much before its own header says, in seconds and as a share, was cut.
_CUT_S = 1.0
_CUT_SHARE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """A video file.

    Attributes:
        path: any format FFmpeg reads.
        started_at: when its first picture was taken, aware; None takes the file's own word, else its date.
        decode: what is decoded.
        at_own_pace: True hands frames over at the speed they were taken, False as fast as they are wanted.
    """

    path: Path
    started_at: datetime | None = None
    decode: DecodeOptions = field(default_factory=DecodeOptions)
    at_own_pace: bool = False

    def __post_init__(self) -> None:
        if self.started_at is not None and self.started_at.utcoffset() is None:
            raise InvalidValueError(f"expected an aware started_at, got the naive {self.started_at!r}")


class FileSource:
    """Implements `pipeline.frame.FrameSource`; `at_s` counts from the first picture.

    Args:
        camera: the name its frames carry.
        options: which file and how.
        sink: who is told what happens.
        clocks: where time comes from.
    """

    def __init__(
        self,
        camera: str,
        options: FileOptions,
        *,
        sink: NoticeSink | None = None,
        clocks: Clocks | None = None,
    ) -> None:
        self._camera = camera
        self._options = options
        self._clocks = clocks or Clocks()
        self._notifier = Notifier(camera, sink, self._clocks)

    @property
    def duration_s(self) -> float | None:
        """How long the file says it is, seconds; None when it does not say.

        Raises:
            SourcePermanentError: it is no video.
        """
        with self._open() as container:
            return None if container.duration is None else container.duration / av.time_base

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """All frames that are due, until the file ends or `stop` is set.

        Raises:
            SourcePermanentError: it is no video.
        """
        frames = FrameMaker(self._camera, self._options.decode, self._notifier).frames(self._works(stop))
        began_s: float | None = None
        for frame in frames:
            if stop.is_set():
                return
            if self._options.at_own_pace:
                now_s = self._clocks.monotonic()
                began_s = now_s - frame.at_s if began_s is None else began_s
                if stop.wait(max(0.0, began_s + frame.at_s - now_s)):
                    return
            yield frame

    def clip(self, from_s: float, to_s: float) -> bytes | None:
        """An MP4 cut out of the file, not encoded anew where MP4 can hold its codec."""
        return file_clip(self._options.path, from_s, to_s)

    def _open(self) -> av.container.InputContainer:
        path = self._options.path
        if not path.is_file():
            raise SourcePermanentError(f"there is no file {path}")
        try:
            container = av.open(str(path), "r")
        except (av.FFmpegError, OSError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise SourcePermanentError(f"{path.name} cannot be read as a video ({reason})") from None
        if not container.streams.video:
            container.close()
            raise SourcePermanentError(f"{path.name} holds no video")
        return container

    def _works(self, stop: threading.Event) -> Iterator[Work]:
        chooser = DecodeChooser(self._options.decode, self._notifier)
        name = self._options.path.name
        reached_s = 0.0
        with self._open() as container:
            stream = container.streams.video[0]
            says_s = None if container.duration is None else container.duration / av.time_base
            broken = ""
            packets = self._packets(container, stream)
            while not stop.is_set():
                try:
                    packet = next(packets, None)
                except (av.FFmpegError, OSError) as error:
                    broken = getattr(error, "strerror", None) or type(error).__name__
                    break
                if packet is None:
                    break
                reached_s = max(reached_s, packet.at_s)
                use = chooser.choose(
                    at_s=packet.decode_at_s, is_key=packet.is_key, discontinuity=packet.discontinuity
                )
                if use is not Use.SKIP:
                    yield Work(packet=packet, use=use)
        if stop.is_set():
            return
        if broken:
            self._notifier.say("damaged", f"{name} is broken after {reached_s:.1f} s ({broken})")
        elif says_s is not None and says_s - reached_s > max(_CUT_S, _CUT_SHARE * says_s):
            self._notifier.say(
                "damaged", f"{name} ends after {reached_s:.1f} s of the {says_s:.1f} s it says"
            )
        else:
            self._notifier.say("ended", f"{name} ended after {reached_s:.1f} s")

    def _packets(
        self, container: av.container.InputContainer, stream: av.VideoStream
    ) -> Iterator[EncodedPacket]:
        described = described_format(stream)
        if described is None:
            raise SourcePermanentError(f"{self._options.path.name} holds no picture")
        rate = "" if stream.average_rate is None else f" at {float(stream.average_rate):.0f} fps"
        held = f"holds {described.codec} {described.size}{rate}"
        self._notifier.say("connected", f"{self._options.path.name} {held}")
        started_at = self._started_at(container)
        tick = float(stream.time_base or 0.0)
        period_s = 1.0 / float(stream.average_rate or stream.guessed_rate or 25)
        first_s: float | None = None if stream.start_time is None else stream.start_time * tick
        last_s = 0.0
        for packet in container.demux(stream):
            if not packet.size:
                continue
            stamp = packet.pts if packet.pts is not None else packet.dts
            # Elementary streams have no stamps at all: their rate is all there is.
            shown_s = last_s + period_s if stamp is None else stamp * tick
            first_s = shown_s if first_s is None else first_s
            decoded_s = shown_s if packet.dts is None else packet.dts * tick
            last_s = shown_s
            at_s = max(0.0, shown_s - first_s)
            yield EncodedPacket(
                data=bytes(packet),
                is_key=packet.is_keyframe,
                at_s=at_s,
                decode_at_s=max(0.0, decoded_s - first_s),
                taken_at=started_at + timedelta(seconds=at_s),
                discontinuity=False,
                format=described,
            )

    def _started_at(self, container: av.container.InputContainer) -> datetime:
        if self._options.started_at is not None:
            return self._options.started_at.astimezone(UTC)
        date = video_date(container, self._options.path)
        whose = (
            "by its own creation time"
            if date.known is DateFrom.FILE
            else "by the file's date on this disk, as it says no time of its own that can be"
        )
        self._notifier.say(
            "settings", f"{self._options.path.name} begins at {date.at:%Y-%m-%d %H:%M:%S} UTC, {whose}"
        )
        return date.at
