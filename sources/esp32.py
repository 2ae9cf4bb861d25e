"""An ESP32-CAM with Espressif's CameraWebServer: one stream, settings it forgets, and faults of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from pipeline.errors import (
    InvalidValueError,
    SourceFault,
    SourceOpenError,
    SourcePermanentError,
    SourceStalledError,
)
from pipeline.frame import Frame, NoticeSink
from sources.clocks import Clocks
from sources.esp32_control import CameraControl
from sources.esp32_settings import SettingsCheck
from sources.hand_over import HandOver, in_thread
from sources.jpeg_frames import JpegFrames, JpegOptions, StampedJpeg
from sources.multipart import MultipartParser, Part, boundary_of
from sources.network_fault import network_fault
from sources.notifier import Notifier
from sources.reconnect import Connections, RetryOptions
from sources.stream_clock import StreamClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Esp32Options:
    """An ESP32-CAM.

    Attributes:
        base_url: of its web page, as `http://192.168.1.50`.
        stream_port: of `/stream`.
        frame_size: a name of `esp32_control.FRAME_SIZES`.
        quality: as the sensor counts, 4 (best) to 63.
        stall_s: a camera without a picture for this long has stalled, its connection open or not.
        most_bytes: a larger picture is given up.
        jpeg: what is done with the pictures.
        retry: the waits between connections.
    """

    base_url: str
    stream_port: int = 81
    frame_size: str = "svga"
    quality: int = 10
    stall_s: float = 8.0
    most_bytes: int = 2_000_000
    jpeg: JpegOptions = field(default_factory=JpegOptions)
    retry: RetryOptions = field(default_factory=RetryOptions)

    def __post_init__(self) -> None:
        if not self.base_url.startswith("http://") or not urlsplit(self.base_url).hostname:
            raise InvalidValueError(f"expected an address http://..., got {self.base_url!r}")
        if not 0 < self.stream_port < 65536 or self.stall_s <= 0.0 or self.most_bytes < 1:
            raise InvalidValueError("expected a port, and a positive stall_s and most_bytes")


class Esp32CamSource:
    """Implements `pipeline.frame.FrameSource`; it is the camera's only viewer.

    Args:
        camera: the camera's name.
        options: where and how.
        sink: who is told what happens.
        clocks: where time comes from.
    """

    def __init__(
        self,
        camera: str,
        options: Esp32Options,
        *,
        sink: NoticeSink | None = None,
        clocks: Clocks | None = None,
    ) -> None:
        self._camera = camera
        self._options = options
        self._clocks = clocks or Clocks()
        self._notifier = Notifier(camera, sink, self._clocks)
        self._connections = Connections(self._notifier, options.retry, self._clocks)
        self._frames = JpegFrames(camera, options.jpeg, self._notifier)
        self._control = CameraControl(
            options.base_url, frame_size=options.frame_size, quality=options.quality, timeout_s=5.0
        )
        host = urlsplit(options.base_url).hostname or ""
        self._stream_url = f"http://{host}:{options.stream_port}/stream"
        self._boot_s: float | None = None  # the camera's own clock, from X-Timestamp
        self._stood_since_s: float | None = None  # when that clock was first seen to stand still
        # The reading thread's open connection; shut down by the iterating thread to end at once.
        self._socket: socket.socket | None = None

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Frames until `stop` is set; the camera may come and go meanwhile. To be called once."""
        jpegs = in_thread(
            self._read,
            stop,
            HandOver(capacity=4, drop_oldest=False),
            name=f"esp32 {self._camera}",
            interrupt=self._interrupt,
        )
        for jpeg in jpegs:
            frame = self._frames.frame(jpeg)
            if frame is not None:
                yield frame

    def clip(self, from_s: float, to_s: float) -> bytes | None:
        """An MP4 of the pictures between two media times, encoded now."""
        return self._frames.clip(from_s, to_s)

    def _read(self, hand_over: HandOver[StampedJpeg], ending: threading.Event) -> None:
        clock = StreamClock(self._clocks)
        # Each read may take this long; a stall is also watched per picture, for bytes may drip.
        with httpx.Client(timeout=self._options.stall_s) as client:

            def connection() -> None:
                clock.new_connection()
                check = SettingsCheck(self._control, client, self._notifier, self._clocks)
                check.begin()
                for part in self._parts(client, ending):
                    if not part.complete:
                        self._notifier.damaged(f"the camera sent a cut JPEG of {len(part.data)} bytes")
                    elif check.passes(part.data):
                        stamp = clock.stamp(self._clocks.monotonic())
                        hand_over.put(
                            StampedJpeg(
                                data=part.data,
                                at_s=stamp.at_s,
                                taken_at=stamp.taken_at,
                                discontinuity=stamp.discontinuity,
                            )
                        )

            self._connections.run(connection, ending)

    def _parts(self, client: httpx.Client, ending: threading.Event) -> Iterator[Part]:
        failure = ""
        last_s = self._clocks.monotonic()
        said = False
        try:
            with client.stream("GET", self._stream_url) as response:
                if response.status_code == httpx.codes.NOT_FOUND:
                    raise SourcePermanentError("the camera has no /stream (404)", fault=SourceFault.NOT_FOUND)
                if response.status_code != httpx.codes.OK:
                    raise SourceOpenError(f"the camera answers {response.status_code}")
                self._socket = response.extensions["network_stream"].get_extra_info("socket")
                boundary = boundary_of(response.headers.get("content-type", ""))
                parser = MultipartParser(boundary, most_bytes=self._options.most_bytes)
                for chunk in response.iter_raw():
                    if ending.is_set():
                        return
                    for part in parser.feed(chunk):
                        last_s = self._clocks.monotonic()
                        if not said:
                            said = True
                            self._connections.connected("sends a stream of JPEGs")
                        self._watch_boot(part)
                        yield part
                    if self._clocks.monotonic() - last_s > self._options.stall_s:
                        raise SourceStalledError(f"no picture for {self._options.stall_s:.0f} s")
                return
        except httpx.ReadTimeout:
            failure = f"no picture for {self._options.stall_s:.0f} s, though the connection is open"
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise SourceOpenError(
                f"no connection ({type(error).__name__})", fault=network_fault(error)
            ) from None
        finally:
            self._socket = None
        raise SourceStalledError(failure, fault=SourceFault.SILENT)

    def _watch_boot(self, part: Part) -> None:
        """Reads the camera's own clock: seconds since it started, in no relation to ours."""
        own_s, before_s = part.timestamp_s, self._boot_s
        if own_s is None:
            return
        self._boot_s = own_s
        now_s = self._clocks.monotonic()
        if before_s is None or own_s != before_s:
            self._stood_since_s = None
            if before_s is not None and own_s < before_s - 1.0:
                self._notifier.say(
                    "settings", f"the camera restarted {own_s:.0f} s ago; its settings are set again"
                )
        elif own_s > 0.0:
            # Some firmware sends a constant 0; any other clock that stands is a frozen frame buffer.
            if self._stood_since_s is None:
                self._stood_since_s = now_s
            elif now_s - self._stood_since_s > self._options.stall_s:
                self._stood_since_s = None
                raise SourceStalledError(f"the same old picture for {self._options.stall_s:.0f} s")

    def _interrupt(self) -> None:
        open_socket = self._socket
        if open_socket is None:
            return
        try:
            open_socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # It has just ended by itself.
