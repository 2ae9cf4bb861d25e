"""`multipart/x-mixed-replace` streams of JPEGs, as cameras send them rather than as RFC 2046 wants them.

Bytes in, parts out; no I/O. Survives wrong and missing Content-Length, missing boundaries, boundaries after
the picture, cut pictures and any chunking. A part's end is, in this order: its Content-Length where a JPEG
ends there, the next boundary, and the JPEG's own end marker.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.errors import InvalidValueError, PictureError
from sources.jpeg import START, EndSearch, is_ended

# The most a part's header may take before it is thrown away.
_HEADER_BYTES = 8192
_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d{1,12})[ \t]*\r?$")
_TIMESTAMP = re.compile(rb"(?im)^x-timestamp:[ \t]*(\d{1,12}(?:\.\d{1,9})?)[ \t]*\r?$")
_BOUNDARY = re.compile(r"boundary=\"?([^\";]+)\"?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One picture of the stream.

    Attributes:
        data: from the start marker on.
        complete: the end marker is where the part ends.
        timestamp_s: `X-Timestamp`, seconds since the camera started; None when missing or malformed.
    """

    data: bytes
    complete: bool
    timestamp_s: float | None


def boundary_of(content_type: str) -> str:
    """The boundary named in a Content-Type header, or an empty string."""
    found = _BOUNDARY.search(content_type)
    return found.group(1).strip() if found else ""


class MultipartParser:
    """Cuts a stream into JPEGs.

    Args:
        boundary: as named in the Content-Type header; may be empty.
        most_bytes: a picture larger than this is given up.
    """

    def __init__(self, boundary: str, *, most_bytes: int = 8_000_000) -> None:
        if most_bytes < 1:
            raise InvalidValueError(f"expected most_bytes >= 1, got {most_bytes}")
        # Some cameras name the boundary with the two dashes that only its use has.
        name = boundary.strip().removeprefix("--").encode("latin-1", "replace")
        self._delimiter = b"--" + name if name else b""
        self._most_bytes = most_bytes
        self._buffer = bytearray()
        self._in_body = False
        self._length: int | None = None
        self._timestamp_s: float | None = None
        self._search = EndSearch()
        self._scanned = 0

    def feed(self, data: bytes) -> list[Part]:
        """The pictures that become complete, or turn out to be cut, with `data`."""
        self._buffer += data
        parts: list[Part] = []
        while self._find_start() if not self._in_body else self._find_end(parts):
            pass
        return parts

    def _find_start(self) -> bool:
        start = self._buffer.find(START)
        if start < 0:
            if len(self._buffer) > _HEADER_BYTES:
                del self._buffer[:-_HEADER_BYTES]
            return False
        header = bytes(self._buffer[max(0, start - _HEADER_BYTES) : start])
        if self._delimiter:
            header = header[header.rfind(self._delimiter) + 1 :]
        lengths, stamps = _LENGTH.findall(header), _TIMESTAMP.findall(header)
        length = int(lengths[-1]) if lengths else None
        self._length = length if length is not None and 0 < length <= self._most_bytes else None
        self._timestamp_s = float(stamps[-1]) if stamps else None
        del self._buffer[:start]
        self._in_body = True
        self._search = EndSearch()
        self._scanned = 0
        return True

    def _find_end(self, parts: list[Part]) -> bool:
        cut = self._delimiter_at()
        if self._length is not None and cut is None:
            if len(self._buffer) < self._length:
                return False
            if is_ended(bytes(self._buffer[: self._length][-64:])):
                return self._emit(parts, self._length, complete=True)
            self._length = None  # It lies: the picture's own marker decides.
        if self._length is not None and cut is not None and cut >= self._length:
            if is_ended(bytes(self._buffer[: self._length][-64:])):
                return self._emit(parts, self._length, complete=True)
            self._length = None
        complete = True
        try:
            end = self._search.end(self._buffer)
        except PictureError:
            end, complete = self._search.position, False
        if cut is not None and (end is None or end > cut):
            end, complete = cut, False
        if end is None and len(self._buffer) <= self._most_bytes:
            return False
        if end is None or end > self._most_bytes:
            end, complete = self._most_bytes, False
        return self._emit(parts, end, complete=complete)

    def _delimiter_at(self) -> int | None:
        """Where the next delimiter begins; looks at each byte once."""
        if not self._delimiter:
            return None
        found = self._buffer.find(self._delimiter, self._scanned)
        if found < 0:
            self._scanned = max(0, len(self._buffer) - len(self._delimiter) + 1)
            return None
        return found

    def _emit(self, parts: list[Part], end: int, *, complete: bool) -> bool:
        parts.append(Part(data=bytes(self._buffer[:end]), complete=complete, timestamp_s=self._timestamp_s))
        del self._buffer[:end]
        self._in_body = False
        return True
