"""Keeps one standing vehicle one: identity is the place and what is seen there, not a track."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import cv2
import numpy as np

from pipeline.detection import VEHICLES, Detection
from pipeline.frame import Frame
from pipeline.geometry import Box, Polygon, Size
from pipeline.picture import Gray
from pipeline.standing import StandingUpdate, StandingVehicles
from trackers.candidates import Candidates
from trackers.close_ups import Allowance, CloseUps
from trackers.history import GrayHistory, Moment
from trackers.light_change import LightChange
from trackers.matching import match, without_twins
from trackers.motion_compensation import MotionCompensation
from trackers.motion_gate import Motion, MotionGate
from trackers.options import PlaceOptions
from trackers.place_record import patches_of, to_place, to_record
from trackers.snapshot import Snapshot, decode, encode
from trackers.standing_places import StandingPlaces
from trackers.view import View

_TWIN_IOU = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clock:
    """When the last frame was taken, and its size."""

    at_s: float
    taken_at: datetime
    size: Size


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """A frame's grey picture, the gate's smaller one, and the motion between frames."""

    index: int
    gray: Gray
    small: Gray
    motion: Motion


_NEVER = _Clock(at_s=0.0, taken_at=datetime.fromtimestamp(0, UTC), size=Size(width=1, height=1))


class PlaceTracker(StandingVehicles):
    """The memory of one camera's standing vehicles.

    Args:
        options: thresholds; the defaults serve 0.5 to 30 frames a second.
        areas: where standing matters, shares of the picture's sides; everywhere where there are none.
    """

    def __init__(self, options: PlaceOptions | None = None, areas: tuple[Polygon, ...] = ()) -> None:
        self._options = options or PlaceOptions()
        self._gate = MotionGate(self._options.gate_step)
        self._compensation = MotionCompensation()
        self._history = GrayHistory(self._options.history_dense_s, self._options.history_span_s)
        self._places = StandingPlaces(self._options)
        self._candidates = Candidates(self._options, self._places, self._history, areas)
        self._began_s: float | None = None
        self._close_ups = CloseUps(Allowance())
        self._parts: tuple[Box, ...] = ()
        self._looked_s: float | None = None
        options = self._options
        self._light = LightChange(options.gate_step, options.light_share, options.light_s)
        self._last: _Clock | None = None
        self._measured: _Measured | None = None

    def needs_detection(self, frame: Frame) -> bool:
        motion = self._measure(frame).motion
        if self._began_s is None or self._looked_s is None or self._interrupted(frame):
            return True
        at_s = frame.at_s
        if at_s - self._looked_s < self._options.look_step_s or self._close_ups.waits(at_s):
            return False
        return (
            self._close_ups.due(at_s)
            or motion.settled >= self._options.gate_share
            or self._places.in_doubt
            or at_s - self._looked_s >= self._options.forced_s
            or at_s - self._began_s <= self._options.settle_s
            or self._undecided(frame)
        )

    def close_ups(self, frame: Frame, detections: tuple[Detection, ...]) -> tuple[Box, ...]:
        at_s, size, options = frame.at_s, frame.picture.size, self._options
        if self._began_s is None or self._interrupted(frame) or not detections:
            return ()
        if not self._close_ups.go_on:
            # At the start everything is new; two vehicles seen as one would bar each other's way for long.
            starting = at_s - self._began_s <= options.settle_s
            wanting = self._candidates.inspect(at_s, size, overdue=not starting)
            if self._close_ups.begin([candidate.box for candidate in wanting], size, at_s):
                for candidate in wanting:
                    candidate.inspected = True
        self._parts = self._close_ups.look(at_s, undecided=self._candidates.near_undecided)
        return self._parts

    def update(self, frame: Frame, detections: tuple[Detection, ...] | None) -> StandingUpdate:
        if self._interrupted(frame):
            self.resume(frame)
            self._measured = None
        if self._began_s is None:
            self._began_s = frame.at_s
        view = self._view(frame, detections)
        places, waiting = self._places.places, self._candidates.waiting
        boxes = [place.box for place in places] + [candidate.box for candidate in waiting]
        near = [place.near for place in places] + [candidate.near for candidate in waiting]
        least = [self._least_iou(view, box, apart) for box, apart in zip(boxes, near, strict=True)]
        owned = match(boxes, view.vehicles, least)
        mine = [view.vehicles[owned[i]] if i in owned else None for i in range(len(boxes))]
        # A detection that fits its place badly may be another vehicle, or show two apart that were one.
        fitting = {
            j
            for i, j in owned.items()
            if i >= len(places) or boxes[i].iou(view.vehicles[j].box) >= self._options.same_box_iou
        }
        count = len(places)
        departed = self._places.update(view, mine[:count])
        self._candidates.update(view, mine[count:])
        self._candidates.add(view, [d for j, d in enumerate(view.vehicles) if j not in fitting])
        self._history.add(Moment(at_s=view.at_s, gray=view.gray, dx=view.dx, dy=view.dy))
        self._candidates.confirm(view)
        self._last = _Clock(at_s=frame.at_s, taken_at=frame.taken_at, size=frame.picture.size)
        return StandingUpdate(standing=self._places.vehicles(), departed=tuple(departed))

    def resume(self, frame: Frame) -> None:
        self._history.clear()
        self._candidates.waiting.clear()
        self._compensation.restart()
        self._gate.restart()
        self._light.restart()
        self._close_ups.end()
        self._places.resume(frame.at_s)
        self._began_s = frame.at_s

    def snapshot(self) -> bytes:
        now, places = self._last or _NEVER, self._places.places
        return encode(
            Snapshot(
                taken_at=now.taken_at,
                width=now.size.width,
                height=now.size.height,
                serial=self._candidates.serial,
                places=tuple(to_record(place, now.at_s, now.taken_at) for place in places),
                patches=patches_of(places),
            )
        )

    def restore(self, state: bytes, frame: Frame) -> None:
        kept = decode(state)
        self._candidates.serial = max(self._candidates.serial, kept.serial)
        size = frame.picture.size
        if (kept.width, kept.height) != (size.width, size.height) or kept.taken_at > frame.taken_at:
            return  # another view, or a clock that was set back: nothing can be bridged
        for record, patch in zip(kept.places, kept.patches, strict=True):
            self._places.places.append(to_place(record, patch, frame, self._options))
        self._last = _Clock(at_s=frame.at_s, taken_at=frame.taken_at, size=size)

    def _least_iou(self, view: View, box: Box, near: bool) -> float:
        """What a closer look shows apart must not be mixed with what looks at the whole show as one."""
        apart = near or (view.is_near(box) and self._is_small(box, view.size))
        return self._options.same_box_iou if apart else self._options.match_iou

    def _is_small(self, box: Box, size: Size) -> bool:
        return math.sqrt(box.area) <= self._options.small_side * max(size.width, size.height)

    def _undecided(self, frame: Frame) -> bool:
        gray, shift = self._measure(frame).gray, self._compensation.last
        height, width = gray.shape
        return any(
            candidate.undecided(
                gray, width / frame.picture.size.width, shift.x * width, shift.y * height, frame.at_s
            )
            for candidate in self._candidates.waiting
        )

    def _view(self, frame: Frame, detections: tuple[Detection, ...] | None) -> View:
        options = self._options
        measured = self._measure(frame)
        motion, small, gray = measured.motion, measured.small, measured.gray
        if detections is not None:
            self._gate.looked(small)
            self._looked_s = frame.at_s
        self._light.add(small, frame.at_s, motion.since_frame if self._last is not None else 0.0)
        moved = motion.since_frame >= options.gate_share or self._last is None
        shift = self._compensation.measure(small, frame.at_s) if moved else self._compensation.last
        size = frame.picture.size
        parts, self._parts = self._parts if detections is not None else (), ()
        x, y = shift.x * size.width, shift.y * size.height
        seen = [d for d in detections or () if d.score >= options.candidate_score]
        if shift.x or shift.y:
            seen = [replace(d, box=d.box.shifted(-x, -y)) for d in seen]
        seen = without_twins(seen, _TWIN_IOU)
        scale = gray.shape[1] / size.width
        return View(
            at_s=frame.at_s,
            taken_at=frame.taken_at,
            size=size,
            gray=gray,
            scale=scale,
            dx=x * scale,
            dy=y * scale,
            unsure=self._compensation.lost or self._light.changing(frame.at_s),
            looked=detections is not None,
            vehicles=tuple(d for d in seen if d.label in VEHICLES),
            things=tuple(d for d in seen if d.score >= options.cover_score),
            parts=tuple(part.shifted(-x, -y) for part in parts),
        )

    def _interrupted(self, frame: Frame) -> bool:
        if self._last is None:
            return False
        return frame.discontinuity or frame.at_s - self._last.at_s > self._options.gap_s

    def _measure(self, frame: Frame) -> _Measured:
        """The grey pictures and the motion of `frame`, computed once however often they are asked for."""
        if self._measured is None or self._measured.index != frame.index:
            gray = frame.picture.gray(frame.picture.size.fitted(self._options.picture_px))
            width = min(gray.shape[1], self._options.gate_px)
            height = max(1, round(gray.shape[0] * width / gray.shape[1]))
            small = np.asarray(
                cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8
            )
            self._measured = _Measured(
                index=frame.index, gray=gray, small=small, motion=self._gate.measure(small)
            )
        return self._measured
