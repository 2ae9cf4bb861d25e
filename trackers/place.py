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

_KEPT_BOXES = 31
_MOST_VOTES = 1000  # old votes are halved beyond it, so that the counts stay bounded
_UNKNOWN = Resemblance(whole=0.0, unshifted=0.0, blocks=0.0, edges=0.0, flat=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one frame says about one place.

    Attributes:
        at_s: media time, seconds.
        detection: the detection that belongs to the place, if any.
        looked: the detector ran on this frame.
        covered: something foreign is in front of it.
        light: the light changed a moment ago, so pictures are not held against the vehicle.
        gray: the grey picture.
        dx, dy: shift of the view against its usual position, grey pixels.
    """

    at_s: float
    detection: Detection | None
    looked: bool
    covered: bool
    light: bool
    gray: Gray
    dx: float = 0.0
    dy: float = 0.0


@dataclass(slots=True, kw_only=True)
class Place:
    """A confirmed standing vehicle. `scale`: grey pixels per full-frame pixel."""

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
    refreshed_s: float = 0.0
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
        if sight.detection is not None and not sight.light:
            return self._other_picture(sight, fits=fits)
        if sight.covered or sight.light:
            return self._hidden(sight)
        return self._absent(sight)

    def resume(self, at_s: float) -> None:
        """Watching was interrupted until `at_s`: what was not seen then is no sign of absence."""
        self._absent_s = self._differs_s = self._hidden_s = None
        self._absences = self._differences = 0
        self.refreshed_s = at_s

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
        return self.appearance.compare(sight.gray, where, self.options.block_keep)

    def _recognised(self, seen: Resemblance) -> bool:
        options = self.options
        return not seen.flat and (
            seen.whole >= options.picture_keep
            or seen.blocks >= options.block_share
            or seen.edges >= options.edge_keep
        )

    def _learn_box(self, detection: Detection) -> None:
        self.boxes.append(detection.box)
        self.box = median_box(list(self.boxes))
        self.best = max(self.best, detection.score)
        self.votes[detection.label] += 1
        if self.votes.total() > _MOST_VOTES:
            self.votes = Counter({label: count // 2 for label, count in self.votes.items() if count > 1})

    def _present(self, sight: Sight, seen: Resemblance) -> DepartureReason | None:
        moved = self.box.iou(self.first_box) < self.options.creep_iou
        if moved and seen.unshifted < self.options.picture_still:
            return DepartureReason.MOVED
        self.last_seen_s = sight.at_s
        self.visible = not sight.covered
        self._absent_s = self._differs_s = self._hidden_s = None
        self._absences = self._differences = 0
        due = sight.at_s - self.refreshed_s >= self.options.refresh_s
        alike = seen.unshifted >= self.options.picture_still or (sight.light and sight.detection is not None)
        if (due and alike and not sight.covered) or (sight.light and sight.detection is not None):
            self._refresh(sight)
        return None

    def _refresh(self, sight: Sight) -> None:
        where = self.first_box.scaled(self.scale, self.scale).shifted(sight.dx, sight.dy)
        fresh = Appearance.learn(sight.gray, where)
        if fresh is not None:
            self.appearance = fresh
            self.refreshed_s = sight.at_s

    def _other_picture(self, sight: Sight, *, fits: bool) -> DepartureReason | None:
        """A vehicle is detected here, but it is not what stood here."""
        if self._differs_s is None:
            self._differs_s = sight.at_s
        self._differences += 1
        if self._differences < 2 or sight.at_s - self._differs_s < self.options.differs_s:
            return None
        return DepartureReason.REPLACED if fits else DepartureReason.MOVED

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
