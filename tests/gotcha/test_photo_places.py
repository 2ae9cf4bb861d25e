"""Whose view a photo shows, when nobody says: the nearest camera within reach."""

from __future__ import annotations

import pytest

from gotcha.config import Config, parse_config
from gotcha.config_uploads import NO_CAMERA
from gotcha.photo_places import CameraFrom, photo_place
from jobs.exif_values import Position
from pipeline.errors import ConfigError

# A hundredth of a degree of latitude is 1112 m; in Seoul, one of longitude is 881 m.
NORTH = Position(latitude=37.5700, longitude=126.9800)
SOUTH = Position(latitude=37.5660, longitude=126.9800)


@pytest.fixture
def config() -> Config:
    cameras = "".join(
        f"  {name}: {{kind: webcam, location: {{latitude: {at.latitude}, longitude: {at.longitude}}}}}\n"
        for name, at in (("north", NORTH), ("south", SOUTH))
    )
    return parse_config(
        f"photos: {{nearest_m: 100}}\ncameras:\n{cameras}  nowhere: {{kind: webcam}}\n", environment={}
    )


@pytest.mark.parametrize(
    ("latitude", "longitude", "camera"),
    [
        (37.5699, 126.9800, "north"),
        (37.5661, 126.9801, "south"),
        # 89 m north of one and far from the other, then 111 m: out of reach of both.
        (37.5708, 126.9800, "north"),
        (37.5710, 126.9800, NO_CAMERA),
        # As far east as would be in reach to the north: a degree of longitude is shorter.
        (37.5660, 126.9811, "south"),
        (37.5660, 126.9812, NO_CAMERA),
        (-37.5660, 126.9800, NO_CAMERA),
    ],
)
def test_the_nearest_of_several_cameras(
    config: Config, latitude: float, longitude: float, camera: str
) -> None:
    place = photo_place(config, None, Position(latitude=latitude, longitude=longitude))
    assert place.camera == camera
    assert place.found is (CameraFrom.NONE if camera == NO_CAMERA else CameraFrom.GPS)


def test_what_the_sender_says_goes_before_gps(config: Config) -> None:
    place = photo_place(config, "nowhere", NORTH)
    assert (place.camera, place.found) == ("nowhere", CameraFrom.SENDER)
    assert photo_place(config, None, None).found is CameraFrom.NONE
    with pytest.raises(ConfigError):
        photo_place(config, "gone", NORTH)
