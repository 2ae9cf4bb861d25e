"""What the vehicle in a picture looks like, to search for it."""

from __future__ import annotations

from pathlib import Path

from gotcha.config import Config
from gotcha.models import detector
from pipeline.detection import VEHICLES
from pipeline.errors import ConfigError
from pipeline.vehicle_look import VehicleLook
from vision.encode import decode_image


def look_of_crop(config: Config, path: Path) -> VehicleLook:
    """The look of the largest vehicle in the picture at `path`.

    Raises:
        ConfigError: there is no such file, or no vehicle is seen in it.
        ModelError: the detector cannot be opened.
        PictureError: it is no picture.
    """
    try:
        image = decode_image(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"the picture {path} cannot be read: {error.strerror}") from error
    seen = [d for d in detector(config).detect(image) if d.label in VEHICLES and d.look is not None]
    largest = max(seen, key=lambda detection: detection.box.area, default=None)
    if largest is None or largest.look is None:
        raise ConfigError(f"no vehicle is seen in {path}; leave some of its surroundings in the picture")
    return largest.look
