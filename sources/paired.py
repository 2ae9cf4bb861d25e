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
    ) -> None:
        if keyframes_kept < 1 or longest_lag_s <= 0.0:
            raise InvalidValueError(f"expected positive limits, got {keyframes_kept} and {longest_lag_s}")
        clocks = clocks or Clocks()
        self._camera = camera
        self._longest_lag_s = longest_lag_s
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
        """Frames of the small stream with details of the large one, until `stop` is set."""
        with beside(self._read_main, name=f"rtsp main {self._camera}"):
            for frame in self._analysis.frames(stop):
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
