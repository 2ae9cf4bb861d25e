"""What a JPEG says about itself without decoding it: its size, and where it ends (ITU-T T.81, annex B)."""

from __future__ import annotations

import re

from pipeline.errors import PictureError
from pipeline.geometry import Size

START = b"\xff\xd8\xff"
END = b"\xff\xd9"

# Some encoders pad the file after its end marker.
_PADDING = 64
_START_OF_SCAN = 0xDA
# Start-of-frame markers: C0-CF without DHT (C4), JPG (C8) and DAC (CC).
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers without a length: TEM, RST0-7.
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8)})
# APPn and COM hold anything, a thumbnail for instance.
_FREE_MARKERS = frozenset({*range(0xE0, 0xF0), 0xFE})
# In coded data FF is followed by 00 (stuffing), RST or fill; anything else is a marker.
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def jpeg_size(data: bytes) -> Size:
    """The size in the frame header.

    Raises:
        PictureError: `data` are no JPEG, or a cut one, or it says a size of zero.
    """
    if not data.startswith(START):
        raise PictureError("the camera sent something that is no JPEG")
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in _BARE_MARKERS:
            at += 1 if marker == 0xFF else 2
        elif marker in _FRAME_MARKERS:
            height, width = int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
            if not width or not height:
                break
            return Size(width=width, height=height)
        elif marker == _START_OF_SCAN:
            break
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4])
    raise PictureError("the camera sent a JPEG without a size")


def is_ended(data: bytes) -> bool:
    """Whether the end marker is there, padding after it allowed."""
    return END in data[-_PADDING:]


class EndSearch:
    """Finds the end of the JPEG at the beginning of a growing buffer; goes on where it stopped."""

    def __init__(self) -> None:
        self._at = 2
        self._in_scan = False

    @property
    def position(self) -> int:
        """How far the search has come; after `PictureError`, where the next JPEG begins."""
        return self._at

    def end(self, buffer: bytearray) -> int | None:
        """Length of the JPEG including its end marker; None while it is not there yet.

        Raises:
            PictureError: another JPEG begins before this one ends.
        """
        while True:
            if self._in_scan:
                found = _MARKER_IN_SCAN.search(buffer, self._at)
                if found is None:
                    self._at = max(self._at, len(buffer) - 1)
                    return None
                self._at = found.start()
                self._in_scan = False
            if self._at + 4 > len(buffer) and buffer[self._at : self._at + 2] != END:
                return None
            if buffer[self._at] != 0xFF:
                self._in_scan = True  # Broken segments: look for the next marker.
                continue
            marker = buffer[self._at + 1]
            if marker == 0xD9:
                return self._at + 2
            if marker == 0xD8:
                raise PictureError("a JPEG was cut: the next one begins inside it")
            if marker == 0xFF or marker in _BARE_MARKERS:
                self._at += 1 if marker == 0xFF else 2
                continue
            length = int.from_bytes(buffer[self._at + 2 : self._at + 4])
            if marker not in _FREE_MARKERS:
                # A table holds no picture: one that seems to was cut, and the next picture follows.
                if len(buffer) < self._at + 4 + length:
                    return None
                following = buffer.find(START, self._at + 2, self._at + 4 + length)
                if following >= 0:
                    self._at = following
                    raise PictureError("a JPEG was cut: the next one begins inside it")
            self._in_scan = marker == _START_OF_SCAN
            self._at += 2 + length
