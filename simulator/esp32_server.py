"""An ESP32-CAM with Espressif's CameraWebServer, byte for byte, with its faults on demand.

Server A (settings, single pictures) and server B (the stream) on two ports, as in `app_httpd.cpp` of
https://github.com/espressif/arduino-esp32/tree/master/libraries/ESP32/examples/Camera/CameraWebServer.
"""

from __future__ import annotations

import asyncio
import enum
import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import cv2

from pipeline.geometry import Size
from pipeline.picture import Image, resize
from simulator.server_thread import ServerThread

BOUNDARY = "123456789000000000000987654321"
# The sensor's sizes by number: before and since esp32-camera 2.0.14.
_OLD = (
    "96x96 160x120 176x144 240x176 240x240 320x240 400x296 480x320 640x480 800x600 "
    "1024x768 1280x720 1280x1024 1600x1200"
)
_NEW = (
    "96x96 160x120 128x128 176x144 240x176 240x240 320x240 320x320 400x296 480x320 640x480 800x600 "
    "1024x768 1280x720 1280x1024 1600x1200"
)
_BOOT_SIZE = "320x240"
_BOOT_QUALITY = 10

# What the sensor sees at a time, seconds since the server started; BGR uint8, any size.
FrameAt = Callable[[float, Size], Image]


class Fault(enum.Enum):
    """What goes wrong on the stream."""

    NONE = enum.auto()
    STALL = enum.auto()  # nothing more, the connection stays open
    CUT_JPEG = enum.auto()  # half of each picture, with the length of that half
    LENGTH_TOO_LARGE = enum.auto()
    LENGTH_TOO_SMALL = enum.auto()
    NO_LENGTH = enum.auto()
    NO_BOUNDARY = enum.auto()
    BOUNDARY_AFTER = enum.auto()  # firmware before February 2020
    FROZEN = enum.auto()  # the same picture and stamp again and again
    TINY = enum.auto()  # 1x1 pixels


