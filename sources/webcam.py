"""A camera at this machine: Video4Linux through FFmpeg."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import av
import cv2

from pipeline.errors import InvalidValueError, PictureError
from pipeline.frame import Frame, NoticeSink
from pipeline.geometry import Size
from sources.clip_ring import ClipOptions
from sources.clocks import Clocks
from sources.decode_mode import Pace
from sources.hand_over import HandOver, in_thread
from sources.jpeg_ring import JpegRing
from sources.notifier import Notifier
from sources.packet_decoder import video_picture
from sources.reconnect import Connections, RetryOptions
from sources.stream_clock import Stamp, StreamClock
from sources.webcam_device import Device, DeviceReader

_JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True, kw_only=True)
class WebcamOptions:
    """A camera at this machine.

    Attributes:
        path: its device file.
        input_format: FFmpeg's name of the interface.
        size: of its pictures, pixels; None takes the device's own.
        fps: pictures a second to ask the device for; None takes its own.
        analysis_fps: frames handed over per second at most; None for each picture.
        clip: what is kept for clips (as JPEGs of the frames handed over); None keeps nothing.
        retry: the waits between connections.
        open_timeout_s: a device that does not open in this time is away.
        stall_s: a camera without a picture for this long has stalled.
    """

    path: str = "/dev/video0"
    input_format: str = "v4l2"
    size: Size | None = None
    fps: float | None = None
    analysis_fps: float | None = 2.0
    clip: ClipOptions | None = field(default_factory=ClipOptions)
    retry: RetryOptions = field(default_factory=RetryOptions)
    open_timeout_s: float = 10.0
    stall_s: float = 10.0

    def __post_init__(self) -> None:
        if self.analysis_fps is not None and not self.analysis_fps > 0.0:
            raise InvalidValueError(f"expected analysis_fps > 0 or None, got {self.analysis_fps}")
        if self.fps is not None and not self.fps > 0.0:
            raise InvalidValueError(f"expected fps > 0 or None, got {self.fps}")
        if self.open_timeout_s <= 0.0 or self.stall_s <= 0.0:
            raise InvalidValueError("expected positive timeouts")

    @property
    def device(self) -> Device:
        """What is opened."""
        wanted = {}
        if self.size is not None:
            wanted["video_size"] = str(self.size)
        if self.fps is not None:
            wanted["framerate"] = f"{self.fps:g}"
        return Device(
            path=self.path,
            input_format=self.input_format,
            input_options=wanted,
            open_timeout_s=self.open_timeout_s,
            stall_s=self.stall_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    image: av.VideoFrame
    stamp: Stamp


class WebcamSource:
    """Implements `pipeline.frame.FrameSource`.

    Args:
        camera: the camera's name.
        options: which device and how.
        sink: who is told what happens.
        clocks: where time comes from.
    """

    def __init__(
        self,
        camera: str,
        options: WebcamOptions,
        *,
        sink: NoticeSink | None = None,
        clocks: Clocks | None = None,
    ) -> None:
        self._camera = camera
        self._options = options
        self._clocks = clocks or Clocks()
        self._notifier = Notifier(camera, sink, self._clocks)
        self._connections = Connections(self._notifier, options.retry, self._clocks)
        self._ring = None if options.clip is None else JpegRing(options.clip)

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Frames until `stop` is set; the device may come and go meanwhile."""
        taken = in_thread(
            self._read, stop, HandOver(capacity=2, drop_oldest=False), name=f"webcam {self._camera}"
        )
        last_s = float("-inf")
        index = 0
        gap = False
        for one in taken:
            gap = gap or one.stamp.discontinuity
            if one.stamp.at_s <= last_s:
                continue
            try:
                picture = video_picture(one.image)
                image = picture.bgr() if self._ring is not None else None
            except PictureError as error:
                self._notifier.damaged(str(error))
                continue
            last_s = one.stamp.at_s
            if self._ring is not None and image is not None:
                done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
                if done:
                    self._ring.append(last_s, data.tobytes())
            yield Frame(
                camera=self._camera,
                index=index,
                at_s=last_s,
                taken_at=one.stamp.taken_at,
                picture=picture,
                detail=picture,
                discontinuity=gap,
            )
            index += 1
            gap = False

    def clip(self, from_s: float, to_s: float) -> bytes | None:
        """An MP4 of the frames handed over between two media times, encoded now."""
        return None if self._ring is None else self._ring.clip(from_s, to_s)

    def _read(self, hand_over: HandOver[_Taken], ending: threading.Event) -> None:
        clock = StreamClock(self._clocks)
        pace = Pace(self._options.analysis_fps)

        device = DeviceReader(
            self._options.device, name=f"webcam {self._camera} device", monotonic=self._clocks.monotonic
        )

        def connection() -> None:
            clock.new_connection()
            connected = False
            for image in device.images(ending):
                if not connected:
                    connected = True
                    self._connections.connected(f"sends {image.width}x{image.height}")
                # A device's own stamps count from boot or from anywhere: arrival is the truth.
                stamp = clock.stamp(self._clocks.monotonic())
                if pace.is_due(stamp.at_s):
                    hand_over.put(_Taken(image=image, stamp=stamp))

        self._connections.run(connection, ending)
