"""A scene: a street, its traffic, its light and weather, its camera; pictures and truth at any time."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.detection import VEHICLES
from pipeline.errors import InvalidValueError
from pipeline.geometry import Box
from pipeline.picture import Image
from simulator.compositor import Compositor
from simulator.damage import MARGIN_PX, Fault, FaultKind, Mount, damage
from simulator.hung_plate import hang, is_readable
from simulator.lighting import LightTrack
from simulator.motion import Halt
from simulator.sprite import Pose, as_box, outline_box
from simulator.street import StreetLayout
from simulator.traffic import Actor, in_drawing_order
from simulator.truth import CameraTruth, SceneTruth, StandingTruth, VisibleBox, ZoneTruth
from simulator.viewpoint import Viewpoint
from simulator.weather import Grain, Rain

MIN_HALT_S = 0.5
"""Halts shorter than this are no halts; recorded footage is judged alike."""
GOP_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneScript:
    """Everything that makes a scene, before anything is drawn.

    Attributes:
        kind, seed: name and chance.
        fps: frames a second of the written video.
        duration_s: length; the scene can be drawn beyond it.
        view, layout, light, actors, zones: the world.
        faults: of the camera.
        sway_px: of its mast.
        grain: sensor noise, grey levels.
        rain: streaks per million pixels.
        note: one sentence for people.
    """

    kind: str
    seed: int
    fps: float
    duration_s: float
    view: Viewpoint
    layout: StreetLayout
    light: LightTrack
    actors: tuple[Actor, ...]
    zones: tuple[ZoneTruth, ...]
    faults: tuple[Fault, ...] = ()
    sway_px: float = 0.0
    grain: float = 2.0
    rain: float = 0.0
    note: str = ""

    def __post_init__(self) -> None:
        if not 0.1 <= self.fps <= 120.0 or not self.duration_s > 0.0:
            raise InvalidValueError(
                f"expected 0.1-120 fps and a duration, got {self.fps} fps, {self.duration_s} s"
            )
        names = [a.name for a in self.actors]
        if len(set(names)) != len(names):
            raise InvalidValueError(f"expected unique actors, got {names}")


class Scene:
    """Draws a script. Not safe for use from several threads at once."""

    def __init__(self, script: SceneScript) -> None:
        self.script = script
        self.kind, self.seed = script.kind, script.seed
        self.size, self.fps, self.duration_s = script.view.size, script.fps, script.duration_s
        moved = script.sway_px > 0 or any(f.kind is FaultKind.MOVED for f in script.faults)
        self._mount = Mount(faults=script.faults, sway_px=script.sway_px, seed=script.seed) if moved else None
        self._margin = MARGIN_PX if moved else 0
        self._grain = Grain(script.grain, self.size, script.seed) if script.grain > 0 else None
        self._rain = Rain(script.rain, self.size, script.seed) if script.rain > 0 else None

    @functools.cached_property
    def _compositor(self) -> Compositor:
        # made with the first picture: who wants the truth alone need not wait for the street to be painted
        s = self.script
        return Compositor(s.view, s.layout, s.light, s.actors, self._margin)

    def frame(self, t_s: float) -> Image:
        """The picture at `t_s` seconds, uint8 (H, W, 3) BGR, the caller's own; any order of times."""
        for fault in self.script.faults:
            if fault.kind is FaultKind.FROZEN and fault.active(t_s):
                t_s = fault.t0
        image = self._compositor.draw(t_s)
        if self._mount is not None:
            image = self._mount.apply(image, t_s, self.size)
        if self._rain is not None:
            image = self._rain.apply(image, t_s)
        if self._grain is not None:
            image = self._grain.apply(image, t_s)
        return damage(image, t_s, self.script.faults, self.seed)

    def boxes(self, t_s: float) -> tuple[VisibleBox, ...]:
        """Everybody at least partly in the picture at `t_s`, far to near."""
        view, size = self.script.view, self.size
        present = [(a, p) for a in self.script.actors if (p := a.pose(t_s)) is not None]
        ordered = in_drawing_order(present, (view.x_m, view.y_m))
        step = 4
        covered = np.zeros((size.height // step + 1, size.width // step + 1), np.int32)
        drawn: list[tuple[Actor, tuple[float, float, float, float], int, float]] = []
        for number, (actor, pose) in enumerate(ordered, start=1):
            corners = outline_box(view, actor.model.mesh, pose)
            if corners is None or as_box(corners, size.width, size.height) is None:
                continue
            projected = view.project(pose.to_world(actor.model.mesh.vertices))[:, :2]
            hull = cv2.convexHull(projected.astype(np.float32))
            area = float(cv2.contourArea(hull))
            fixed = np.clip(hull / step * 16, -(1 << 20), 1 << 20).astype(np.int32)
            cv2.fillConvexPoly(covered, fixed, number, cv2.LINE_8, 4)
            drawn.append((actor, corners, number, area))
        counts = np.bincount(covered.ravel(), minlength=len(ordered) + 1)
        found: list[VisibleBox] = []
        for actor, corners, number, area in drawn:
            box = as_box(corners, size.width, size.height)
            if self._mount is not None:
                full = Box(x1=corners[0], y1=corners[1], x2=corners[2], y2=corners[3])
                full = self._mount.move_box(full, t_s, size)
                corners = (full.x1, full.y1, full.x2, full.y2)
                box = as_box(corners, size.width, size.height)
            if box is None:
                continue
            whole = (
                corners[0] >= 0 and corners[1] >= 0 and corners[2] <= size.width and corners[3] <= size.height
            )
            visible = min(1.0, float(counts[number]) * step * step / max(area, 1.0))
            found.append(
                VisibleBox(name=actor.name, label=actor.model.label, box=box, visible=visible, whole=whole)
            )
        return tuple(found)

    def truth(self, file: str = "", *, fps: float | None = None, gop_s: float = GOP_S) -> SceneTruth:
        """What happens in the scene from 0 to its duration.

        Args:
            file: name of its video.
            fps: frame rate of that video; the scene's own by default.
            gop_s: seconds between its key frames.
        """
        rate = fps if fps is not None else self.fps
        frames = max(1, round(self.duration_s * rate))
        standing: list[StandingTruth] = []
        moving: list[str] = []
        for actor in self.script.actors:
            halts = [h for h in actor.motion.halts if h.end_s - h.start_s >= MIN_HALT_S]
            entries = [e for k, h in enumerate(halts) if (e := self._standing(actor, h, k, rate)) is not None]
            standing += entries
            if not entries:
                moving.append(f"{actor.name} ({actor.model.kind})")
        faults = (
            CameraTruth(kind=str(f.kind), t0=f.t0, t1=min(f.t1, self.duration_s)) for f in self.script.faults
        )
        return SceneTruth(
            file=file,
            kind=self.kind,
            seed=self.seed,
            fps=rate,
            frames=frames,
            width=self.size.width,
            height=self.size.height,
            duration_s=frames / rate,
            gop_s=gop_s,
            scene=self.script.note,
            kinds=(self.kind,),
            stationary=tuple(standing),
            camera_events=tuple(faults),
            zones=self.script.zones,
            also_moving=", ".join(moving),
        )

    def _standing(self, actor: Actor, halt: Halt, number: int, fps: float) -> StandingTruth | None:
        """The truth of one halt; None when it is outside the scene, out of the picture or no vehicle's."""
        last_s = (max(1, round(self.duration_s * fps)) - 1) / fps
        start, end = max(halt.start_s, actor.from_s), min(halt.end_s, actor.to_s)
        t0, t1 = max(start, 0.0), min(end, last_s)
        if actor.model.label not in VEHICLES or t1 - t0 < MIN_HALT_S:
            return None
        pose = actor.way.pose(halt.place_m)
        corners = outline_box(self.script.view, actor.model.mesh, pose)
        box = as_box(corners, self.size.width, self.size.height) if corners is not None else None
        if corners is None or box is None:
            return None
        whole = (corners[2] - corners[0]) * (corners[3] - corners[1])
        if box.area < 0.5 * whole or box.width * 640 / self.size.width < 12:
            return None
        zone = next((z.name for z in self.script.zones if actor.name in z.vehicles and actor.parks), None)
        return StandingTruth(
            id=f"{actor.name}-{number + 1}",
            vehicle=actor.name,
            cls=str(actor.model.label),
            bbox_xyxy=(round(box.x1, 1), round(box.y1, 1), round(box.x2, 1), round(box.y2, 1)),
            t0=round(t0, 4),
            t1=round(t1, 4),
            first_frame=math.ceil(t0 * fps - 1e-6),
            last_frame=math.floor(t1 * fps + 1e-6),
            stationary_at_start=start <= 0.0,
            stationary_at_end=end >= last_s,
            plate=actor.plate.text if actor.plate else None,
            plate_readable=self._readable(actor, pose),
            parks=actor.parks,
            zone=zone,
            note=str(actor.model.kind),
        )

    def _readable(self, actor: Actor, pose: Pose) -> bool:
        if actor.plate is None:
            return False
        view = self.script.view
        hung = (hang(view, actor.plate, mount, pose) for mount in actor.model.mounts)
        return any(
            h is not None and is_readable(h, actor.plate, self.size.width, self.size.height) for h in hung
        )
