"""A camera with two streams: the small one is analysed, the large one is evidence."""

from __future__ import annotations

import dataclasses
import threading
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline.errors import InvalidValueError
from pipeline.frame import Frame, NoticeSink
from sources.clocks import Clocks
from sources.encoded import EncodedPacket
from sources.hand_over import beside
from sources.notifier import Notifier
from sources.packet_decoder import PacketPicture
from sources.rtsp import RtspSource
from sources.rtsp_reader import RtspOptions, RtspReader


class PairedSource:
    """Implements `pipeline.frame.FrameSource` over two RTSP streams of one camera.

    The main stream is received but not decoded; its newest keyframes wait as packets, and one is decoded
    when `frame.detail` is looked at.

    Args:
        camera: the camera's name.
        main: the full-resolution stream; its `decode` is not used, its `clip` is.
        analysis: the smaller stream; its `clip` is not used.
        sink: who is told what happens.
        clocks: where time comes from.
        keyframes_kept: how many keyframes of the main stream wait.
        longest_lag_s: a keyframe further away in time is no detail of a frame; the small picture is.
        first_keyframe_s: so long frames of the small stream are let go until the main stream has sent its
            first keyframe: the first frame's detail is the size that a camera's coordinates are taken in.
    """

    def __init__(
        self,
        camera: str,
        main: RtspOptions,
        analysis: RtspOptions,
        *,
        sink: NoticeSink | None = None,
        clocks: Clocks | None = None,
        keyframes_kept: int = 4,
        longest_lag_s: float = 5.0,
        first_keyframe_s: float = 10.0,
    ) -> None:
        if keyframes_kept < 1 or longest_lag_s <= 0.0 or first_keyframe_s < 0.0:
            raise InvalidValueError(
                f"expected positive limits, got {keyframes_kept}, {longest_lag_s} and {first_keyframe_s}"
            )
        clocks = clocks or Clocks()
        self._camera = camera
        self._longest_lag_s = longest_lag_s
        self._first_keyframe_s = first_keyframe_s
        self._notifier = Notifier(camera, sink, clocks)
        self._analysis = RtspSource(
            camera,
            dataclasses.replace(analysis, clip=None),
            sink=sink,
            clocks=clocks,
            stream="analysis stream",
        )
        self._main = RtspReader(main, Notifier(camera, sink, clocks, stream="main stream"), clocks)
        self._keyframes: deque[EncodedPacket] = deque(maxlen=keyframes_kept)
        self._lock = threading.Lock()
        # Media time 0 of the analysis stream; written by the iterating thread alone.
        self._origin: datetime | None = None

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Frames of the small stream with details of the large one, until `stop` is set.

        Raises:
            BaseException: what reading the main stream raised, at the next frame.
        """
        failures: deque[BaseException] = deque()

        def read_main(ending: threading.Event) -> None:
            try:
                self._read_main(ending)
            except BaseException as error:  # noqa: BLE001 - a thread's border: the consumer raises it
                failures.append(error)

        with beside(read_main, name=f"rtsp main {self._camera}"):
            for index, analysed in enumerate(self._with_main(self._analysis.frames(stop))):
                if failures:
                    raise failures.popleft()
                # Counted anew: the frames that went by before the main stream's first keyframe are nobody's.
                frame = dataclasses.replace(analysed, index=index)
                self._origin = frame.taken_at - timedelta(seconds=frame.at_s)
                keyframe = self._nearest(frame.taken_at)
                if keyframe is None:
                    yield frame
                    continue
                yield dataclasses.replace(
                    frame,
                    detail=PacketPicture(keyframe),
                    detail_lag_s=(keyframe.taken_at - frame.taken_at).total_seconds(),
                )

    def clip(self, from_s: float, to_s: float) -> bytes | None:
        """An MP4 of the main stream, not encoded anew; begins with a keyframe."""
        origin, ring = self._origin, self._main.ring
        if origin is None or ring is None:
            return None
        return ring.clip_taken(origin + timedelta(seconds=from_s), origin + timedelta(seconds=to_s))

    def _with_main(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """The frames from the main stream's first keyframe on, or from the end of the wait for it."""
        began_s: float | None = None
        for frame in frames:
            if self._has_keyframe():
                yield frame
                break
            if began_s is None:
                began_s = frame.at_s
                self._notifier.say(
                    "decode",
                    f"waits up to {self._first_keyframe_s:.0f} s for the main stream's first keyframe",
                )
            if frame.at_s - began_s >= self._first_keyframe_s:
                self._notifier.say(
                    "decode",
                    f"no keyframe of the main stream within {self._first_keyframe_s:.0f} s: "
                    "evidence comes from the analysis stream until there is one",
                )
                yield frame
                break
        yield from frames

    def _has_keyframe(self) -> bool:
        with self._lock:
            return bool(self._keyframes)

    def _read_main(self, ending: threading.Event) -> None:
        def take(packet: EncodedPacket) -> bool:
            if packet.is_key:
                with self._lock:
                    self._keyframes.append(packet)
            return True

        self._main.run(take, ending)

    def _nearest(self, taken_at: datetime) -> EncodedPacket | None:
        with self._lock:
            keyframes = list(self._keyframes)
        nearest = min(keyframes, key=lambda packet: abs(packet.taken_at - taken_at), default=None)
        if nearest is None or abs((nearest.taken_at - taken_at).total_seconds()) > self._longest_lag_s:
            return None
        return nearest
