"""The empty street as the camera sees it, in any light: computed once per pixel, lit per light state."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.picture import Image
from simulator.blending import as_image
from simulator.lighting import LightState, display
from simulator.road_surface import noise_at, paint_road
from simulator.shading import LAMP_COLOUR
from simulator.street import StreetLayout, house_index
from simulator.viewpoint import Viewpoint

_END_Y = 130.0
Mask = NDArray[np.bool_]


class Background:
    """Albedo, position and facing of what each pixel shows.

    Args:
        view: the camera.
        layout: the street.
        margin: pixels drawn beyond each edge, so that a nudged camera has something to show.
    """

    def __init__(self, view: Viewpoint, layout: StreetLayout, margin: int = 0) -> None:
        self._view, self._layout, self.margin = view, layout, margin
        rays = view.rays(margin)
        dx, dy, dz = rays[..., 0], rays[..., 1], rays[..., 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            to_ground = np.where(dz < -1e-4, -view.height_m / dz, np.inf)
            left, right = layout.x0 - layout.pavement, layout.x1 + layout.pavement
            to_wall = np.where(dx > 0, (right - view.x_m) / dx, (left - view.x_m) / dx)
            to_wall = np.where(np.abs(dx) < 1e-5, np.inf, to_wall)
            to_end = np.where(dy > 1e-4, (_END_Y - view.y_m) / dy, np.inf)
        wall_y = np.where(np.isfinite(to_wall), view.y_m + to_wall * dy, -99.0).astype(np.float32)
        wall_z = np.where(np.isfinite(to_wall), view.height_m + to_wall * dz, -99.0).astype(np.float32)
        on_right = dx > 0
        index_left = house_index(layout.houses_left, wall_y)
        index_right = house_index(layout.houses_right, wall_y)
        height_left = np.array([h.height for h in layout.houses_left], np.float32)[np.maximum(index_left, 0)]
        height_right = np.array([h.height for h in layout.houses_right], np.float32)[
            np.maximum(index_right, 0)
        ]
        height = np.where(on_right, height_right, height_left)
        index = np.where(on_right, index_right, index_left)
        self._wall: Mask = (
            (to_wall < to_ground) & (to_wall < to_end) & (index >= 0) & (wall_z < height) & (wall_z > 0)
        )
        self._ground: Mask = ~self._wall & (to_ground < to_end)
        reach = np.where(self._wall, to_wall, np.where(self._ground, to_ground, to_end))
        reach = np.minimum(reach, 400.0)
        self._x = (view.x_m + reach * dx).astype(np.float32)
        self._y = (view.y_m + reach * dy).astype(np.float32)
        self._z = (view.height_m + reach * dz).astype(np.float32)
        self._fade = np.clip((reach - 30.0) / 150.0, 0.0, 0.7).astype(np.float32)[..., None]
        self._right = on_right
        self._albedo = np.zeros((*dx.shape, 3), np.float32)
        self._glow = np.zeros(dx.shape, np.float32)
        self._normal_x = np.where(self._wall, np.where(on_right, -1.0, 1.0), 0.0).astype(np.float32)
        self._albedo[:] = (0.55, 0.55, 0.55)
        self._paint_walls(index)
        self._albedo[self._ground] = paint_road(layout, self._x[self._ground], self._y[self._ground], view)
        bare = self._albedo.copy()
        self._draw_trees()
        self._glow[np.any(self._albedo != bare, axis=2)] = 0.0
        self._albedo = np.square(self._albedo)

    def _paint_walls(self, index: NDArray[np.intp]) -> None:
        """House fronts: plaster, rows of windows, a shop with a signboard on the ground floor."""
        for on_right, houses in ((False, self._layout.houses_left), (True, self._layout.houses_right)):
            mask = self._wall & (self._right == on_right)
            if not mask.any():
                continue
            which, y, z = index[mask], self._y[mask], self._z[mask]
            colour = np.array([h.colour for h in houses], np.float32)[which]
            sign = np.array([h.sign for h in houses], np.float32)[which]
            start = np.array([h.y0 for h in houses], np.float32)[which]
            end = np.array([h.y1 for h in houses], np.float32)[which]
            pitch = np.array([h.window_pitch for h in houses], np.float32)[which]
            along = (y - start) / pitch
            inside = (y - start > 0.4) & (end - y > 0.4)
            colour = colour * (0.9 + 0.2 * noise_at(y * 0.7, z * 0.7, 5)[:, None])
            window = (
                inside
                & (z > 4.2)
                & ((z - 4.2) % 3.0 < 1.5)
                & ((z - 4.2) % 3.0 > 0.15)
                & (along % 1.0 > 0.25)
                & (along % 1.0 < 0.8)
            )
            shop = inside & (z > 0.4) & (z < 2.7) & (along % 1.0 > 0.06)
            board = inside & (z > 2.85) & (z < 3.65)
            colour[window] = (0.26, 0.23, 0.2)
            colour[shop] = np.array([0.2, 0.19, 0.18]) + 0.16 * noise_at(y[shop] * 2, z[shop] * 2, 9)[:, None]
            colour[board] = sign[board]
            letters = board & (z > 3.05) & (z < 3.45) & (noise_at(y * 3.1, np.floor(along), 3) > 0.56)
            colour[letters] = 0.9
            self._albedo[mask] = colour
            lit = (which * 7 + np.floor(along).astype(int) * 3 + np.floor(z / 3).astype(int) * 5) % 4 == 0
            self._glow[mask] = np.where(window & lit, 0.35, np.where(board, 0.25, np.where(shop, 0.12, 0.0)))

    def _draw_trees(self) -> None:
        """Crowns as heaps of leaf clumps over trunks; they stand behind all traffic."""
        rng = np.random.default_rng(self._layout.texture_seed)
        view = self._view
        for tree in sorted(self._layout.trees, key=lambda t: -t.y):
            foot, top = (
                view.project(np.array([[tree.x, tree.y, 0], [tree.x, tree.y, tree.crown_z]], np.float32))
                + self.margin
            )
            if foot[2] - self.margin < 3.0:
                continue
            scale = view.focal_px / float(foot[2] - self.margin)
            a, b = (int(foot[0]), int(foot[1])), (int(top[0]), int(top[1]))
            if max(abs(v) for v in (*a, *b)) > 20000:
                continue
            cv2.line(self._albedo, a, b, (0.2, 0.24, 0.3), max(2, int(0.26 * scale)), cv2.LINE_AA)
            for _ in range(160):
                angle, r = rng.uniform(0, 6.28), tree.radius * np.sqrt(rng.uniform(0, 1))
                lift = rng.uniform(-0.9, 0.9)
                cx = b[0] + scale * r * np.cos(angle)
                cy = b[1] + scale * (r * np.sin(angle) * 0.75 + 0.1 * lift)
                tone = 0.16 + 0.22 * (0.5 - 0.5 * np.sin(angle) * r / tree.radius) + rng.uniform(-0.05, 0.05)
                size = max(1, int(scale * rng.uniform(0.12, 0.3)))
                cv2.ellipse(
                    self._albedo,
                    (int(cx), int(cy)),
                    (size, max(1, size * 2 // 3)),
                    float(rng.uniform(0, 180)),
                    0,
                    360,
                    (tone * 0.55, tone * 1.1, tone * 0.85),
                    -1,
                    cv2.LINE_AA,
                )

    def lit(self, light: LightState) -> Image:
        """The street in one state of light, uint8 (H + 2 margin, W + 2 margin, 3) BGR."""
        direction = light.sun_direction()
        sun, sky = np.array(light.sun, np.float32), np.array(light.sky, np.float32)
        facing = np.where(
            self._wall, np.maximum(self._normal_x * direction[0], 0.0), max(float(direction[2]), 0.0)
        )
        open_to_sun = self._layout.sunlit(self._x, self._y, light)
        facing = np.where(self._ground, facing * open_to_sun, facing)
        ambient = np.where(self._wall, 0.7, 1.0).astype(np.float32)
        # the foot of a wall and the gutter see less sky
        ambient *= np.where(self._wall, np.clip(0.7 + 0.1 * self._z, 0.7, 1.0), 1.0)
        albedo = self._albedo * (1.0 - 0.5 * light.wet * self._ground[..., None])
        radiance = albedo * (facing[..., None] * sun + ambient[..., None] * sky)
        if light.wet > 0.0:
            puddles = np.clip(noise_at(self._x * 0.35, self._y * 0.12, 11) * 2.6 - 0.9, 0.1, 1.0)
            radiance += (light.wet * 0.22 * np.where(self._ground, puddles, 0.0))[..., None] * sky
        if light.lamps > 0.0:
            lamp = light.lamps * self._layout.lamp_light(self._x, self._y)
            radiance += albedo * lamp[..., None] * LAMP_COLOUR * np.where(self._wall, 0.5, 1.0)[..., None]
            radiance += (self._glow * light.lamps)[..., None] * np.array([0.5, 0.75, 0.9], np.float32)
        fade = np.minimum(self._fade * (1.0 + 3.0 * light.haze), 0.9)
        radiance += (sky * 0.8 - radiance) * fade
        picture = display(np.asarray(radiance, np.float32))
        return as_image(cv2.GaussianBlur(np.clip(picture, 0, 255).astype(np.uint8), (0, 0), 0.7))
