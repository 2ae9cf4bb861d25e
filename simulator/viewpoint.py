"""Where the fixed camera stands and how it maps the street to pixels.

World coordinates in metres: x to the right across the street, y along the street away from the camera,
z up; the road surface is z = 0. Pinhole model without lens distortion (Hartley and Zisserman, Multiple
View Geometry, 2nd ed., section 6.1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InvalidValueError
from pipeline.geometry import Point, Polygon, Size

Floats = NDArray[np.floating[Any]]

NEAR_M = 0.5
"""Points nearer than this in front of the lens are pushed back to it, so that no division explodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewpoint:
    """A camera at (x, y, height) that looks at a point on the road.

    Attributes:
        size: picture in pixels.
        x_m, y_m, height_m: the lens in world metres.
        look_x_m, look_y_m, look_z_m: the world point in the middle of the picture.
        hfov_deg: horizontal field of view, degrees, 5-120.
    """

    size: Size
    x_m: float
    y_m: float
    height_m: float
    look_x_m: float
    look_y_m: float
    look_z_m: float
    hfov_deg: float

    def __post_init__(self) -> None:
        if not 5.0 <= self.hfov_deg <= 120.0:
            raise InvalidValueError(f"expected a field of view of 5-120 degrees, got {self.hfov_deg}")
        if self.height_m <= 0.5:
            raise InvalidValueError(f"expected a camera above 0.5 m, got {self.height_m} m")

    @property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return self.size.width / 2 / math.tan(math.radians(self.hfov_deg) / 2)

    @property
    def position(self) -> Floats:
        """The lens as a float32 (3,) array, metres."""
        return np.array([self.x_m, self.y_m, self.height_m], np.float32)

    def axes(self) -> Floats:
        """Rows right, down, forward: float32 (3, 3) unit vectors of the camera in world coordinates."""
        forward = np.array(
            [self.look_x_m - self.x_m, self.look_y_m - self.y_m, self.look_z_m - self.height_m], np.float64
        )
        forward /= np.linalg.norm(forward)
        right = np.array([forward[1], -forward[0], 0.0])
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        return np.stack([right, down, forward]).astype(np.float32)

    def project(self, points: Floats) -> Floats:
        """Pixels and depth of world points.

        Args:
            points: float32 (n, 3), metres.

        Returns:
            float32 (n, 3): x px, y px, depth in metres along the optical axis (at least NEAR_M).
        """
        camera = (points - self.position) @ self.axes().T
        depth = np.maximum(camera[:, 2], NEAR_M)
        out = np.empty_like(camera)
        out[:, 0] = camera[:, 0] / depth * self.focal_px + self.size.width / 2
        out[:, 1] = camera[:, 1] / depth * self.focal_px + self.size.height / 2
        out[:, 2] = depth
        return out

    def rays(self, margin: int = 0) -> Floats:
        """Unit directions in the world of every pixel, float32 (H + 2 margin, W + 2 margin, 3)."""
        xs = np.arange(-margin, self.size.width + margin, dtype=np.float32) + 0.5 - self.size.width / 2
        ys = np.arange(-margin, self.size.height + margin, dtype=np.float32) + 0.5 - self.size.height / 2
        grid = np.empty((ys.size, xs.size, 3), np.float32)
        grid[..., 0] = xs[None, :] / self.focal_px
        grid[..., 1] = ys[:, None] / self.focal_px
        grid[..., 2] = 1.0
        rays = grid @ self.axes()
        rays /= np.linalg.norm(rays, axis=2, keepdims=True)
        return np.asarray(rays, np.float32)

    def ground_polygon(self, corners: tuple[tuple[float, float], ...]) -> Polygon:
        """A polygon on the road (x, y in metres) as fractions 0-1 of the picture, clipped to it.

        The edges are sampled before the clip, so that a corner outside the picture does not bend them.

        Raises:
            InvalidValueError: nothing of it is in the picture.
        """
        ring: list[tuple[float, float]] = []
        for (xa, ya), (xb, yb) in zip(corners, (*corners[1:], corners[0]), strict=True):
            ring += [(xa + (xb - xa) * k / 8, ya + (yb - ya) * k / 8) for k in range(8)]
        world = np.array([(x, y, 0.0) for x, y in ring], np.float32)
        pixels = self.project(world)
        points: list[Point] = []
        for x, y, _ in pixels.tolist():
            point = Point(
                x=round(min(max(x / self.size.width, 0.0), 1.0), 4),
                y=round(min(max(y / self.size.height, 0.0), 1.0), 4),
            )
            if not points or point != points[-1]:
                points.append(point)
        hull = _convex_hull(points)
        return Polygon(points=hull)


def _convex_hull(points: list[Point]) -> tuple[Point, ...]:
    """Andrew's monotone chain; a convex ground polygon stays convex in the picture."""
    ordered = sorted({(p.x, p.y) for p in points})

    def half(values: list[tuple[float, float]]) -> list[tuple[float, float]]:
        chain: list[tuple[float, float]] = []
        for x, y in values:
            while len(chain) > 1:
                (ax, ay), (bx, by) = chain[-2], chain[-1]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 1e-9:
                    break
                chain.pop()
            chain.append((x, y))
        return chain

    lower, upper = half(ordered), half(ordered[::-1])
    return tuple(Point(x=x, y=y) for x, y in (*lower[:-1], *upper[:-1]))
