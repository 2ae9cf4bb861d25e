"""An RTSP camera: H.264 or H.265 over TCP, decoded as little as its zones allow."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator

from pipeline.frame import Frame, NoticeSink
from sources.clocks import Clocks
from sources.decode_mode import DecodeChooser, Use
from sources.encoded import EncodedPacket
from sources.frame_maker import FrameMaker, Work
from sources.hand_over import HandOver, in_thread
from sources.notifier import Notifier
from sources.rtsp_reader import RtspOptions, RtspReader

# Packets between the reading and the decoding thread: two seconds of a fast camera.
_WAITING = 64


class RtspSource:
    """Implements `pipeline.frame.FrameSource`.

    Args:
        camera: the camera's name.
        options: where and how.
        sink: who is told what happens.
        clocks: where time comes from.
        stream: names the stream in notices when the camera has several.
    """

    def __init__(
        self,
        camera: str,
        options: RtspOptions,
        *,
        sink: NoticeSink | None = None,
        clocks: Clocks | None = None,
        stream: str = "",
    ) -> None:
        self._camera = camera
        self._options = options
        clocks = clocks or Clocks()
        self._notifier = Notifier(camera, sink, clocks, stream=stream)
        self._reader = RtspReader(options, self._notifier, clocks)

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Frames until `stop` is set; the camera may come and go meanwhile."""
        works = in_thread(
            self._read, stop, HandOver(capacity=_WAITING, drop_oldest=False), name=f"rtsp {self._camera}"
        )
        return FrameMaker(self._camera, self._options.decode, self._notifier).frames(works)

    def clip(self, from_s: float, to_s: float) -> bytes | None:
        """An MP4 between two media times, not encoded anew; begins with a keyframe."""
        ring = self._reader.ring
        return None if ring is None else ring.clip(from_s, to_s)

    def _read(self, hand_over: HandOver[Work], ending: threading.Event) -> None:
        chooser = DecodeChooser(self._options.decode, self._notifier)
        self._reader.run(_Taker(chooser, hand_over.put), ending)


class _Taker:
    """Hands over what is decoded; a gap before a packet that is not lies before the next that is."""

    def __init__(self, chooser: DecodeChooser, put: Callable[[Work], bool]) -> None:
        self._chooser = chooser
        self._put = put
        self._gap = False

    def __call__(self, packet: EncodedPacket) -> bool:
        use = self._chooser.choose(
            at_s=packet.decode_at_s, is_key=packet.is_key, discontinuity=packet.discontinuity
        )
        self._gap = self._gap or packet.discontinuity
        if use is Use.SKIP:
            return True
        if self._gap and not packet.discontinuity:
            packet = dataclasses.replace(packet, discontinuity=True)
        self._gap = False
        return self._put(Work(packet=packet, use=use))
