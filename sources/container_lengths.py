"""What the headers of a video claim, read byte by byte: FFmpeg quietly corrects what it does not believe."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# The list of pictures of a day at 30 a second is 40 MB; more is an attack on our memory.
_MOST_HEADER_BYTES = 64 << 20
_UNKNOWN = {0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackLengths:
    """One track of an MP4, in seconds; 0 where it does not say.

    Attributes:
        says_s: what its header says.
        listed_s: what its list of samples adds up to.
        edited_s: what its list of edits makes of that (ISO/IEC 14496-12, 8.6.6): parts left out, or pauses.
    """

    says_s: float
    listed_s: float
    edited_s: float

    @property
    def shown_s(self) -> float:
        """How long a player shows it."""
        return self.edited_s or self.listed_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Mp4Lengths:
    """The lengths that the headers of an MP4 claim; `says_s` is the movie's own, 0 when it has none."""

    says_s: float
    tracks: tuple[TrackLengths, ...]


def mp4_lengths(path: Path) -> Mp4Lengths | None:
    """The claims of an MP4, MOV or 3GP; None when `path` is none, or its header is not whole.

    The boxes are those of ISO/IEC 14496-12: `mvhd` (8.2.2), `mdhd` (8.4.2), `stts` (8.6.1.2), `elst` (8.6.6).
    """
    with path.open("rb") as file:
        movie = _movie(file, path.stat().st_size)
    if movie is None:
        return None
    try:
        header = dict(_boxes(movie)).get(b"mvhd", b"")
        scale = _scale_and_length(header)[0]
        tracks = tuple(_track(body, scale) for name, body in _boxes(movie) if name == b"trak")
        return Mp4Lengths(says_s=_length_s(header, any(track.listed_s for track in tracks)), tracks=tracks)
    except struct.error:
        return None


def is_whole(path: Path) -> bool | None:
    """Whether the file is as long as its outermost element says; None when it does not say.

    Of MP4, Matroska (RFC 8794, 11) and AVI (RIFF).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(256)
        if head[4:8] == b"ftyp":
            return max(end for _, _, end in _outermost(file, size)) <= size
    if head[:4] == b"RIFF" and len(head) >= 8:
        return bool(size >= struct.unpack("<I", head[4:8])[0] + 8)
    if head[:4] == b"\x1a\x45\xdf\xa3":
        header = _ebml_size(head, 4)
        at = -1 if header is None else header[0] + header[1]
        if head[at : at + 4] == b"\x18\x53\x80\x67" and (segment := _ebml_size(head, at + 4)) is not None:
            return size >= segment[0] + segment[1]
    return None


def _ebml_size(data: bytes, at: int) -> tuple[int, int] | None:
    """Where an element's content begins, and how long it is; None when it is unknown."""
    if at >= len(data) or data[at] == 0:
        return None
    width = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + width]) & ((1 << (7 * width)) - 1)
    return None if value == (1 << (7 * width)) - 1 else (at + width, value)


def _outermost(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, begin of the content, and end of each box that begins within the file."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length, name = struct.unpack(">I4s", head[:8])
        begins = 8
        if length == 1 and len(head) == 16:
            begins, (length,) = 16, struct.unpack(">Q", head[8:])
        if length == 0:
            length = size - at
        if length < begins:
            return
        yield name, at + begins, at + length
        at += length


def _movie(file: BinaryIO, size: int) -> bytes | None:
    for name, begins, ends in _outermost(file, size):
        if name == b"moov" and ends <= size and ends - begins <= _MOST_HEADER_BYTES:
            file.seek(begins)
            return file.read(ends - begins)
    return None


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        if length < 8:
            return
        yield name, data[at + 8 : at + length]
        at += length


def _track(body: bytes, movie_scale: int) -> TrackLengths:
    boxes = dict(_boxes(body))
    media = dict(_boxes(boxes.get(b"mdia", b"")))
    table = dict(_boxes(dict(_boxes(media.get(b"minf", b""))).get(b"stbl", b"")))
    header = media.get(b"mdhd", b"")
    scale = _scale_and_length(header)[0]
    # Each list begins with version, flags and the number of its entries; these are counts and lengths.
    samples = _entries(table.get(b"stts", b""), ">II")
    listed_s = sum(count * length for count, length in samples) / scale if scale else 0.0
    edits = dict(_boxes(boxes.get(b"edts", b""))).get(b"elst", b"")
    edited = sum(one[0] for one in _entries(edits, ">QqI" if edits[:1] == b"\1" else ">IiI"))
    return TrackLengths(
        says_s=_length_s(header, listed_s > 0.0),
        listed_s=listed_s,
        edited_s=edited / movie_scale if movie_scale else 0.0,
    )


def _entries(data: bytes, form: str) -> Iterator[tuple[int, ...]]:
    width = struct.calcsize(form)
    return struct.iter_unpack(form, data[8 : 8 + max(0, len(data) - 8) // width * width])


def _length_s(header: bytes, lists_samples: bool) -> float:
    scale, length = _scale_and_length(header)
    # A recording that goes on may leave its length open, one that lists its samples has ended.
    return length / scale if scale and (lists_samples or length not in _UNKNOWN) else 0.0


def _scale_and_length(header: bytes) -> tuple[int, int]:
    if not header:
        return 0, 0
    # Version 1 has times of 64 bits.
    scale, length = (
        struct.unpack_from(">IQ", header, 20) if header[0] else struct.unpack_from(">II", header, 12)
    )
    return int(scale), int(length)
