"""The life of one standing place: seen, hidden, in doubt, changed, gone."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.detection import Detection, ObjectClass
from pipeline.geometry import Box
from pipeline.standing import DepartureReason, StandingVehicle
from pipeline.vehicle_look import VehicleLook
from trackers.appearance import Appearance, Resemblance
from trackers.options import PlaceOptions
from trackers.samples import Evidence, Sample, median_box
from trackers.view import View

KEPT_BOXES = 31  # enough for a steady median, and bounded
_RECENT_BOXES = 5
_MOST_VOTES = 1000  # old votes are halved beyond it, so that the counts stay bounded
_CLEAR = 0.75  # share of open blocks from which a vehicle is fully to be seen
_FOLLOW = 0.85  # unshifted correlation from which the reference may follow the light
_UNKNOWN = Resemblance(whole=0.0, unshifted=0.0, blocks=0.0, flat=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one frame says about one place.

    Attributes:
        view: the frame.
        detection: the detection that belongs to the place, if any.
        covers: boxes of foreign things that may be in front of it, full-frame pixels.
        occupied: a vehicle is detected in its box, be it this one or another.
    """

    view: View
    detection: Detection | None
    covers: tuple[Box, ...]
    occupied: bool

    @property
    def at_s(self) -> float:
        """Media time, seconds."""
        return self.view.at_s


@dataclass(slots=True)
class _Spell:
    """For how long, and in how many frames, something has been so without a break."""

    since_s: float | None = None
    frames: int = 0

    def go_on(self, at_s: float) -> None:
        self.since_s = at_s if self.since_s is None else self.since_s
        self.frames += 1

    def lasts(self, at_s: float, least_s: float) -> bool:
        """Whether it has lasted `least_s` and was seen in at least two frames: one may be damaged."""
        return self.since_s is not None and self.frames >= 2 and at_s - self.since_s >= least_s


@dataclass(slots=True, kw_only=True)
class _Spells:
    rolled: _Spell = field(default_factory=_Spell)
    absent: _Spell = field(default_factory=_Spell)
    other: _Spell = field(default_factory=_Spell)
    doubt: _Spell = field(default_factory=_Spell)
    hidden: _Spell = field(default_factory=_Spell)


