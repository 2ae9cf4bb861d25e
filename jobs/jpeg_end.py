"""Whether a JPEG is there to its end, found without decoding it."""

from __future__ import annotations

import mmap
from pathlib import Path

# Markers of ITU-T T.81, table B.1.
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, b"\xff\xd9"


def jpeg_is_whole(path: Path) -> bool:
    """Whether the picture's end is there; without it no decoder gives the whole picture.

    It is looked for behind the begin of the picture's data, as a preview in the EXIF has an end of its own;
    within that data the marker's bytes cannot be (T.81, F.1.2.3).

    Args:
        path: of a file that begins like a JPEG.

    Raises:
        OSError: it cannot be read.
        ValueError: it is empty.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(_END_OF_IMAGE, _scan_begins(data)) >= 0


def _scan_begins(data: mmap.mmap) -> int:
    """Where the segments before the picture's data end; the file's begin where they are no segments."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        if data[at + 1] == 0xFF:
            # Fill bytes may stand before a marker (T.81, B.1.1.2).
            at += 1
            continue
        if data[at + 1] == _START_OF_SCAN:
            return at
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return 0
