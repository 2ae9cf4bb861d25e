"""Reads the encoded packets of an RTSP camera, one connection after another, and keeps the last seconds."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import av

from pipeline.errors import (
    InvalidValueError,
    SourceError,
    SourceFault,
    SourceOpenError,
    SourcePermanentError,
    SourceStalledError,
)
from pipeline.frame import StreamFacts
from sources.clip_ring import ClipOptions, ClipRing
from sources.clocks import Clocks
from sources.decode_mode import DecodeOptions
from sources.encoded import EncodedPacket, described_format
from sources.network_fault import network_fault
from sources.notifier import Notifier
from sources.reconnect import Connections, RetryOptions
from sources.redact import Address, redact
from sources.stream_clock import StreamClock

# Video only: no sound is ever received. The short analysis opens in 0.3 s instead of 2.3 s.
_OPTIONS = {
    "rtsp_transport": "tcp",
    "allowed_media_types": "video",
    "analyzeduration": "200000",
    "fpsprobesize": "0",
}
# A silent stream ends a read only after twice its timeout, because the parser is emptied in between.
_READ_SHARE = 0.45


@dataclass(frozen=True, slots=True, kw_only=True)
class RtspOptions:
    """An RTSP camera.

    Attributes:
        url: `rtsp://host:port/path`; may contain user name and password.
        username: wins over the one in `url`.
        password: wins over the one in `url`.
        decode: what is decoded.
        clip: what is kept for clips; None keeps nothing.
        retry: the waits between connections.
        open_timeout_s: a camera that does not deliver its description in this time is away.
        stall_s: a camera without a picture for this long has stalled.
    """

    url: str = field(repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    decode: DecodeOptions = field(default_factory=DecodeOptions)
    clip: ClipOptions | None = field(default_factory=ClipOptions)
    retry: RetryOptions = field(default_factory=RetryOptions)
    open_timeout_s: float = 10.0
    stall_s: float = 10.0

    def __post_init__(self) -> None:
        if not self.url.startswith(("rtsp://", "rtsps://")):
            raise InvalidValueError(f"expected an address rtsp://..., got {redact(self.url)!r}")
        if self.open_timeout_s <= 0.0 or self.stall_s <= 0.0:
            raise InvalidValueError("expected positive timeouts")


class RtspReader:
    """One camera's connections; `run` belongs to one thread, `ring` may be asked by any.

    Args:
        options: where and how.
        notifier: who is told.
        clocks: where time comes from.
    """

    def __init__(self, options: RtspOptions, notifier: Notifier, clocks: Clocks) -> None:
        self._options = options
        self._address = Address.parsed(options.url, options.username, options.password)
        self._clocks = clocks
        self._connections = Connections(notifier, options.retry, clocks)
        self._read_timeout_s = options.stall_s * _READ_SHARE
        self.ring = None if options.clip is None else ClipRing(options.clip)

    def run(self, take: Callable[[EncodedPacket], bool], ending: threading.Event) -> None:
        """Gives each packet to `take` until that says False or `ending` is set; never raises for a camera."""
        clock = StreamClock(self._clocks)

        def connection() -> None:
            clock.new_connection()
            container = self._open()
            try:
                for packet in self._packets(container, clock, ending):
                    if self.ring is not None:
                        self.ring.append(packet)
                    if ending.is_set() or not take(packet):
                        ending.set()
                        return
            finally:
                container.close()

        self._connections.run(connection, ending)

    def _open(self) -> av.container.InputContainer:
        failure: SourceError
        try:
            return av.open(
                self._address.with_credentials(),
                "r",
                options=_OPTIONS,
                timeout=(self._options.open_timeout_s, self._read_timeout_s),
            )
        except av.FFmpegError as error:
            failure = self._translated(error)
        # Outside the handler: the library's error, whose text holds the password, is not chained.
        raise failure

    def _packets(
        self, container: av.container.InputContainer, clock: StreamClock, ending: threading.Event
    ) -> Iterator[EncodedPacket]:
        if not container.streams.video:
            raise SourcePermanentError(
                "the camera has no video at this address", fault=SourceFault.NOT_A_PICTURE
            )
        stream = container.streams.video[0]
        packets = container.demux(stream)
        tick = float(stream.time_base or 0.0)
        described = None
        began_s = self._clocks.monotonic()
        while not ending.is_set():
            packet = self._next(packets)
            if packet is None:
                return
            if described is None and self._clocks.monotonic() - began_s >= self._options.stall_s:
                raise SourceStalledError(f"nothing that can be decoded for {self._options.stall_s:.0f} s")
            if not packet.size:
                continue
            if described is None:
                described = described_format(stream, bytes(packet) if packet.is_keyframe else b"")
                if described is None:
                    continue
                fps = None if stream.average_rate is None else float(stream.average_rate)
                rate = "" if fps is None else f" at {fps:.0f} fps"
                self._connections.connected(
                    f"sends {described.codec} {described.size}{rate}", StreamFacts(rate=fps)
                )
            stamp = clock.stamp(
                None if packet.pts is None else packet.pts * tick,
                None if packet.dts is None else packet.dts * tick,
            )
            yield EncodedPacket(
                data=bytes(packet),
                is_key=packet.is_keyframe,
                at_s=stamp.at_s,
                decode_at_s=stamp.decode_at_s,
                taken_at=stamp.taken_at,
                discontinuity=stamp.discontinuity,
                format=described,
            )

    def _next(self, packets: Iterator[av.Packet[av.VideoStream]]) -> av.Packet[av.VideoStream] | None:
        began_s = self._clocks.monotonic()
        try:
            return next(packets, None)
        except av.FFmpegError as error:
            text = type(error).__name__
        if self._clocks.monotonic() - began_s >= 0.9 * self._read_timeout_s:
            raise SourceStalledError(
                f"no picture for {2 * self._read_timeout_s:.0f} s", fault=SourceFault.SILENT
            )
        raise SourceOpenError(f"the connection broke ({text})")

    def _translated(self, error: av.FFmpegError) -> SourceError:
        host = urlsplit(self._address.url).netloc
        if isinstance(error, (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)):
            return SourcePermanentError(
                f"{host} refuses the user name or the password (401)", fault=SourceFault.LOGIN
            )
        if isinstance(error, av.error.HTTPNotFoundError):
            return SourcePermanentError(
                f"{host} knows no stream of this name (404)", fault=SourceFault.NOT_FOUND
            )
        if isinstance(error, ConnectionRefusedError):
            return SourceOpenError(f"nothing answers at {host}", fault=SourceFault.NO_ANSWER)
        reason = redact(error.strerror or type(error).__name__)
        return SourceOpenError(f"{host} does not open ({reason})", fault=self._fault(error))

    def _fault(self, error: av.FFmpegError) -> SourceFault | None:
        if isinstance(error, av.error.InvalidDataError):
            return SourceFault.NOT_A_PICTURE
        if (found := network_fault(error)) is not None or error.errno != errno.EIO:
            return found
        # FFmpeg says "Input/output error" when the name is nobody's.
        try:
            socket.getaddrinfo(urlsplit(self._address.url).hostname, None)
        except OSError as nobody:
            return network_fault(nobody)
        return None
