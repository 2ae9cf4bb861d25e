"""From chosen packets to frames: decodes, keeps the pace, skips what is damaged and says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import av

from pipeline.errors import PictureError
from pipeline.frame import Frame
from pipeline.geometry import Size
from sources.decode_mode import DecodeOptions, Pace, Use
from sources.encoded import TICKS_PER_S, EncodedPacket
from sources.notifier import Notifier
from sources.packet_decoder import PacketDecoder, video_picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A packet and what is to be done with it."""

    packet: EncodedPacket
    use: Use


class FrameMaker:
    """Decodes one run of one source; belongs to the thread that iterates.

    Args:
        camera: the camera's name.
        options: the pace of frames decoded in their row (keyframes are paced before they get here).
        notifier: who is told of damage and of a changed size.
    """

    def __init__(self, camera: str, options: DecodeOptions, notifier: Notifier) -> None:
        self._camera = camera
        self._notifier = notifier
        self._pace = Pace(options.analysis_fps)
        self._decoder = PacketDecoder()
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
            try:
                if work.use is Use.ALONE:
                    decoded = [self._decoder.alone(packet)]
                else:
                    decoded = self._decoder.running(packet)
            except PictureError as error:
                self._notifier.damaged(str(error))
                continue
            for image in decoded:
                yield from self._framed(image, packet, alone=work.use is Use.ALONE)
        if packet is not None:
            for image in self._decoder.rest():
                yield from self._framed(image, packet, alone=False)

    def _framed(self, image: av.VideoFrame, packet: EncodedPacket, *, alone: bool) -> Iterator[Frame]:
        at_s = packet.at_s if alone or image.pts is None else image.pts / TICKS_PER_S
        if at_s <= self._last_s or not (alone or self._pace.is_due(at_s)):
            return
        if image.is_corrupt:
            self._notifier.damaged(f"a damaged {packet.format.codec} picture at {at_s:.1f} s")
            return
        try:
            picture = video_picture(image, packet if alone else None)
        except PictureError as error:
            self._notifier.damaged(str(error))
            return
        if self._size is not None and picture.size != self._size:
            self._notifier.say("settings", f"the picture changed from {self._size} to {picture.size}")
        self._size = picture.size
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
        yield frame