class Esp32Server:
    """Serves pictures as an ESP32-CAM while the `with` block lasts.

    Args:
        frame_at: what the sensor sees.
        fps: of the stream.
        table: which numbers its firmware gives to the picture sizes.
    """

    def __init__(self, frame_at: FrameAt, *, fps: float = 10.0, table: Literal["new", "old"] = "new") -> None:
        self._frame_at = frame_at
        self._fps = fps
        names = (_NEW if table == "new" else _OLD).split()
        self._sizes = [Size(width=int(w), height=int(h)) for w, h in (name.split("x") for name in names)]
        self._boot_number = names.index(_BOOT_SIZE)
        self._server = ServerThread("esp32 server", [self._server_a, self._server_b])
        self._ports = [0, 0]
        self._started_s = time.monotonic()
        self._viewer: asyncio.StreamWriter | None = None
        # Settings and faults; set from any thread, read by the server's.
        self._booted_s = self._started_s
        self._number = self._boot_number
        self._quality = _BOOT_QUALITY
        self._fault = Fault.NONE
        self._capture_fails = False
        self._deaf = False
        self._frozen: tuple[bytes, float] | None = None

    @property
    def base_url(self) -> str:
        """Of server A."""
        return f"http://127.0.0.1:{self._ports[0]}"

    @property
    def stream_port(self) -> int:
        """Of server B."""
        return self._ports[1]

    @property
    def settings(self) -> tuple[Size, int]:
        """The picture size and quality now."""
        return self._sizes[self._number], self._quality

    def fault(self, fault: Fault) -> None:
        """Goes wrong in this way from the next picture on."""
        self._frozen = None
        self._fault = fault

    def capture_fails(self, fails: bool = True) -> None:
        """Answers `/capture` with 500, as when the frame buffer fails."""
        self._capture_fails = fails

    def deaf(self, deaf: bool = True) -> None:
        """Answers `/control` with 500."""
        self._deaf = deaf

    def reboot(self) -> None:
        """Cuts every connection, forgets its settings, counts its time from 0."""
        self._booted_s = time.monotonic()
        self._number, self._quality = self._boot_number, _BOOT_QUALITY
        self._server.cut_all()

    def __enter__(self) -> Esp32Server:
        self._ports = self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.stop()

    async def _server_a(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            target = urlsplit((await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split(" ")[1])
            if target.path == "/control":
                writer.write(self._control(target.query))
            elif target.path == "/status":
                status = {"framesize": self._number, "quality": self._quality}
                writer.write(_answer(200, "application/json", json.dumps(status).encode()))
            elif target.path == "/capture":
                failing = self._capture_fails
                picture, _ = (b"", 0.0) if failing else self._picture()
                writer.write(_answer(500 if failing else 200, "image/jpeg", picture))
            elif target.path == "/":
                writer.write(_answer(200, "text/html", b"<title>ESP32 OV2640</title>"))
            else:
                writer.write(_answer(404, "text/html", b"Nothing matches the given URI"))
            await writer.drain()

    def _control(self, query: str) -> bytes:
        given = parse_qs(query)
        try:
            name, value = given["var"][0], int(given["val"][0])
        except (KeyError, ValueError):
            return _answer(404, "text/html", b"")
        if self._deaf or name not in ("framesize", "quality"):
            return _answer(500, "text/html", b"")
        if name == "quality":
            self._quality = value
        elif 0 <= value < len(self._sizes):
            self._number = value
        return _answer(200, "text/html", b"")

    async def _server_b(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if self._viewer is not None and not self._viewer.transport.is_closing():
            # The second connection is accepted by the network stack; its one thread serves the first.
            await self._server.until_stopped()
        self._viewer = writer
        try:
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary="
                + BOUNDARY.encode()
                + b"\r\nTransfer-Encoding: chunked\r\nAccess-Control-Allow-Origin: *\r\n"
                + b"X-Framerate: 60\r\n\r\n"
            )
            while True:
                if self._fault is not Fault.STALL:
                    for piece in self._part():
                        writer.write(b"%X\r\n%b\r\n" % (len(piece), piece))
                    await writer.drain()
                await asyncio.sleep(1.0 / self._fps)
                if reader.at_eof() or writer.transport.is_closing():
                    return
        finally:
            if self._viewer is writer:
                self._viewer = None

    def _part(self) -> list[bytes]:
        """The chunks of one picture: boundary, header, JPEG."""
        fault = self._fault
        picture, taken_s = self._picture()
        if fault is Fault.CUT_JPEG:
            picture = picture[: len(picture) // 2]
        length = len(picture)
        if fault is Fault.LENGTH_TOO_LARGE:
            length += 5000
        if fault is Fault.LENGTH_TOO_SMALL:
            length //= 2
        stamp = f"{int(taken_s)}.{int(taken_s % 1 * 1e6):06d}"
        said = "" if fault is Fault.NO_LENGTH else f"Content-Length: {length}\r\n"
        header = f"Content-Type: image/jpeg\r\n{said}X-Timestamp: {stamp}\r\n\r\n".encode()
        boundary = f"\r\n--{BOUNDARY}\r\n".encode()
        if fault is Fault.NO_BOUNDARY:
            return [header, picture]
        if fault is Fault.BOUNDARY_AFTER:
            return [header, picture, boundary]
        return [boundary, header, picture]

    def _picture(self) -> tuple[bytes, float]:
        """A JPEG, and seconds since the camera started."""
        now_s = time.monotonic()
        if self._fault is Fault.FROZEN and self._frozen is not None:
            return self._frozen
        size = self._sizes[self._number]
        image = resize(self._frame_at(now_s - self._started_s, size), size)
        if self._fault is Fault.TINY:
            image = resize(image, Size(width=1, height=1))
        # The sensor counts 4 (best) to 63; libjpeg 100 to 1.
        quality = max(5, 100 - int(self._quality * 1.5))
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        self._frozen = (data.tobytes(), now_s - self._booted_s)
        return self._frozen


def _answer(status: int, kind: str, body: bytes) -> bytes:
    reason = {200: "OK", 404: "Not Found", 500: "Internal Server Error"}[status]
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Access-Control-Allow-Origin: *\r\n\r\n".encode() + body
