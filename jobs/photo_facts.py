"""What a photo file says of itself, from its header alone: kind, size, time, place. Nothing is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from zoneinfo import ZoneInfo

import pillow_heif
from PIL import ExifTags, Image, UnidentifiedImageError

from jobs.exif_values import ExifTime, Position, exif_position, exif_time
from jobs.jpeg_end import jpeg_is_whole
from pipeline.errors import UploadRefusedError, UploadTooLargeError
from pipeline.geometry import Size

pillow_heif.register_heif_opener()
# We look at the size ourselves, before anything is decoded; Pillow's own limit is a warning first.
Image.MAX_IMAGE_PIXELS = None

LEAST_SIDE = 16
_LONGEST_SIDE = 20_000
# A turn by 90 degrees: EXIF orientations 5 to 8 (Exif 2.32, 4.6.4.A).
_TURNED = frozenset({5, 6, 7, 8})
# As in a JPEG, where it fits into one segment.
_LONGEST_EXIF = 1 << 16
_EARTH_RADIUS_M = 6_371_009.0
_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc", b"hevx")


class MediaType(StrEnum):
    """The kinds of pictures that are taken."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    HEIC = "image/heic"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoLimits:
    """What is taken at most: bytes of a file, pixels of a picture."""

    max_bytes: int
    max_pixels: int


class TimeFrom(StrEnum):
    """How the moment of a photo is known."""

    EXIF = "exif"
    EXIF_WITHOUT_OFFSET = "exif_without_offset"
    GPS = "gps"
    SENDER = "sender"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoFacts:
    """What a photo says of itself.

    Attributes:
        media_type: by its content, not by its name.
        size: upright, pixels.
        time: when it was taken, as EXIF says it; None: it does not say.
        position: where, or None.
    """

    media_type: MediaType
    size: Size
    time: ExifTime | None
    position: Position | None

    def taken_at(self, zone: ZoneInfo) -> datetime | None:
        """When it was taken, aware; a time without offset is read in `zone`."""
        return None if self.time is None else self.time.moment(zone)

    @property
    def time_from(self) -> TimeFrom | None:
        """How the moment is known; None: it is not."""
        if self.time is None:
            return None
        if self.time.from_gps:
            return TimeFrom.GPS
        return TimeFrom.EXIF if self.time.aware else TimeFrom.EXIF_WITHOUT_OFFSET


def photo_facts(path: Path, limits: PhotoLimits, now: datetime) -> PhotoFacts:
    """Look at a file that somebody sent as a photo.

    Args:
        path: the file.
        limits: what is taken.
        now: aware; a photo of the future is refused.

    Raises:
        UploadTooLargeError: it is over a limit.
        UploadRefusedError: it is no picture of a kind that is taken, or its EXIF is absurd; one sentence.
    """
    media_type = _media_type(path, limits)
    try:
        with Image.open(path, formats=(_FORMATS[media_type],)) as image:
            width, height = image.size
            _check_size(width, height, limits)
            if media_type is MediaType.PNG:
                image.info.update(_png_exif(path))
            elif media_type is MediaType.JPEG and not jpeg_is_whole(path):
                raise UploadRefusedError("the file begins like a JPEG picture and is cut off")
            # The base class's: that of PNG decodes the whole picture where the header has no EXIF.
            exif = Image.Image.getexif(image)
            details = exif.get_ifd(ExifTags.IFD.Exif)
            gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
            turned = exif.get(ExifTags.Base.Orientation) in _TURNED
    except UploadRefusedError:
        raise
    except (UnidentifiedImageError, OSError) as error:
        raise UploadRefusedError(
            f"the file begins like a {_FORMATS[media_type]} picture and is none, or is damaged"
        ) from error
    except Exception as error:
        raise UploadRefusedError("the picture's header or EXIF is damaged") from error
    return PhotoFacts(
        media_type=media_type,
        size=Size(width=height, height=width) if turned else Size(width=width, height=height),
        time=exif_time(dict(details), dict(gps), now),
        position=exif_position(dict(gps)),
    )


def distance_m(one: Position, other: Position) -> float:
    """Metres between two positions on a sphere (haversine: Sinnott, "Virtues of the Haversine", 1984)."""
    lat1, lat2 = radians(one.latitude), radians(other.latitude)
    half = sin((lat2 - lat1) / 2) ** 2
    half += cos(lat1) * cos(lat2) * sin(radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * _EARTH_RADIUS_M * asin(sqrt(min(1.0, half)))


_FORMATS = {
    MediaType.JPEG: "JPEG",
    MediaType.PNG: "PNG",
    MediaType.WEBP: "WEBP",
    MediaType.HEIC: "HEIF",
}
# What people send instead, by its first bytes.
_OTHERS = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF"),
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"<", "a text (HTML, SVG or XML)"),
    (b"\x1a\x45\xdf\xa3", "a video"),
)


def _media_type(path: Path, limits: PhotoLimits) -> MediaType:
    try:
        size_bytes = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise UploadRefusedError(f"the file cannot be read: {error.strerror or error}") from error
    if size_bytes == 0:
        raise UploadRefusedError("the file is empty: it has 0 bytes")
    if size_bytes > limits.max_bytes:
        raise UploadTooLargeError(
            f"the file has {size_bytes} bytes, more than the {limits.max_bytes} that are taken"
        )
    if head.startswith(b"\xff\xd8\xff"):
        return MediaType.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return MediaType.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return MediaType.WEBP
    if head[4:8] == b"ftyp":
        if head[8:12] in _BRANDS:
            return MediaType.HEIC
        raise UploadRefusedError(
            "the file is a video or another kind of picture, not a JPEG, PNG, WebP or HEIC"
        )
    what = next((name for mark, name in _OTHERS if head.startswith(mark)), "something else")
    raise UploadRefusedError(f"the file is no photo: expected a JPEG, PNG, WebP or HEIC, got {what}")


def _png_exif(path: Path) -> dict[str, bytes]:
    """EXIF of a PNG by its chunks, which may follow the picture (PNG 3rd edition, 5.6); `{}`: it has none.

    Raises:
        UploadRefusedError: the file is cut off.
    """
    found: dict[str, bytes] = {}
    with path.open("rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            length, name = int.from_bytes(head[:4]), head[4:]
            if name == b"IEND":
                return found
            begins = file.tell()
            if name == b"eXIf" and length <= _LONGEST_EXIF:
                found["exif"] = b"Exif\0\0" + file.read(length)
            # Its checksum follows.
            file.seek(begins + length + 4)
    raise UploadRefusedError("the file begins like a PNG picture and is cut off")


def _check_size(width: int, height: int, limits: PhotoLimits) -> None:
    if min(width, height) < LEAST_SIDE:
        raise UploadRefusedError(
            f"the picture has {width}x{height} pixels; expected at least {LEAST_SIDE}x{LEAST_SIDE}"
        )
    if width * height > limits.max_pixels or max(width, height) > _LONGEST_SIDE:
        raise UploadTooLargeError(
            f"the picture has {width}x{height} pixels, more than the {limits.max_pixels} that are taken"
        )
