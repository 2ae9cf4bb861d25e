"""The life of one standing place: seen, covered, changed, gone."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime

from pipeline.detection import Detection, ObjectClass
from pipeline.geometry import Box
from pipeline.picture import Gray
from pipeline.standing import DepartureReason, StandingVehicle
from trackers.appearance import Appearance, Resemblance
from trackers.options import PlaceOptions
from trackers.samples import median_box

KEPT_BOXES = 31  # enough for a steady median, and bounded
_RECENT_BOXES = 5
_CLEAR = 0.75  # share of open blocks from which a vehicle is fully to be seen
_FOLLOW = 0.85  # unshifted correlation from which the reference may follow the light
_MOST_VOTES = 1000  # old votes are halved beyond it, so that the counts stay bounded
_UNKNOWN = Resemblance(whole=0.0, unshifted=0.0, blocks=0.0, flat=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one frame says about one place.

    Attributes:
        at_s: media time, seconds.
        detection: the detection that belongs to the place, if any.
        looked: the detector ran on this frame.
        covers: boxes of foreign things that may be in front of it, full-frame pixels.
        light: the light changed a moment ago, so pictures are not held against the vehicle.
        gray: the grey picture.
        dx, dy: shift of the view against its usual position, grey pixels.
    """

    at_s: float
    detection: Detection | None
    looked: bool
    covers: tuple[Box, ...]
    light: bool
    gray: Gray
    dx: float = 0.0
    dy: float = 0.0


