"""Hanging a plate on a drawn vehicle, in perspective and in the light of its side of the vehicle."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.picture import Image
from simulator.blending import as_image
from simulator.lighting import LightState, display
from simulator.plate_art import plate_picture
from simulator.plate_numbers import PlateNumber
from simulator.shading import LAMP_COLOUR, PlaceLight
from simulator.sprite import Pose
from simulator.vehicle_model import PlateMount
from simulator.viewpoint import Floats, Viewpoint

READABLE_ONE_LINE_PX, READABLE_TWO_LINES_PX = 24.0, 32.0
"""Plate heights from which on the bundled reader is near its best (model card)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HungPlate:
    """A plate as the camera sees it: corners in pixels (clockwise from top left), how square-on it is."""

    corners: Floats
    normal: Floats
    facing: float

    @property
    def height_px(self) -> float:
        """Mean length of the two upright edges."""
        c = self.corners
        return float(np.linalg.norm(c[3] - c[0]) + np.linalg.norm(c[2] - c[1])) / 2

    @property
    def width_px(self) -> float:
        """Mean length of the two long edges."""
        c = self.corners
        return float(np.linalg.norm(c[1] - c[0]) + np.linalg.norm(c[2] - c[3])) / 2


def hang(view: Viewpoint, plate: PlateNumber, mount: PlateMount, pose: Pose) -> HungPlate | None:
    """Where the plate on `mount` appears; None when it faces away or lies behind the lens."""
    width_mm, height_mm = plate.style.size_mm
    half_w, half_h = width_mm / 2000, height_mm / 2000
    x, y, z = mount.centre
    # seen from outside, left is +y at the rear and -y at the front
    left = -mount.end * half_w
    local = np.array(
        [
            [x, y + left, z + half_h],
            [x, y - left, z + half_h],
            [x, y - left, z - half_h],
            [x, y + left, z - half_h],
        ],
        np.float32,
    )
    world = pose.to_world(local)
    normal = pose.turned(np.array([[float(mount.end), 0.0, 0.0]], np.float32))[0]
    towards = view.position - world.mean(axis=0)
    facing = float(normal @ towards / np.linalg.norm(towards))
    projected = view.project(world)
    if facing < 0.1 or float(projected[:, 2].min()) < 1.0:
        return None
    return HungPlate(corners=projected[:, :2].copy(), normal=normal, facing=facing)


def is_readable(hung: HungPlate, plate: PlateNumber, width: int, height: int) -> bool:
    """Whether the plate is large enough to be read, not too oblique, and wholly in the picture."""
    need = READABLE_TWO_LINES_PX if plate.style.two_lines else READABLE_ONE_LINE_PX
    inside = bool(
        (hung.corners >= 2).all()
        and (hung.corners[:, 0] <= width - 2).all()
        and (hung.corners[:, 1] <= height - 2).all()
    )
    width_mm, height_mm = plate.style.size_mm
    natural = hung.height_px * width_mm / height_mm
    return hung.height_px >= need and inside and hung.width_px >= 0.6 * natural


def _tone(hung: HungPlate, light: LightState, place: PlaceLight) -> Floats:
    """Displayed BGR, 0-1, of white paper at the plate's place."""
    sun = (
        np.array(light.sun, np.float32) * place.sunlit * max(0.0, float(hung.normal @ light.sun_direction()))
    )
    sky = 0.7 * (np.array(light.sky, np.float32) + light.lamps * place.lamp_light * LAMP_COLOUR)
    lamp = np.float32(0.10 * light.lamps if place.lamps_on else 0.0)
    return np.asarray(display(np.asarray(0.92 * (sun + sky + lamp), np.float32)) / 255.0, np.float32)


def draw_on(
    canvas: Image,
    hung: HungPlate,
    plate: PlateNumber,
    light: LightState,
    place: PlaceLight,
    left: int,
    top: int,
    scale: int,
) -> None:
    """Draw the plate onto a vehicle's canvas.

    Args:
        canvas: uint8 (h, w, 4) BGR and coverage, changed in place.
        hung: where the plate appears.
        plate: its number.
        light: the light over the street.
        place: the light at the vehicle.
        left: column of the picture at the canvas's corner.
        top: row of the picture at the canvas's corner.
        scale: canvas pixels per pixel of the picture.
    """
    target = (hung.corners - (left, top)) * scale
    x1, y1 = np.maximum(np.floor(target.min(axis=0)).astype(int), 0)
    x2 = min(int(np.ceil(target[:, 0].max())) + 1, canvas.shape[1])
    y2 = min(int(np.ceil(target[:, 1].max())) + 1, canvas.shape[0])
    if x2 - x1 < 3 or y2 - y1 < 2:
        return
    art = plate_picture(plate)
    # shrink by areas first: the warp alone would skip pixels and break thin strokes
    width = int(min(max(hung.width_px * scale * 1.15, 8), art.shape[1]))
    rows = max(2, round(art.shape[0] * width / art.shape[1]))
    art = as_image(cv2.resize(art, (width, rows), interpolation=cv2.INTER_AREA))
    h, w = art.shape[:2]
    source = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    matrix = cv2.getPerspectiveTransform(source - 0.5, (target - (x1, y1)).astype(np.float32) - 0.5)
    tone = _tone(hung, light, place)
    lit = np.clip(art.astype(np.float32) * tone, 0, 255)
    layer = np.dstack([lit, np.full((h, w), 255.0, np.float32)]).astype(np.float32)
    warped = cv2.warpPerspective(layer, matrix, (int(x2 - x1), int(y2 - y1)), flags=cv2.INTER_LINEAR)
    region = canvas[y1:y2, x1:x2]
    region[:] = np.clip(region * (1.0 - warped[..., 3:] / 255.0) + warped, 0, 255).astype(np.uint8)
