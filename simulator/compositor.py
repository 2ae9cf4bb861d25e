"""One picture of the street at one moment: empty street, shadows, vehicles far to near, lamps.

What stands still is drawn once and kept: the street with all standing vehicles is one kept picture, and
only the regions around moving things are drawn anew. Random access in time; the same time, the same picture.
"""

from __future__ import annotations

import functools
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np

from pipeline.picture import Image
from simulator.background import Background
from simulator.blending import Rect, add, as_image, merged, multiply
from simulator.ground_light import Patch, headlight_pool, lamp_glows, shadow
from simulator.hung_plate import draw_on, hang
from simulator.lighting import LightState, LightTrack
from simulator.shading import PlaceLight, shade
from simulator.sprite import FacePainter, Pose, Sprite
from simulator.street import StreetLayout
from simulator.traffic import Actor, in_drawing_order
from simulator.viewpoint import Viewpoint

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """One actor, drawn: how it is blended over the picture."""

    actor: Actor
    pose: Pose
    still: bool
    sprite: Sprite
    shade: Patch | None
    pool: Patch | None
    glows: tuple[Patch, ...]

    def bounds(self) -> Rect:
        rects = [
            self.sprite.bounds,
            *(p.bounds for p in (self.shade, self.pool, *self.glows) if p is not None),
        ]
        return (
            min(r[0] for r in rects),
            min(r[1] for r in rects),
            max(r[2] for r in rects),
            max(r[3] for r in rects),
        )


