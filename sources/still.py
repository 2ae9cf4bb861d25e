"""A camera that is asked for one JPEG after another: `/capture` or any other picture on a server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

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
from sources.hand_over import HandOver, in_thread
from sources.http_auth import CameraAuth
from sources.jpeg_frames import JpegFrames, JpegOptions, StampedJpeg
from sources.network_fault import network_fault
from sources.notifier import Notifier
from sources.reconnect import Connections, RetryOptions
from sources.redact import Address, redact
from sources.stream_clock import StreamClock

_REFUSALS = {
    401: ("refuses the user name or the password", SourceFault.LOGIN),
    403: ("refuses access", SourceFault.LOGIN),
    404: ("knows no such picture", SourceFault.NOT_FOUND),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StillOptions:
    """A picture at an address.

    Attributes:
        url: `http(s)://...`; may contain user name and password.
        username: wins over the one in `url`.
        password: wins over the one in `url`.
        interval_s: from one request to the next.
        timeout_s: a picture must have come by then, or the camera has stalled.
        failures: so many requests in a row must be answered badly before the camera counts as lost.
        most_bytes: larger answers are cut off.
        jpeg: what is done with the pictures.
        retry: the waits once it is lost.
    """

    url: str = field(repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    interval_s: float = 1.0
    timeout_s: float = 9.0
    failures: int = 3
    most_bytes: int = 16_000_000
    jpeg: JpegOptions = field(default_factory=JpegOptions)
    retry: RetryOptions = field(default_factory=RetryOptions)

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise InvalidValueError(f"expected an address http://..., got {redact(self.url)!r}")
        if self.interval_s <= 0.0 or self.timeout_s <= 0.0 or self.failures < 1 or self.most_bytes < 1:
            raise InvalidValueError("expected a positive interval, timeout, count and size")


class StillSource:
    """Implements `pipeline.frame.FrameSource`.

    Args:
        camera: the camera's name.
        options: where and how often.
        sink: who is told what happens.
        clocks: where time comes from.
    """

    def __init__(
        self,
        camera: str,
        options: StillOptions,
        *,
        sink: NoticeSink | None = None,
        clocks: Clocks | None = None,
    ) -> None:
        self._camera = camera
        self._options = options
        self._clocks = clocks or Clocks()
        self._address = Address.parsed(options.url, options.username, options.password)
        self._notifier = Notifier(camera, sink, self._clocks)
        self._connections = Connections(self._notifier, options.retry, self._clocks)
        self._frames = JpegFrames(camera, options.jpeg, self._notifier)

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Frames until `stop` is set; the camera may come and go meanwhile. To be called once."""
        jpegs = in_thread(
            self._read, stop, HandOver(capacity=2, drop_oldest=False), name=f"still {self._camera}"
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
        auth = CameraAuth(self._address)
        with httpx.Client(timeout=self._options.timeout_s, follow_redirects=True) as client:

            def connection() -> None:
                clock.new_connection()
                self._poll(client, auth, clock, hand_over, ending)

            self._connections.run(connection, ending)

    def _poll(
        self,
        client: httpx.Client,
        auth: CameraAuth,
        clock: StreamClock,
        hand_over: HandOver[StampedJpeg],
        ending: threading.Event,
    ) -> None:
        connected = False
        failures = 0
        while not ending.is_set():
            began_s = self._clocks.monotonic()
            try:
                data = self._fetched(client, auth)
            except SourceOpenError:
                failures += 1
                if failures >= self._options.failures or not connected:
                    raise
            else:
                failures = 0
                if not connected:
                    connected = True
                    self._connections.connected(f"sends pictures of {len(data) / 1000:.0f} kB")
                stamp = clock.stamp(self._clocks.monotonic())
                hand_over.put(
                    StampedJpeg(
                        data=data,
                        at_s=stamp.at_s,
                        taken_at=stamp.taken_at,
                        discontinuity=stamp.discontinuity,
                    )
                )
            ending.wait(max(0.0, began_s + self._options.interval_s - self._clocks.monotonic()))

    def _fetched(self, client: httpx.Client, auth: CameraAuth) -> bytes:
        deadline_s = self._clocks.monotonic() + self._options.timeout_s
        body = bytearray()
        text, fault = "", SourceFault.SILENT
        try:
            with client.stream("GET", self._address.url, auth=auth) as response:
                self._check(response)
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > self._options.most_bytes:
                        raise SourceOpenError(f"the camera's answer exceeds {self._options.most_bytes} bytes")
                    # The library's timeout starts anew with each byte that drips in.
                    if self._clocks.monotonic() > deadline_s:
                        raise SourceStalledError(
                            f"no whole picture in {self._options.timeout_s:.0f} s", fault=fault
                        )
                return bytes(body)
        except httpx.TimeoutException as error:
            fault = SourceFault.NO_ANSWER if isinstance(error, httpx.ConnectTimeout) else fault
            text = f"no picture in {self._options.timeout_s:.0f} s"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceOpenError(
                f"no connection ({type(error).__name__})", fault=network_fault(error)
            ) from None
        raise SourceStalledError(text, fault=fault)

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in _REFUSALS:
            said, fault = _REFUSALS[status]
            raise SourcePermanentError(f"the camera {said} ({status})", fault=fault)
        if status != httpx.codes.OK:
            raise SourceOpenError(f"the camera answers {status}")