@dataclass(slots=True, kw_only=True)
class Place:
    """A confirmed standing vehicle.

    `pending` says that it comes from an earlier run and has not been recognised in this one yet; `veiled`,
    that its reference picture was taken with something in front; the first open sight makes that good;
    `near`, that only closer looks show it apart from what is around it.
    """

    id: str
    box: Box
    first_box: Box
    appearance: Appearance | None
    options: PlaceOptions
    arrived_s: float
    arrived_at: datetime
    since_start: bool
    confirmed_s: float
    last_seen_s: float
    votes: Counter[ObjectClass]
    best: float
    boxes: deque[Box]
    support: Evidence
    near: bool = False
    look: VehicleLook | None = None
    visible: bool = True
    pending: bool = False
    veiled: bool = False
    refreshed_s: float = 0.0
    _still_s: float | None = None
    _unseen: bool = False
    _spells: _Spells = field(default_factory=_Spells)

    def update(self, sight: Sight) -> DepartureReason | None:
        """Take in a frame; the reason when with it the halt is known to be over."""
        options = self.options
        seen = self._compare(sight)
        fits = sight.detection is not None and sight.detection.box.iou(self.box) >= options.fit_iou
        self.visible = self._unseen = False
        if sight.view.looked:
            near = sight.detection is not None and sight.detection.box.iou(self.box) >= options.same_box_iou
            score = sight.detection.score if near and sight.detection is not None else 0.0
            self.support.add(Sample(at_s=sight.at_s, score=score), options.begin_score)
        if seen.flat:
            return self._without_picture(sight, seen)
        open_enough = seen.open >= options.open_share
        sure = seen.blocks >= options.block_share
        likely = seen.blocks >= options.doubt_share and (fits or not sight.view.looked)
        if open_enough and (sure or (fits and sight.view.unsure)):
            return self._present(sight, seen)
        if sight.view.unsure or not open_enough:
            return self._over(self._spells.hidden, sight, options.covered_s, DepartureReason.LOST)
        self._unseen = True
        if not likely and not sight.view.looked:
            return None  # what is in front is not known without a look; the next frame gets one
        if self._rolled(sight):
            return self._over(self._spells.rolled, sight, 0.0, DepartureReason.MOVED)
        if likely:
            return self._present(sight, seen)
        if seen.blocks >= options.doubt_share:
            return self._over(self._spells.doubt, sight, options.doubt_s, DepartureReason.MOVED)
        if sight.occupied:
            return self._over(self._spells.other, sight, options.differs_s, DepartureReason.REPLACED)
        return self._over(self._spells.absent, sight, options.gone_s, DepartureReason.LEFT)

    def resume(self, at_s: float) -> None:
        """Watching was interrupted until `at_s`: what was not seen then is no sign of absence."""
        self._spells = _Spells()
        self.refreshed_s = at_s

    @property
    def in_doubt(self) -> bool:
        """It was not recognised the last time, and nothing is known to hide it."""
        return self._unseen

    def narrow(self, box: Box, support: Evidence, view: View) -> None:
        """Stand for `box` from now on: it is the same vehicle, better seen so than with its neighbour."""
        self.box = self.first_box = box
        self.boxes.clear()
        self.boxes.append(box)
        self.support = support
        self.appearance = Appearance.learn(view.gray, view.on_gray(box))

    @property
    def left_s(self) -> float:
        """Until when it stood: the last stillness, unless that is too long before the last sight."""
        still = self._still_s
        if still is None or self.last_seen_s - still > self.options.dating_s:
            return self.last_seen_s
        return still

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
            look=self.look,
        )

    def _compare(self, sight: Sight) -> Resemblance:
        if self.appearance is None:
            return _UNKNOWN
        view = sight.view
        front = [view.on_gray(cover) for cover in sight.covers]
        where = view.on_gray(self.first_box)
        return self.appearance.compare(view.gray, where, self.options.block_keep, front)

    def _present(self, sight: Sight, seen: Resemblance) -> DepartureReason | None:
        self._unseen = False
        if sight.detection is not None:
            self._learn_box(sight.detection)
        if self._crept(sight, seen):
            return DepartureReason.MOVED
        self.last_seen_s = sight.at_s
        self.pending = False
        if seen.centred or seen.flat or self._still_s is None:
            self._still_s = sight.at_s
        self.visible = seen.open >= _CLEAR
        self._spells = _Spells()
        unveiled = self.veiled and not sight.covers and seen.open >= _CLEAR
        renewed = (sight.view.unsure or unveiled) and sight.detection is not None
        due = sight.at_s - self.refreshed_s >= self.options.refresh_s
        if renewed or (due and seen.unshifted >= _FOLLOW and seen.centred):
            self.appearance = (
                Appearance.learn(sight.view.gray, sight.view.on_gray(self.first_box)) or self.appearance
            )
            self.refreshed_s = sight.at_s
            self.veiled = self.veiled and not unveiled
        return None

    def _without_picture(self, sight: Sight, seen: Resemblance) -> DepartureReason | None:
        """Nothing to compare (pitch dark, a featureless side): only boxes can tell."""
        if sight.detection is not None:
            return self._present(sight, seen)
        if not sight.view.looked:
            return None
        return self._over(self._spells.absent, sight, self.options.doubt_s, DepartureReason.LEFT)

    def _over(
        self, spell: _Spell, sight: Sight, least_s: float, reason: DepartureReason
    ) -> DepartureReason | None:
        spell.go_on(sight.at_s)
        return reason if spell.lasts(sight.at_s, least_s) else None

    def _rolled(self, sight: Sight) -> bool:
        """Whether what stood here is now found a little aside."""
        options = self.options
        return self.appearance is not None and self.appearance.rolled(
            sight.view.gray, sight.view.on_gray(self.first_box), options.block_keep, options.aside_keep
        )

    def _crept(self, sight: Sight, seen: Resemblance) -> bool:
        """Whether the boxes wandered off, and the picture with them."""
        if self.appearance is None or seen.unshifted >= self.options.picture_still:
            return False
        now = median_box(list(self.boxes)[-_RECENT_BOXES:])
        if now.iou(self.first_box) >= self.options.creep_iou:
            return False
        return self.appearance.unshifted(sight.view.gray, sight.view.on_gray(now)) > seen.unshifted

    def _learn_box(self, detection: Detection) -> None:
        self.boxes.append(detection.box)
        if detection.look is not None and (self.look is None or detection.score >= self.best):
            # The surest look is the least covered one.
            self.look = detection.look
        self.best = max(self.best, detection.score)
        self.votes[detection.label] += 1
        if self.votes.total() > _MOST_VOTES:
            self.votes = Counter({label: count // 2 for label, count in self.votes.items() if count > 1})
