"""From chosen packets to frames: decodes, keeps the pace, skips what is damaged and says so."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import av

from pipeline.errors import PictureError
from pipeline.frame import Frame
from pipeline.geometry import Size
from pipeline.picture import Picture
from sources.decode_mode import DecodeOptions, Pace, Use
from sources.encoded import TICKS_PER_S, EncodedPacket
from sources.notifier import Notifier
from sources.packet_decoder import KeyframeDecoder, OnDemandPicture, PacketDecoder, video_picture
from sources.video_picture import VideoPicture


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A packet and what is to be done with it."""

    packet: EncodedPacket
    use: Use


class FrameMaker:
    """Decodes one run of one source; belongs to the thread that iterates.

    Keyframes that are decoded on demand are decoded in the thread that looks at them.

    Args:
        camera: the camera's name.
        options: the pace of frames decoded in their row (keyframes are paced before they get here), and
            whether keyframes are decoded on demand.
        notifier: who is told of damage and of a changed size.
    """

    def __init__(self, camera: str, options: DecodeOptions, notifier: Notifier) -> None:
        self._camera = camera
        self._notifier = notifier
        self._pace = Pace(options.analysis_fps)
        self._on_demand = options.on_demand
        self._decoder = PacketDecoder()
        self._keyframes = KeyframeDecoder()
        # Guards what decoding tells: the size, and the notifier's count of damaged pictures.
        self._lock = threading.Lock()
        self._index = 0
        self._last_s = float("-inf")
        self._gap = False
        self._size: Size | None = None

    def frames(self, works: Iterable[Work]) -> Iterator[Frame]:
        """The frames of `works`; `at_s` rises strictly."""
        packet: EncodedPacket | None = None
        for work in works:
            packet = work.packet
            self._gap = self._gap or packet.discontinuity
            if work.use is Use.ALONE:
                self._decoder.leave()
                yield from self._keyframe(packet)
                continue
            try:
                decoded = self._decoder.running(packet)
            except PictureError as error:
                self._damaged(error)
                continue
            for image in decoded:
                yield from self._running(image, packet)
        if packet is not None:
            for image in self._decoder.rest():
                yield from self._running(image, packet)

    def _keyframe(self, packet: EncodedPacket) -> Iterator[Frame]:
        if packet.at_s <= self._last_s:
            return
        opened = functools.partial(self._opened, packet)
        if self._on_demand and not self._gap and self._index > 0:
            yield self._frame(OnDemandPicture(opened), packet, packet.at_s)
            return
        try:
            picture = opened()
        except PictureError:
            return
        yield self._frame(picture, packet, packet.at_s)

    def _opened(self, packet: EncodedPacket) -> VideoPicture:
        """The picture of a keyframe; what is wrong with it is said."""
        try:
            return self._checked(self._keyframes.decode(packet), packet, alone=True)
        except PictureError as error:
            self._damaged(error)
            raise

    def _running(self, image: av.VideoFrame, packet: EncodedPacket) -> Iterator[Frame]:
        at_s = packet.at_s if image.pts is None else image.pts / TICKS_PER_S
        if at_s <= self._last_s or not self._pace.is_due(at_s):
            return
        try:
            picture = self._checked(image, packet, alone=False)
        except PictureError as error:
            self._damaged(error)
            return
        yield self._frame(picture, packet, at_s)

    def _checked(self, image: av.VideoFrame, packet: EncodedPacket, *, alone: bool) -> VideoPicture:
        if image.is_corrupt:
            raise PictureError(f"a damaged {packet.format.codec} picture at {packet.at_s:.1f} s")
        picture = video_picture(image, packet if alone else None)
        with self._lock:
            if self._size is not None and picture.size != self._size:
                self._notifier.say("settings", f"the picture changed from {self._size} to {picture.size}")
            self._size = picture.size
        return picture

    def _damaged(self, error: PictureError) -> None:
        with self._lock:
            self._notifier.damaged(str(error))

    def _frame(self, picture: Picture, packet: EncodedPacket, at_s: float) -> Frame:
        self._last_s = at_s
        frame = Frame(
            camera=self._camera,
            index=self._index,
            at_s=at_s,
            taken_at=packet.taken_at + timedelta(seconds=at_s - packet.at_s),
            picture=picture,
            detail=picture,
            discontinuity=self._gap,
        )
        self._index += 1
        self._gap = False
        return frame