class Compositor:
    """Draws a street with its traffic.

    Args:
        view: the camera.
        layout: the street.
        light: the light over time.
        actors: everybody who ever appears.
        margin: pixels drawn beyond the view on each side, for a camera that is nudged.
    """

    def __init__(
        self,
        view: Viewpoint,
        layout: StreetLayout,
        light: LightTrack,
        actors: tuple[Actor, ...],
        margin: int = 0,
    ) -> None:
        self._view, self._layout, self._light, self._actors = view, layout, light, actors
        self._margin = margin
        self._width, self._height = view.size.width + 2 * margin, view.size.height + 2 * margin
        self._background = Background(view, layout, margin)
        self._lit: OrderedDict[LightState, Image] = OrderedDict()
        self._items: OrderedDict[object, _Item | None] = OrderedDict()
        self._standing: OrderedDict[object, Image] = OrderedDict()
        self._scale = 1 if view.size.width > 2400 else 2

    def draw(self, t_s: float) -> Image:
        """The picture at `t_s` without weather and damage, uint8 (H + 2 margin, W + 2 margin, 3) BGR."""
        mix = self._light.at(t_s)
        first = self._in_light(t_s, mix.first)
        if mix.share == 0.0:
            return first
        # light adds up, so a fading light is a fade between two whole pictures
        second = self._in_light(t_s, mix.second)
        return as_image(cv2.addWeighted(first, 1 - mix.share, second, mix.share, 0))

    def _in_light(self, t_s: float, light: LightState) -> Image:
        items = self._present(t_s, light)
        still = [i for i in items if i.still]
        key = (light, tuple((i.actor.name, i.pose) for i in still))
        base = _kept(self._standing, key, 3, lambda: self._compose_all(light, still))
        out = base.copy()
        moving = [i for i in items if not i.still]
        if moving:
            street = self._street(light)
            for rect in merged([self._clip(i.bounds()) for i in moving]):
                self._compose(out, street, items, rect)
        return out

    def _present(self, t_s: float, light: LightState) -> list[_Item]:
        """Everybody in the picture at `t_s`, far to near."""
        poses = [(a, p) for a in self._actors if (p := a.pose(t_s)) is not None]
        eye = (self._view.x_m, self._view.y_m)
        seen = [(a, p) for a, p in poses if self._may_show(a, p)]
        items: list[_Item] = []
        for actor, pose in in_drawing_order(seen, eye):
            halt = actor.motion.halt_at(t_s)
            if halt is None:
                item = self._draw_actor(actor, pose, light, still=False, braking=actor.motion.braking(t_s))
            else:
                key = (actor.name, pose, light)
                draw = functools.partial(
                    self._draw_actor, actor, pose, light, still=True, braking=not actor.parks
                )
                item = _kept(self._items, key, 64, draw)
            if item is not None:
                items.append(item)
        return items

    def _may_show(self, actor: Actor, pose: Pose) -> bool:
        reach = actor.model.length + 14.0
        ahead = self._view.axes()[2]
        offset = (pose.x - self._view.x_m) * float(ahead[0]) + (pose.y - self._view.y_m) * float(ahead[1])
        return -reach < offset < 130.0

    def _draw_actor(
        self, actor: Actor, pose: Pose, light: LightState, *, still: bool, braking: bool
    ) -> _Item | None:
        view, mesh = self._view, actor.model.mesh
        painter = FacePainter(view, mesh, pose, scale=self._scale, margin=self._margin)
        if painter.empty:
            return None
        place = self._place_light(actor, pose, light, still=still, braking=braking)
        colours = shade(mesh, painter.normals, painter.to_camera, light, place)
        canvas = painter.draw(colours)
        if actor.plate is not None:
            for mount in actor.model.mounts:
                hung = hang(view, actor.plate, mount, pose)
                if hung is not None:
                    m = self._margin
                    draw_on(
                        canvas,
                        hung,
                        actor.plate,
                        light,
                        place,
                        painter.left - m,
                        painter.top - m,
                        self._scale,
                    )
        small = painter.shrunk(canvas)
        sprite = Sprite(
            left=painter.left, top=painter.top, colour=np.ascontiguousarray(small[..., :3]),
            uncovered=as_image(cv2.cvtColor(cv2.bitwise_not(small[..., 3]), cv2.COLOR_GRAY2BGR)),
        )  # fmt: skip
        size = (self._width, self._height)
        level = light.lamps
        pool, glows = None, []
        if level > 0.05 and place.lamps_on:
            pool = headlight_pool(view, actor.model, pose, level, *size, self._margin)
            glows = lamp_glows(
                view,
                actor.model,
                pose,
                level,
                braking=braking,
                width=size[0],
                height=size[1],
                margin=self._margin,
            )
        cast = shadow(view, actor.model, pose, light, place, *size, self._margin)
        return _Item(
            actor=actor, pose=pose, still=still, sprite=sprite, shade=cast, pool=pool, glows=tuple(glows)
        )

    def _place_light(
        self, actor: Actor, pose: Pose, light: LightState, *, still: bool, braking: bool
    ) -> PlaceLight:
        c, s, half = math.cos(pose.heading), math.sin(pose.heading), actor.model.length / 2
        along = np.array([-0.8, -0.3, 0.3, 0.8], np.float32) * half
        x, y = (pose.x + along * c).astype(np.float32), (pose.y + along * s).astype(np.float32)
        lit = float(self._layout.sunlit(x, y, light).mean())
        lamp = float(self._layout.lamp_light(x, y).mean())
        return PlaceLight(sunlit=lit, lamp_light=lamp, lamps_on=not (still and actor.parks), braking=braking)

    def _street(self, light: LightState) -> Image:
        return _kept(self._lit, light, 4, lambda: self._background.lit(light))

    def _compose_all(self, light: LightState, items: list[_Item]) -> Image:
        street = self._street(light)
        out = street.copy()
        self._compose(out, street, items, (0, 0, self._width, self._height))
        return out

    def _compose(self, out: Image, street: Image, items: list[_Item], rect: Rect) -> None:
        """Draw `items` over the empty street inside `rect` of `out`."""
        x1, y1, x2, y2 = rect
        out[y1:y2, x1:x2] = street[y1:y2, x1:x2]
        for item in items:
            if item.shade is not None:
                multiply(out, item.shade.values, item.shade.left, item.shade.top, rect)
        for item in items:
            if item.pool is not None:
                add(out, item.pool.values, item.pool.left, item.pool.top, rect)
        for item in items:
            drawn = item.sprite
            multiply(out, drawn.uncovered, drawn.left, drawn.top, rect)
            add(out, drawn.colour, drawn.left, drawn.top, rect)
            for glow in item.glows:
                add(out, glow.values, glow.left, glow.top, rect)

    def _clip(self, rect: Rect) -> Rect:
        return (max(rect[0], 0), max(rect[1], 0), min(rect[2], self._width), min(rect[3], self._height))


def _kept(
    store: OrderedDict[object, T] | OrderedDict[LightState, T], key: object, limit: int, make: Callable[[], T]
) -> T:
    """The stored value of `key`, made on first use; the least recently used goes beyond `limit`."""
    cache: OrderedDict[object, T] = store  # type: ignore[assignment]
    if key in cache:
        cache.move_to_end(key)
        return cache[key]
    value = make()
    cache[key] = value
    while len(cache) > limit:
        cache.popitem(last=False)
    return value
