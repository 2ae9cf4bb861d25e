"""The settings of an ESP32-CAM: sets them and finds out which of two firmware tables it counts by."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from pipeline.errors import InvalidValueError
from pipeline.geometry import Size


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSize:
    """A picture size and its number in both tables.

    The sensor's sizes are numbered anew since esp32-camera 2.0.14 (November 2024), and the firmware does not
    say which table it has (https://github.com/espressif/esp32-camera, driver/include/sensor.h).
    """

    name: str
    size: Size
    new: int
    old: int


def _listed(name: str, width: int, height: int, new: int, old: int) -> FrameSize:
    return FrameSize(name=name, size=Size(width=width, height=height), new=new, old=old)


FRAME_SIZES = {
    entry.name: entry
    for entry in (
        _listed("qqvga", 160, 120, 1, 1),
        _listed("qvga", 320, 240, 6, 5),
        _listed("cif", 400, 296, 8, 6),
        _listed("hvga", 480, 320, 9, 7),
        _listed("vga", 640, 480, 10, 8),
        _listed("svga", 800, 600, 11, 9),
        _listed("xga", 1024, 768, 12, 10),
        _listed("hd", 1280, 720, 13, 11),
        _listed("sxga", 1280, 1024, 14, 12),
        _listed("uxga", 1600, 1200, 15, 13),
    )
}


class CameraControl:
    """Talks to `/control` on port 80; remembers the table that turned out to be right.

    Args:
        base_url: of server A, as `http://camera`.
        frame_size: a name of `FRAME_SIZES`.
        quality: JPEG quality as the sensor counts it, 4 (best) to 63.
        timeout_s: for each request.

    Raises:
        InvalidValueError: an unknown size or quality.
    """

    def __init__(self, base_url: str, *, frame_size: str, quality: int, timeout_s: float) -> None:
        if frame_size not in FRAME_SIZES:
            raise InvalidValueError(f"expected one of {', '.join(FRAME_SIZES)}, got {frame_size!r}")
        if not 4 <= quality <= 63:
            raise InvalidValueError(f"expected a quality of 4 (best) to 63, got {quality}")
        self._base_url = base_url.rstrip("/")
        self._wanted = FRAME_SIZES[frame_size]
        self._quality = quality
        self._timeout_s = timeout_s
        self._numbers = list(dict.fromkeys((self._wanted.new, self._wanted.old)))
        self._tried = 0

    @property
    def wanted(self) -> FrameSize:
        """What the camera shall send."""
        return self._wanted

    def apply(self, client: httpx.Client) -> bool:
        """Sets size and quality; False when the camera does not take them now."""
        self._tried = 0
        return self._set(client, "quality", self._quality) and self._set(
            client, "framesize", self._numbers[0]
        )

    def apply_next(self, client: httpx.Client) -> bool:
        """After the first number gave another size: the other table's. False when there is none left."""
        self._tried += 1
        if self._tried >= len(self._numbers):
            return False
        return self._set(client, "framesize", self._numbers[self._tried])

    def confirm(self) -> None:
        """The last number gave the wanted size: it comes first from now on."""
        if self._tried:
            self._numbers.insert(0, self._numbers.pop(self._tried))
            self._tried = 0

    def _set(self, client: httpx.Client, name: str, value: int) -> bool:
        parameters: dict[str, str | int] = {"var": name, "val": value}
        try:
            answer = client.get(f"{self._base_url}/control", params=parameters, timeout=self._timeout_s)
        except (httpx.HTTPError, httpx.InvalidURL):
            return False
        return answer.status_code == httpx.codes.OK
