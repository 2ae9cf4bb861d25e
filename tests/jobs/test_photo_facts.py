"""What a photo's header says, and which files are refused before anything of them is decoded."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import IFDRational

from jobs.exif_values import Position
from jobs.photo_facts import MediaType, PhotoFacts, PhotoLimits, TimeFrom, distance_m, photo_facts
from pipeline.errors import UploadRefusedError, UploadTooLargeError
from pipeline.geometry import Size
from tests.jobs.photo_files import BAD, SEOUL_CITY_HALL, exif_of, gps_of, photo

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")
LIMITS = PhotoLimits(max_bytes=1_000_000, max_pixels=50_000_000)


def facts(folder: Path, data: bytes, limits: PhotoLimits = LIMITS) -> PhotoFacts:
    path = folder / "photo"
    path.write_bytes(data)
    return photo_facts(path, limits, NOW)


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused(name: str, tmp_path: Path) -> None:
    make, sentence = BAD[name]
    data = make()
    tracemalloc.start()
    try:
        with pytest.raises(UploadRefusedError, match=sentence):
            facts(tmp_path, data)
        # Nothing is unpacked: the bombs would take gigabytes, a picture of 64x48 takes 9 kB.
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_limits_are_the_users(tmp_path: Path) -> None:
    with pytest.raises(UploadTooLargeError, match="more than the 100 that are taken"):
        facts(tmp_path, photo(), PhotoLimits(max_bytes=100, max_pixels=10_000))
    with pytest.raises(UploadTooLargeError, match="64x48 pixels, more than the 1000"):
        facts(tmp_path, photo(), PhotoLimits(max_bytes=100_000, max_pixels=1000))


@pytest.mark.parametrize("kind", list(MediaType))
def test_each_kind_of_picture(kind: MediaType, tmp_path: Path) -> None:
    form = "HEIF" if kind is MediaType.HEIC else kind.value.removeprefix("image/").upper()
    exif = exif_of(taken="2026:05:01 10:00:00", offset="+09:00", gps=gps_of(*SEOUL_CITY_HALL))
    found = facts(tmp_path, photo(exif, kind=form))
    assert (found.media_type, found.size) == (kind, Size(width=64, height=48))
    assert found.taken_at(SEOUL) == datetime(2026, 5, 1, 1, 0, tzinfo=UTC)
    assert found.time_from is TimeFrom.EXIF
    assert found.position is not None
    assert distance_m(found.position, Position(latitude=37.5663, longitude=126.9779)) < 1.0


def test_looking_at_a_png_decodes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Also where its header has no EXIF: this runs in the web server, several at a time."""

    def decode(_picture: PngImageFile) -> None:
        raise AssertionError("the picture is decoded")

    monkeypatch.setattr(PngImageFile, "load", decode)
    assert facts(tmp_path, photo(kind="PNG")).size == Size(width=64, height=48)


def test_a_png_may_say_its_time_behind_the_picture(tmp_path: Path) -> None:
    data = photo(exif_of(taken="2026:05:01 10:00:00", offset="+09:00"), kind="PNG")
    at = data.index(b"eXIf") - 4
    ends = at + 12 + int.from_bytes(data[at : at + 4])
    # IEND takes the last 12 bytes.
    behind = data[:at] + data[ends:-12] + data[at:ends] + data[-12:]
    assert facts(tmp_path, behind).taken_at(SEOUL) == datetime(2026, 5, 1, 1, 0, tzinfo=UTC)
    with pytest.raises(UploadRefusedError, match="cut off"):
        facts(tmp_path, behind[:-20])


def test_a_time_without_offset_is_read_in_the_zone_and_says_so(tmp_path: Path) -> None:
    found = facts(tmp_path, photo(exif_of(taken="2026:05:01 10:00:00", part="25")))
    assert found.time_from is TimeFrom.EXIF_WITHOUT_OFFSET
    assert found.taken_at(SEOUL) == datetime(2026, 5, 1, 1, 0, 0, 250_000, tzinfo=UTC)
    assert found.taken_at(ZoneInfo("UTC")) == datetime(2026, 5, 1, 10, 0, 0, 250_000, tzinfo=UTC)


def test_the_time_of_gps_where_the_camera_has_none(tmp_path: Path) -> None:
    stamp = {7: (IFDRational(1), IFDRational(2), IFDRational(3)), 29: "2026:05:01"}
    found = facts(tmp_path, photo(exif_of(gps=gps_of(1, 2) | stamp)))
    assert found.time_from is TimeFrom.GPS
    assert found.taken_at(SEOUL) == datetime(2026, 5, 1, 1, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "    :  :     :  :  ", None])
def test_an_unknown_time_is_unknown(taken: str | None, tmp_path: Path) -> None:
    found = facts(tmp_path, photo(exif_of(taken=taken)))
    assert (found.time, found.time_from, found.taken_at(SEOUL)) == (None, None, None)


def test_no_fix_is_no_place(tmp_path: Path) -> None:
    nothing = IFDRational(0, 0)
    for gps in ({}, gps_of(0, 0), gps_of(1, 2) | {2: (nothing, nothing, nothing)}):
        assert facts(tmp_path, photo(exif_of(gps=gps))).position is None
    south_west = facts(tmp_path, photo(exif_of(gps=gps_of(-33.5, -70.25)))).position
    assert south_west == Position(latitude=-33.5, longitude=-70.25)


def test_a_turned_photo_has_its_upright_size(tmp_path: Path) -> None:
    assert facts(tmp_path, photo(exif_of(orientation=6))).size == Size(width=48, height=64)


def test_a_distance() -> None:
    paris, london = (
        Position(latitude=48.8566, longitude=2.3522),
        Position(latitude=51.5074, longitude=-0.1278),
    )
    assert distance_m(paris, london) == pytest.approx(343_600, rel=0.005)
