"""The name of a vehicle's colour, from its picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.geometry import Box
from pipeline.picture import Image
from pipeline.vehicle_look import VehicleColour

# The part of the box that is mostly bodywork: below the windows, above the wheels, off the street.
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.2, 0.8, 0.3, 0.8
_LEAST_SIDE_PX = 4
# Pixels looked at along the shorter side: colours need no detail.
_SCENE_SAMPLES, _BODY_SAMPLES = 32, 16
# Chroma (CIELAB) that a quarter of a coloured vehicle's pixels reach: glass and shade have none.
_CHROMATIC = 9.0
_COLOURLESS_PICTURE = 2.0
# A picture whose bright parts are no brighter than this is a night's: it shows no colours.
_DARK_PICTURE = 80.0
# Lightness that a quarter of the pixels reach, as a share of the picture's bright parts. Tuned with the
# chroma on the simulator's seeds 900 and 901; `gotcha bench looks` judges others.
_WHITE, _BLACK = 1.02, 0.70
_ORANGE_FROM, _YELLOW_FROM, _GREEN_FROM, _BLUE_FROM, _RED_AGAIN = 48.0, 72.0, 110.0, 200.0, 330.0
_BROWN_BELOW = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneLight:
    """How a picture is lit.

    Attributes:
        bright: what its bright parts reach, CIELAB lightness 0-255; None where no colours show.
        tint: CIELAB a and b of the light, from the picture's median: streets are grey.
    """

    bright: float | None
    tint: tuple[float, float] = (0.0, 0.0)


def light_of(image: Image) -> SceneLight:
    """The light of `image` (BGR uint8): night and infrared pictures show no colours."""
    step = max(1, min(image.shape[:2]) // _SCENE_SAMPLES)
    lab = cv2.cvtColor(np.ascontiguousarray(image[::step, ::step]), cv2.COLOR_BGR2LAB).reshape(-1, 3)
    bright = _ninth_tenth(lab[:, 0].astype(np.float32))
    middle = lab[:, 1:].astype(np.float32) - 128
    shown = bright >= _DARK_PICTURE and _ninth_tenth(np.hypot(*middle.T)) >= _COLOURLESS_PICTURE
    a, b = np.median(middle, axis=0).tolist()
    return SceneLight(bright=bright if shown else None, tint=(a, b))


def colour_of(image: Image, box: Box, light: SceneLight) -> VehicleColour | None:
    """The colour of the vehicle at `box` of `image` (BGR uint8), or None where the light shows none.

    Lightness is judged against the bright parts of the same picture, so that shade and evening do not make
    every vehicle black.

    Args:
        image: the picture.
        box: in its pixels.
        light: of the same picture.
    """
    x1, x2 = (int(box.x1 + share * box.width) for share in (_LEFT, _RIGHT))
    y1, y2 = (int(box.y1 + share * box.height) for share in (_TOP, _BOTTOM))
    body = image[max(0, y1) : y2, max(0, x1) : x2]
    if light.bright is None or min(body.shape[:2], default=0) < _LEAST_SIDE_PX:
        return None
    step = max(1, min(body.shape[:2]) // _BODY_SAMPLES)
    pixels = np.ascontiguousarray(body[::step, ::step])
    lab = cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB).reshape(-1, 3).astype(np.float32)
    a, b = lab[:, 1] - 128 - light.tint[0], lab[:, 2] - 128 - light.tint[1]
    chroma = np.hypot(a, b)
    coloured = chroma >= _CHROMATIC
    if 4 * np.count_nonzero(coloured) >= len(chroma):
        hue = math.degrees(math.atan2(float(np.median(b[coloured])), float(np.median(a[coloured])))) % 360
        return _hue_name(hue, float(np.median(lab[coloured, 0])))
    share = float(np.percentile(lab[:, 0], 75)) / light.bright
    if share >= _WHITE:
        return VehicleColour.WHITE
    return VehicleColour.BLACK if share < _BLACK else VehicleColour.GREY


def _ninth_tenth(values: npt.NDArray[np.float32]) -> float:
    """The value that nine tenths are below."""
    rank = 9 * len(values) // 10
    return float(np.partition(values, rank)[rank])


def _hue_name(hue: float, lightness: float) -> VehicleColour:
    """The name of a CIELAB hue angle, degrees; dark orange is brown."""
    if hue < _ORANGE_FROM or hue >= _RED_AGAIN:
        return VehicleColour.RED
    if hue < _YELLOW_FROM:
        return VehicleColour.BROWN if lightness < _BROWN_BELOW else VehicleColour.ORANGE
    if hue < _GREEN_FROM:
        return VehicleColour.BROWN if lightness < _BROWN_BELOW else VehicleColour.YELLOW
    return VehicleColour.GREEN if hue < _BLUE_FROM else VehicleColour.BLUE
