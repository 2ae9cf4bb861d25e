"""What a vehicle does to the light on the road: its shadow, and by night its lamps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.picture import Image
from simulator.blending import as_image
from simulator.lighting import LightState
from simulator.shading import PlaceLight
from simulator.sprite import Pose
from simulator.vehicle_model import VehicleModel
from simulator.viewpoint import Floats, Viewpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A change of a part of the picture: factor (255 = unchanged) or addend, uint8 (h, w, 3)."""

    left: int
    top: int
    values: Image

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """x1, y1, x2, y2 in whole pixels."""
        h, w = self.values.shape[:2]
        return (self.left, self.top, self.left + w, self.top + h)


def shadow(
    view: Viewpoint,
    model: VehicleModel,
    pose: Pose,
    light: LightState,
    place: PlaceLight,
    width: int,
    height: int,
    margin: int,
) -> Patch | None:
    """The vehicle's shadow as a factor on the road; None when it lies outside the picture.

    Args:
        view: the camera.
        model: the vehicle's looks.
        pose: where it is.
        light: where the sun stands and how strong it is.
        place: share of sun that reaches the vehicle.
        width: of the picture with its margin.
        height: of the picture with its margin.
        margin: pixels by which the picture is larger than the view on each side.
    """
    layers: list[tuple[Floats, float]] = []
    corners = np.array(
        [
            [u * model.length * 0.49, v * model.width * 0.5, 0.0]
            for u, v in ((1, 1), (-1, 1), (-1, -1), (1, -1))
        ],
        np.float32,
    )
    layers.append((view.project(pose.to_world(corners))[:, :2] + margin, 0.62))
    strength = light.shadow_strength() * place.sunlit
    if strength >= 0.03:
        world = pose.to_world(model.mesh.vertices)
        d = light.sun_direction()
        fallen = world - world[:, 2:3] * (d / d[2])
        layers.append((view.project(np.asarray(fallen, np.float32))[:, :2] + margin, strength))
    everything = np.concatenate([p for p, _ in layers])
    metre = view.focal_px / math.hypot(pose.x - view.x_m, pose.y - view.y_m, view.height_m)
    pad = 8 + min(int(0.27 * metre), 72)
    x1, y1 = np.maximum(np.floor(everything.min(axis=0)).astype(int) - pad, 0)
    x2 = min(int(everything[:, 0].max()) + pad, width)
    y2 = min(int(everything[:, 1].max()) + pad, height)
    if x2 - x1 < 4 or y2 - y1 < 4:
        return None
    # half size is enough for a blurred shadow
    w, h = int(x2 - x1 + 1) // 2, int(y2 - y1 + 1) // 2
    factor = np.full((h, w), 255.0, np.float32)
    for index, (points, strength) in enumerate(layers):
        mask = np.zeros((h, w), np.uint8)
        hull = cv2.convexHull((np.clip(points - (x1, y1), -8000, 8000) * 8).astype(np.int32))
        cv2.fillConvexPoly(mask, hull, 255, cv2.LINE_AA, 4)
        sigma = max(0.6, metre * (0.09 if index == 0 else 0.05) / 2)
        soft = cv2.GaussianBlur(mask, (0, 0), min(sigma, 12.0))
        factor *= 1.0 - soft.astype(np.float32) * (strength / 255.0)
    small = factor.astype(np.uint8)
    full = cv2.resize(small, (int(x2 - x1), int(y2 - y1)), interpolation=cv2.INTER_LINEAR)
    return Patch(left=int(x1), top=int(y1), values=as_image(cv2.cvtColor(full, cv2.COLOR_GRAY2BGR)))


def headlight_pool(
    view: Viewpoint, model: VehicleModel, pose: Pose, level: float, width: int, height: int, margin: int
) -> Patch | None:
    """Light of the headlamps on the road as an addend; None without lamps or outside the picture."""
    if level < 0.05 or not model.headlamps:
        return None
    a, b = model.length / 2 + 0.6, model.length / 2 + 13.0
    corners = np.array([[a, 0.7, 0], [a, -0.7, 0], [b, -2.6, 0], [b, 2.6, 0]], np.float32)
    projected = view.project(pose.to_world(corners))
    if float(projected[:, 2].min()) < 1.5:
        return None
    points = projected[:, :2] + margin
    x1, y1 = np.maximum(np.floor(points.min(axis=0)).astype(int) - 20, 0)
    x2, y2 = min(int(points[:, 0].max()) + 20, width), min(int(points[:, 1].max()) + 20, height)
    if x2 - x1 < 8 or y2 - y1 < 8:
        return None
    w, h = max(2, int(x2 - x1) // 4), max(2, int(y2 - y1) // 4)
    mask = np.zeros((h, w), np.uint8)
    steps = 6
    for k in range(steps):
        far = a + (b - a) * (1 - k / steps)
        spread = 0.7 + (far - a) / (b - a) * 1.7
        ring = np.array([[a, 0.6, 0], [a, -0.6, 0], [far, -spread, 0], [far, spread, 0]], np.float32)
        p = (np.clip(view.project(pose.to_world(ring))[:, :2] + margin - (x1, y1), -8000, 8000) * 4).astype(
            np.int32
        )
        cv2.fillConvexPoly(mask, p, 45 + 30 * k, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(mask, (0, 0), 3.0)
    full = cv2.resize(soft, (int(x2 - x1), int(y2 - y1)), interpolation=cv2.INTER_LINEAR)
    values = cv2.merge([cv2.convertScaleAbs(full, alpha=level * k) for k in (0.30, 0.36, 0.38)])
    return Patch(left=int(x1), top=int(y1), values=as_image(values))


def lamp_glows(
    view: Viewpoint,
    model: VehicleModel,
    pose: Pose,
    level: float,
    *,
    braking: bool,
    width: int,
    height: int,
    margin: int,
) -> list[Patch]:
    """Bloom around lamps that point at the camera, as addends."""
    found: list[Patch] = []
    to_camera = np.array([view.x_m - pose.x, view.y_m - pose.y])
    ahead = float(to_camera @ np.array([math.cos(pose.heading), math.sin(pose.heading)])) / max(
        float(np.linalg.norm(to_camera)), 1e-6
    )
    lamps = [(p, (1.0, 1.0, 0.9), 0.42) for p in model.headlamps] if ahead > 0.15 else []
    if ahead < -0.1:
        lamps = [(p, (0.15, 0.12, 1.0), 0.30 if braking else 0.15) for p in model.taillamps]
    for position, colour, reach in lamps:
        centre = view.project(pose.to_world(np.array([position], np.float32)))[0]
        if centre[2] < 2.0:
            continue
        size = int(max(6.0, reach * view.focal_px / float(centre[2]))) | 1
        left, top = int(centre[0]) + margin - size, int(centre[1]) + margin - size
        axis = np.arange(2 * size + 1, dtype=np.float32) - size
        square = (axis[None, :] ** 2 + axis[:, None] ** 2) / size**2
        bell = (
            255.0
            * level
            * (0.75 * np.exp(-square * 14.0) + 0.25 * np.exp(-square * 3.5))
            * np.clip(1.3 - square * 1.3, 0, 1)
        )
        values = np.clip(bell[..., None] * np.array(colour, np.float32), 0, 255).astype(np.uint8)
        x1, y1 = max(left, 0), max(top, 0)
        cut = values[y1 - top : height - top, x1 - left : width - left]
        if cut.size:
            found.append(Patch(left=x1, top=y1, values=np.ascontiguousarray(cut)))
    return found
