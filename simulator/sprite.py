"""Drawing one vehicle: shaded faces, back to front, on a small antialiased picture of its own.

Painter's algorithm (Newell, Newell and Sancha, 1972) after back faces are dropped: bodies are nearly
convex, so that the order of middles suffices. Drawn at twice the size and shrunk by areas.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.geometry import Box
from pipeline.picture import Image
from simulator.blending import as_image
from simulator.mesh import Mesh
from simulator.viewpoint import Floats, Viewpoint

_SHIFT = 4
_LIMIT = 30000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Where a vehicle is: metres on the road, heading in radians from +x counter-clockwise."""

    x: float
    y: float
    heading: float

    def to_world(self, points: Floats) -> Floats:
        """Vehicle-frame points as world points, float32 (n, 3)."""
        return self.turned(points) + np.array([self.x, self.y, 0.0], np.float32)

    def turned(self, vectors: Floats) -> Floats:
        """Vehicle-frame directions as world directions, float32 (n, 3)."""
        c, s = math.cos(self.heading), math.sin(self.heading)
        return vectors @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]], np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprite:
    """A drawn vehicle at its place in the picture.

    Attributes:
        left, top: pixel of the picture where the sprite's first pixel lies.
        colour: uint8 (h, w, 3) BGR, already multiplied by coverage.
        uncovered: uint8 (h, w, 3), 255 where nothing is drawn.
    """

    left: int
    top: int
    colour: Image
    uncovered: Image

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """x1, y1, x2, y2 in whole pixels of the picture."""
        h, w = self.colour.shape[:2]
        return (self.left, self.top, self.left + w, self.top + h)


def outline_box(view: Viewpoint, mesh: Mesh, pose: Pose) -> tuple[float, float, float, float] | None:
    """x1, y1, x2, y2 of the drawn vehicle, not clipped to the picture; None when behind the lens."""
    projected = view.project(pose.to_world(mesh.vertices))
    if float(projected[:, 2].min()) < 1.0:
        return None
    x1, y1 = projected[:, :2].min(axis=0).tolist()
    x2, y2 = projected[:, :2].max(axis=0).tolist()
    return (float(x1), float(y1), float(x2), float(y2))


class FacePainter:
    """Draws the faces of one vehicle at one pose; several light states share the projection."""

    def __init__(self, view: Viewpoint, mesh: Mesh, pose: Pose, *, scale: int = 2, margin: int = 0) -> None:
        self._scale = scale
        world = pose.to_world(mesh.vertices)
        projected = view.project(world)
        projected[:, :2] += margin
        self.normals = pose.turned(mesh.normals)
        towards = view.position - pose.to_world(mesh.centres)
        distance = np.linalg.norm(towards, axis=1)
        self.to_camera = towards / distance[:, None]
        width, height = view.size.width + 2 * margin, view.size.height + 2 * margin
        x1, y1 = np.floor(projected[:, :2].min(axis=0)).astype(int) - 1
        x2, y2 = np.ceil(projected[:, :2].max(axis=0)).astype(int) + 2
        self.left, self.top = max(int(x1), 0), max(int(y1), 0)
        self.width, self.height = min(int(x2), width) - self.left, min(int(y2), height) - self.top
        self.empty = self.width <= 0 or self.height <= 0 or float(projected[:, 2].min()) < 1.0
        visible = np.flatnonzero(np.sum(self.normals * self.to_camera, axis=1) > 0.0)
        self._order = visible[np.argsort(mesh.lifts[visible] - distance[visible], kind="stable")]
        fixed = (projected[:, :2] - (self.left, self.top)) * (scale * (1 << _SHIFT))
        limit = _LIMIT << _SHIFT
        self._points = np.clip(np.rint(fixed), -limit, limit).astype(np.int32)[mesh.faces]

    def draw(self, colours: Floats) -> Image:
        """The vehicle in `colours` (m, 3), uint8 (h*scale, w*scale, 4) BGR and coverage."""
        canvas = np.zeros((self.height * self._scale, self.width * self._scale, 4), np.uint8)
        points = self._points
        fills = np.clip(colours, 0, 255).tolist()
        fill = cv2.fillConvexPoly
        for k in self._order.tolist():
            b, g, r = fills[k]
            fill(canvas, points[k], (b, g, r, 255.0), cv2.LINE_8, _SHIFT)
        return canvas

    def shrunk(self, canvas: Image) -> Image:
        """`canvas` at the picture's own size, uint8 (h, w, 4)."""
        return as_image(cv2.resize(canvas, (self.width, self.height), interpolation=cv2.INTER_AREA))


def as_box(corners: tuple[float, float, float, float], width: int, height: int) -> Box | None:
    """Corners clipped to a picture, as a Box; None when nothing is inside."""
    x1, y1, x2, y2 = (
        max(corners[0], 0.0),
        max(corners[1], 0.0),
        min(corners[2], width),
        min(corners[3], height),
    )
    return Box(x1=x1, y1=y1, x2=x2, y2=y2) if x2 - x1 > 1.0 and y2 - y1 > 1.0 else None
