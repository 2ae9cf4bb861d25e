"""Keeps one standing vehicle one: identity is the place and what is seen there, not a track."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import timedelta

from pipeline.detection import VEHICLES, Detection
from pipeline.errors import InvalidValueError
from pipeline.frame import Frame
from pipeline.geometry import Box, Size
from pipeline.picture import Gray
from pipeline.standing import Departure, StandingUpdate, StandingVehicles
from trackers.appearance import Appearance
from trackers.candidate import Candidate
from trackers.history import Arrival, GrayHistory, Moment
from trackers.matching import match, without_twins
from trackers.motion_gate import Motion, MotionGate
from trackers.options import PlaceOptions
from trackers.place import KEPT_BOXES, Place, Sight
from trackers.place_record import patches_of, to_place, to_record
from trackers.snapshot import Snapshot, decode, encode

_TWIN_IOU = 0.6
_BRIDGE_S = 4.0  # a bus passes in front while an arrival is dated


class PlaceTracker(StandingVehicles):
    """The memory of one camera's standing vehicles.

    Args:
        options: thresholds; the defaults serve 0.5 to 30 frames a second.
    """

    def __init__(self, options: PlaceOptions | None = None) -> None:
        self._options = options or PlaceOptions()
        self._gate = MotionGate(self._options.gate_step)
        self._history = GrayHistory(self._options.history_dense_s, self._options.history_span_s)
        self._places: list[Place] = []
        self._candidates: list[Candidate] = []
        self._serial = 0
        self._began_s: float | None = None
        self._last: Frame | None = None
        self._looked_s: float | None = None
        self._light_s: float | None = None
        self._measured: tuple[int, Motion, Gray] | None = None
        self._foreign: list[Detection] = []

    def needs_detection(self, frame: Frame) -> bool:
        motion = self._motion(frame)
        if self._began_s is None or self._looked_s is None or self._interrupted(frame):
            return True
        at_s = frame.at_s
        return (
            motion.since_look >= self._options.gate_share
            or at_s - self._looked_s >= self._options.forced_s
            or at_s - self._began_s <= self._options.settle_s
            or any(candidate.undecided(at_s) for candidate in self._candidates)
        )

    def update(self, frame: Frame, detections: tuple[Detection, ...] | None) -> StandingUpdate:
        if self._interrupted(frame):
            self.resume(frame)
        if self._began_s is None:
            self._began_s = frame.at_s
        motion = self._motion(frame)
        looked = detections is not None
        if looked:
            self._gate.looked(
                self._measured[2] if self._measured else frame.picture.gray(self._gate_size(frame))
            )
            self._looked_s = frame.at_s
        if self._last is not None and motion.since_frame >= self._options.light_share:
            self._light_s = frame.at_s
        gray = frame.picture.gray(self._gray_size(frame))
        scale = gray.shape[1] / frame.picture.size.width
        seen = without_twins(
            [d for d in detections or () if d.score >= self._options.candidate_score], _TWIN_IOU
        )
        vehicles = [d for d in seen if d.label in VEHICLES]
        owner = match(
            [p.box for p in self._places] + [c.box for c in self._candidates],
            vehicles,
            self._options.match_iou,
        )
        if looked:
            taken = {owner[i] for i in owner if i < len(self._places)}
            mine = [vehicles[j] for j in taken]
            self._foreign = [
                d for d in seen if d.score >= self._options.cover_score and not any(d is m for m in mine)
            ]
        departed = self._update_places(frame, gray, vehicles, owner, looked=looked)
        self._update_candidates(
            frame, gray, vehicles, owner, looked=looked, count=len(self._places) + len(departed)
        )
        if looked:
            self._add_candidates(frame, gray, scale, vehicles, owner)
        self._history.add(Moment(at_s=frame.at_s, gray=gray))
        self._confirm(frame, gray, scale)
        self._last = frame
        return StandingUpdate(
            standing=tuple(p.vehicle() for p in self._places if not p.pending), departed=tuple(departed)
        )

    def resume(self, frame: Frame) -> None:
        self._history.clear()
        self._candidates.clear()
        self._foreign = []
        self._began_s = frame.at_s
        for place in self._places:
            place.resume(frame.at_s)

    def snapshot(self) -> bytes:
        frame = self._last
        if frame is None:
            raise InvalidValueError("expected at least one frame before a snapshot, got none")
        return encode(
            Snapshot(
                taken_at=frame.taken_at,
                width=frame.picture.size.width,
                height=frame.picture.size.height,
                serial=self._serial,
                places=tuple(to_record(place, frame.at_s, frame.taken_at) for place in self._places),
                patches=patches_of(self._places),
            )
        )

    def restore(self, state: bytes, frame: Frame) -> None:
        kept = decode(state)
        self._serial = max(self._serial, kept.serial)
        size = frame.picture.size
        if (kept.width, kept.height) != (size.width, size.height) or kept.taken_at > frame.taken_at:
            return  # another view, or a clock that was set back: nothing can be bridged
        scale = self._gray_size(frame).width / size.width
        for record, patch in zip(kept.places, kept.patches, strict=True):
            place = to_place(record, patch, frame, self._options, scale)
            place.pending = True
            self._places.append(place)

    def _update_places(
        self, frame: Frame, gray: Gray, vehicles: Sequence[Detection], owner: dict[int, int], *, looked: bool
    ) -> list[Departure]:
        departed: list[Departure] = []
        staying: list[Place] = []
        light = self._light_s is not None and frame.at_s - self._light_s <= self._options.light_s
        for index, place in enumerate(self._places):
            detection = vehicles[owner[index]] if index in owner else None
            if detection is not None and detection.score < self._options.keep_score:
                detection = None
            reason = place.update(
                Sight(
                    at_s=frame.at_s,
                    detection=detection,
                    looked=looked,
                    covers=tuple(
                        d.box
                        for d in self._foreign
                        if d.box.intersection_area(place.box) > 0 and d is not detection
                    ),
                    light=light,
                    gray=gray,
                )
            )
            if reason is None:
                staying.append(place)
                continue
            if place.pending:
                continue  # it went while nobody watched: forgotten, as there is nobody to tell
            ago = timedelta(seconds=frame.at_s - place.left_s)
            departed.append(
                Departure(
                    vehicle=place.vehicle(), left_s=place.left_s, left_at=frame.taken_at - ago, reason=reason
                )
            )
        self._places = staying
        return departed

    def _update_candidates(
        self,
        frame: Frame,
        gray: Gray,
        vehicles: Sequence[Detection],
        owner: dict[int, int],
        *,
        looked: bool,
        count: int,
    ) -> None:
        light = self._light_s is not None and frame.at_s - self._light_s <= self._options.light_s
        for index, candidate in enumerate(self._candidates):
            mine = owner.get(count + index)
            candidate.update(
                gray,
                frame.at_s,
                None if mine is None else vehicles[mine],
                looked=looked,
                covers=[
                    d.box
                    for d in self._foreign
                    if d.box.iou(candidate.box) < self._options.match_iou
                    and d.box.intersection_area(candidate.box) > 0
                ],
                light=light,
            )
        self._candidates = [c for c in self._candidates if c.alive]

    def _add_candidates(
        self, frame: Frame, gray: Gray, scale: float, vehicles: Sequence[Detection], owner: dict[int, int]
    ) -> None:
        taken = set(owner.values())
        for index, detection in enumerate(vehicles):
            if index in taken or self._belongs_to_place(detection.box):
                continue
            self._candidates.append(Candidate(detection, gray, scale, frame.at_s, self._options))
        self._candidates.sort(key=lambda c: c.evidence.mean_score, reverse=True)
        del self._candidates[self._options.max_places :]

    def _confirm(self, frame: Frame, gray: Gray, scale: float) -> None:
        waiting: list[Candidate] = []
        for candidate in self._candidates:
            if not candidate.stands(frame.at_s):
                waiting.append(candidate)
                continue
            if self._belongs_to_place(candidate.box) or len(self._places) >= self._options.max_places:
                continue
            appearance = Appearance.learn(gray, candidate.box.scaled(scale, scale))
            arrival = self._arrival(candidate, appearance, frame.at_s, scale)
            if candidate.earned(frame.at_s, arrival.at_s):
                self._places.append(self._place(candidate, appearance, arrival, frame, scale))
            else:
                waiting.append(candidate)
        self._candidates = waiting

    def _arrival(
        self, candidate: Candidate, appearance: Appearance | None, at_s: float, scale: float
    ) -> Arrival:
        if appearance is None:
            return Arrival(at_s=candidate.still_since_s, since_start=False)
        where = candidate.box.scaled(scale, scale)
        return self._history.arrival(appearance, where, at_s, self._options.picture_still, _BRIDGE_S)

    def _place(
        self,
        candidate: Candidate,
        appearance: Appearance | None,
        arrival: Arrival,
        frame: Frame,
        scale: float,
    ) -> Place:
        self._serial += 1
        return Place(
            id=f"{frame.taken_at:%Y%m%dT%H%M%S}-{self._serial}",
            box=candidate.box,
            first_box=candidate.box,
            appearance=appearance,
            options=self._options,
            scale=scale,
            arrived_s=arrival.at_s,
            arrived_at=frame.taken_at - timedelta(seconds=frame.at_s - arrival.at_s),
            since_start=arrival.since_start,
            confirmed_s=frame.at_s,
            last_seen_s=frame.at_s,
            votes=candidate.evidence.votes.copy(),
            best=candidate.evidence.best,
            boxes=deque(candidate.boxes, maxlen=KEPT_BOXES),
            refreshed_s=frame.at_s,
        )

    def _belongs_to_place(self, box: Box) -> bool:
        options = self._options
        return any(
            box.iou(place.box) >= options.overlap_iou or box.share_inside(place.box) >= options.inside_share
            for place in self._places
        )

    def _interrupted(self, frame: Frame) -> bool:
        if self._last is None:
            return False
        return frame.discontinuity or frame.at_s - self._last.at_s > self._options.gap_s

    def _motion(self, frame: Frame) -> Motion:
        if self._measured is None or self._measured[0] != frame.index:
            gray = frame.picture.gray(self._gate_size(frame))
            self._measured = (frame.index, self._gate.measure(gray), gray)
        return self._measured[1]

    def _gate_size(self, frame: Frame) -> Size:
        size = frame.picture.size
        width = min(size.width, self._options.gate_px)
        return Size(width=width, height=max(1, round(size.height * width / size.width)))

    def _gray_size(self, frame: Frame) -> Size:
        return frame.picture.size.fitted(self._options.picture_px)