@dataclass(slots=True, kw_only=True)
class Place:
    """A confirmed standing vehicle.

    `scale` is grey pixels per full-frame pixel. `pending` says that it comes from an earlier run and has not
    been recognised in this one yet.
    """

    id: str
    box: Box
    first_box: Box
    appearance: Appearance | None
    options: PlaceOptions
    scale: float
    arrived_s: float
    arrived_at: datetime
    since_start: bool
    confirmed_s: float
    last_seen_s: float
    votes: Counter[ObjectClass]
    best: float
    boxes: deque[Box]
    visible: bool = True
    pending: bool = False
    refreshed_s: float = 0.0
    _still_s: float | None = None
    _absent_s: float | None = None
    _absences: int = 0
    _differs_s: float | None = None
    _differences: int = 0
    _hidden_s: float | None = None

    def update(self, sight: Sight) -> DepartureReason | None:
        """Take in a frame; the reason when with it the halt is known to be over."""
        seen = self._compare(sight)
        fits = sight.detection is not None and sight.detection.box.iou(self.box) >= self.options.fit_iou
        if sight.detection is not None and (fits or self._recognised(seen)):
            self._learn_box(sight.detection)
        self.visible = False
        if self._recognised(seen) or (fits and (seen.flat or sight.light)):
            return self._present(sight, seen)
        if not sight.looked and seen.flat:
            return None  # nothing to see and nobody looked
        if sight.light or (not seen.flat and seen.open < self.options.open_share):
            return self._hidden(sight)
        if sight.detection is not None:
            return self._other_picture(sight)
        return self._absent(sight)

    def resume(self, at_s: float) -> None:
        """Watching was interrupted until `at_s`: what was not seen then is no sign of absence."""
        self._absent_s = self._differs_s = self._hidden_s = None
        self._absences = self._differences = 0
        self.refreshed_s = at_s

    @property
    def left_s(self) -> float:
        """Until when it stood: the last stillness, unless that is too long before the last sight."""
        still = self._still_s
        recent = still is not None and self.last_seen_s - still <= self.options.dating_s
        return still if still is not None and recent else self.last_seen_s

    def vehicle(self) -> StandingVehicle:
        """What is known about it now."""
        return StandingVehicle(
            id=self.id,
            box=self.box,
            label=self.votes.most_common(1)[0][0],
            score=self.best,
            arrived_s=self.arrived_s,
            arrived_at=self.arrived_at,
            since_start=self.since_start,
            confirmed_s=self.confirmed_s,
            last_seen_s=self.last_seen_s,
            visible=self.visible,
        )

    def _compare(self, sight: Sight) -> Resemblance:
        if self.appearance is None:
            return _UNKNOWN
        where = self.first_box.scaled(self.scale, self.scale).shifted(sight.dx, sight.dy)
        front = [c.scaled(self.scale, self.scale).shifted(sight.dx, sight.dy) for c in sight.covers]
        return self.appearance.compare(sight.gray, where, self.options.block_keep, front)

    def _recognised(self, seen: Resemblance) -> bool:
        options = self.options
        return not seen.flat and seen.open >= options.open_share and seen.blocks >= options.block_share

    def _learn_box(self, detection: Detection) -> None:
        self.boxes.append(detection.box)
        self.best = max(self.best, detection.score)
        self.votes[detection.label] += 1
        if self.votes.total() > _MOST_VOTES:
            self.votes = Counter({label: count // 2 for label, count in self.votes.items() if count > 1})

    def _present(self, sight: Sight, seen: Resemblance) -> DepartureReason | None:
        if self._crept(sight, seen):
            return DepartureReason.MOVED
        self.last_seen_s = sight.at_s
        self.pending = False
        if seen.centred or seen.flat or self._still_s is None:
            self._still_s = sight.at_s
        self.visible = seen.open >= _CLEAR
        self._absent_s = self._differs_s = self._hidden_s = None
        self._absences = self._differences = 0
        due = sight.at_s - self.refreshed_s >= self.options.refresh_s
        renewed = sight.light and sight.detection is not None
        if renewed or (due and seen.unshifted >= _FOLLOW and seen.centred):
            self._refresh(sight)
        return None

    def _crept(self, sight: Sight, seen: Resemblance) -> bool:
        """Whether the boxes wandered off, and the picture with them."""
        if self.appearance is None or seen.unshifted >= self.options.picture_still:
            return False
        now = median_box(list(self.boxes)[-_RECENT_BOXES:])
        if now.iou(self.first_box) >= self.options.creep_iou:
            return False
        there = now.scaled(self.scale, self.scale).shifted(sight.dx, sight.dy)
        return self.appearance.unshifted(sight.gray, there) > seen.unshifted

    def _refresh(self, sight: Sight) -> None:
        where = self.first_box.scaled(self.scale, self.scale).shifted(sight.dx, sight.dy)
        fresh = Appearance.learn(sight.gray, where)
        if fresh is not None:
            self.appearance = fresh
            self.refreshed_s = sight.at_s

    def _other_picture(self, sight: Sight) -> DepartureReason | None:
        """A vehicle is detected here, but it is not what stood here."""
        if self._differs_s is None:
            self._differs_s = sight.at_s
        self._differences += 1
        if self._differences < 2:
            return None
        if self._aside(sight):
            return DepartureReason.MOVED
        over = sight.at_s - self._differs_s >= self.options.differs_s
        return DepartureReason.REPLACED if over else None

    def _aside(self, sight: Sight) -> bool:
        where = self.first_box.scaled(self.scale, self.scale).shifted(sight.dx, sight.dy)
        return (
            self.appearance is not None
            and self.appearance.found_aside(sight.gray, where) >= self.options.aside_keep
        )

    def _hidden(self, sight: Sight) -> DepartureReason | None:
        if self._hidden_s is None:
            self._hidden_s = sight.at_s
        waited = sight.at_s - self._hidden_s
        return DepartureReason.LOST if waited > self.options.covered_s else None

    def _absent(self, sight: Sight) -> DepartureReason | None:
        if self._absent_s is None:
            self._absent_s = sight.at_s
        self._absences += 1
        over = self._absences >= 2 and sight.at_s - self._absent_s >= self.options.gone_s
        return DepartureReason.LEFT if over else None
