"""Files people send as photos, made in the test: good ones, and every kind of bad one."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

SEOUL_CITY_HALL = (37.5663, 126.9779)


def picture(size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.linear_gradient("L").resize(size).convert("RGB")


def exif_of(
    *,
    taken: str | None = None,
    offset: str | None = None,
    part: str | None = None,
    gps: Mapping[int, object] | None = None,
    orientation: int | None = None,
) -> Image.Exif:
    exif = Image.Exif()
    details = {36867: taken, 36881: offset, 37521: part}
    exif[ExifTags.IFD.Exif] = {tag: value for tag, value in details.items() if value is not None}
    exif[ExifTags.IFD.GPSInfo] = dict(gps or {})
    if orientation is not None:
        exif[ExifTags.Base.Orientation] = orientation
    return exif


def gps_of(latitude: float, longitude: float) -> dict[int, object]:
    def parts(value: float) -> tuple[IFDRational, IFDRational, IFDRational]:
        milliseconds = round(abs(value) * 3_600_000)
        degrees, rest = divmod(milliseconds, 3_600_000)
        minutes, seconds = divmod(rest, 60_000)
        return IFDRational(degrees), IFDRational(minutes), IFDRational(seconds, 1000)

    return {
        1: "N" if latitude >= 0 else "S",
        2: parts(latitude),
        3: "E" if longitude >= 0 else "W",
        4: parts(longitude),
    }


def photo(exif: Image.Exif | None = None, *, kind: str = "JPEG", size: tuple[int, int] = (64, 48)) -> bytes:
    file = io.BytesIO()
    picture(size).save(file, kind, exif=exif or Image.Exif())
    return file.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes whose header announces a giant."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def text_bomb_png() -> bytes:
    """A small PNG with a comment that would become 200 MB."""
    good = photo(kind="PNG")
    body = b"zTXt" + b"Comment\0\0" + zlib.compress(b"a" * 200_000_000, 9)
    bomb = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    # Behind the header, which takes 8 + 25 bytes.
    return good[:33] + bomb + good[33:]


def cut_jpeg() -> bytes:
    """The first half of a JPEG, with a whole preview in its EXIF as phones write it."""
    exif, preview = b"Exif\0\0" + exif_of(taken="2026:02:01 10:00:00").tobytes(), photo(size=(16, 16))
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(exif) + len(preview)) + exif + preview
    whole = photo(size=(640, 480))
    return whole[:2] + segment + whole[2 : len(whole) // 2]


def jpeg_of_size(width: int, height: int) -> bytes:
    """A JPEG whose frame header announces another size than its data has."""
    good = photo()
    at = good.index(b"\xff\xc0")
    return good[: at + 5] + struct.pack(">HH", height, width) + good[at + 9 :]


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("photo.jpg", photo())
    return file.getvalue()


def _gps(*latitude: object) -> Callable[[], bytes]:
    return lambda: photo(exif_of(gps=gps_of(10, 10) | {2: latitude}))


def _taken(text: str, offset: str | None = None) -> Callable[[], bytes]:
    return lambda: photo(exif_of(taken=text, offset=offset))


# By name: the file, and a part of the sentence that refuses it.
BAD: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "a PNG bomb": (lambda: png_of_size(60_000, 60_000), "60000x60000 pixels"),
    "a PNG with a text bomb": (text_bomb_png, "damaged"),
    "30,000 x 30,000": (lambda: jpeg_of_size(30_000, 30_000), "30000x30000 pixels"),
    "thin and long": (lambda: png_of_size(60_000, 20), "60000x20 pixels"),
    "1 x 1": (lambda: photo(size=(1, 1)), "1x1 pixels"),
    "0 bytes": (lambda: b"", "0 bytes"),
    "a text": (lambda: b"this is no photo" * 100, "is no photo"),
    "a zip": (zipped, "a ZIP archive"),
    "a web page": (lambda: b"<html><script>alert(1)</script></html>", "a text"),
    "a video": (lambda: b"\0\0\0\x18ftypmp42" + b"\0" * 100, "a video"),
    "half a JPEG header": (lambda: b"\xff\xd8\xff\xe0", "is none, or is damaged"),
    "half a JPEG": (cut_jpeg, "is cut off"),
    "half a PNG": (lambda: photo(kind="PNG")[:150], "is cut off"),
    "a JPEG in name alone": (lambda: b"\xff\xd8\xff" + b"x" * 1000, "is none, or is damaged"),
    "the year 0": (_taken("0001:01:01 00:00:00"), "before digital cameras"),
    "the year 2999": (_taken("2999:01:01 00:00:00"), "in the future"),
    "the 31st of February": (_taken("2026:02:31 00:00:00"), "a time that is none"),
    "25 o'clock": (_taken("2026:02:01 25:00:00"), "a time that is none"),
    "words for a time": (_taken("yesterday evening!!"), "a time that is none"),
    "an offset of 99 hours": (_taken("2026:02:01 10:00:00", "+99:00"), "no place has"),
    "words for an offset": (_taken("2026:02:01 10:00:00", "Seoul"), "offset of time that is none"),
    "91 degrees north": (_gps(IFDRational(91), IFDRational(0), IFDRational(0)), "no place on earth"),
    "61 minutes": (_gps(IFDRational(10), IFDRational(61), IFDRational(0)), "out of range"),
}
