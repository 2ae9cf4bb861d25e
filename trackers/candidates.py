"""All candidates of a camera: born from detections that fit no place, confirmed or forgotten."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from pipeline.detection import Detection
from pipeline.footprint import clipped_area, footprint
from pipeline.geometry import Box, Polygon, Size
from trackers.appearance import Appearance
from trackers.candidate import Candidate
from trackers.history import Arrival, GrayHistory
from trackers.options import PlaceOptions
from trackers.place import KEPT_BOXES, Place
from trackers.standing_places import StandingPlaces
from trackers.view import View

_log = logging.getLogger(__name__)

_BRIDGE_S = 4.0  # a bus passes in front while an arrival is dated
_EDGE_PX = 3.0
_SETTLED_SHARE = 0.7  # of the stillness window: what rolled into place at its beginning stands by then
_CREPT_SHARE = 1.5  # ... and after this much of it whatever is in the place has come to rest
_ASKS_STEP_S = 0.25  # between questions to the history, which grows no faster
_CLEARER = 0.1  # how much better a rival box must be seen to take a place over
_NARROWER = 0.9  # share of the area of the box around too much
_PART_OF_MANY = 0.2  # share of a box that one of several vehicles in it takes
_MANY = 0.7  # ... and all of them
_WITH_NEIGHBOUR = 2.0  # times the area of a vehicle that is seen as one with another
_WITH_NEIGHBOUR_FAR = 3.0
_PROMISING = 0.7  # of the score that confirms what only closer looks show
_RIVAL_S = 30.0  # how long a rival box is given for it


class Candidates:
    """The memory's waiting room, bounded.

    Args:
        options: the thresholds.
        places: where the confirmed ones go.
        history: dates their arrivals.
        areas: where standing matters, shares of the picture's sides; where there is more than can be kept,
            what stands elsewhere goes first. None of them: it matters everywhere.
    """

    def __init__(
        self,
        options: PlaceOptions,
        places: StandingPlaces,
        history: GrayHistory,
        areas: Sequence[Polygon] = (),
    ) -> None:
        self._options = options
        self._areas = areas
        self._places = places
        self._history = history
        self.waiting: list[Candidate] = []
        self.serial = 0
        self._told_full = False

    def update(self, view: View, mine: Sequence[Detection | None]) -> None:
        """Take in a frame; `mine` holds each candidate's detection, in their order."""
        for candidate, detection in zip(self.waiting, mine, strict=True):
            things = [thing for thing in self._places.foreign if thing is not detection]
            candidate.update(view, detection, self._covers(candidate.box, things))
        self.waiting = [candidate for candidate in self.waiting if candidate.alive]

    def add(self, view: View, detections: Sequence[Detection]) -> None:
        """Begin a candidate for each of `detections`; the least promising fall out when there are many."""
        self.waiting.extend(Candidate(detection, view, self._options) for detection in detections)
        self.waiting.sort(key=lambda candidate: candidate.evidence.mean_score, reverse=True)
        if len(self.waiting) > self._options.max_places:
            self.waiting.sort(key=lambda candidate: not self._matters(candidate.box, view.size))
            del self.waiting[self._options.max_places :]

    @property
    def near_undecided(self) -> bool:
        """Something that only closer looks show may still be a vehicle."""
        least = _PROMISING * self._options.near_score
        return any(one.near and one.evidence.mean_score >= least for one in self.waiting)

    def inspect(self, at_s: float, size: Size, *, overdue: bool) -> list[Candidate]:
        """Those that a closer look may decide; `overdue`: only what looks at the whole have left open."""
        return [
            one
            for one in self.waiting
            if (one.overdue or not overdue) and one.wants_a_closer_look(at_s, size)
        ]

    def confirm(self, view: View) -> None:
        """Move those that are now known to stand to the places."""
        self.waiting = [candidate for candidate in self.waiting if self._waits(candidate, view)]
        for candidate in self.waiting:
            candidate.left_waiting(view.at_s)

    def _waits(self, candidate: Candidate, view: View) -> bool:
        """Confirm `candidate` if nothing speaks against it; whether it has to go on waiting."""
        if not candidate.stands(view.at_s) or self._is_too_little(candidate.box, view.size):
            return True
        arrival = self._arrival(candidate, view)
        if arrival is None:
            return True
        rivals = [place for place in self._places.places if self._overlaps(candidate, place)]
        if rivals:
            if len(rivals) > 1 or not self._is_better(candidate, arrival, rivals[0], view.at_s):
                return view.at_s - candidate.still_since_s < _RIVAL_S
            rivals[0].narrow(candidate.box, candidate.evidence, view)
            return False
        if self._is_many(candidate.box, view.at_s):
            return view.at_s - candidate.still_since_s < _RIVAL_S
        if not candidate.earned(view.at_s, arrival):
            return True
        if self._is_full() and not self._makes_room(candidate, view):
            return True
        self._places.places.append(self._place(candidate, arrival, view))
        return False

    def _is_full(self) -> bool:
        """Whether no further place can be kept; says so once each time it comes to that."""
        most = self._options.max_places
        full = len(self._places.places) >= most
        if full and not self._told_full:
            _log.warning(
                "%d vehicles stand in the view, the most that are kept: others wait for a place", most
            )
        self._told_full = full
        return full

    def _makes_room(self, candidate: Candidate, view: View) -> bool:
        """Give up a place where standing does not matter, for one where it does; whether there was one."""
        if not self._matters(candidate.box, view.size):
            return False
        spare = [place for place in self._places.places if not self._matters(place.box, view.size)]
        if not spare:
            return False
        self._places.places.remove(min(spare, key=lambda place: place.support.mean_score))
        return True

    def _matters(self, box: Box, size: Size) -> bool:
        """Whether a vehicle in `box` stands in one of the areas, were it by a corner."""
        if not self._areas:
            return True
        contact = footprint(box).scaled(1.0 / size.width, 1.0 / size.height)
        return any(clipped_area(area, contact) > 0.0 for area in self._areas)

    def _is_better(self, candidate: Candidate, arrival: Arrival, place: Place, at_s: float) -> bool:
        """Whether `candidate` is the vehicle of `place`, which was confirmed with a box around too much.

        Side by side in a queue, two vehicles are first seen as one; later looks show them apart.
        """
        together = arrival.since_start or arrival.stood_s <= place.arrived_s + self._options.stillness_s
        clearer = candidate.evidence.mean_score >= place.support.mean_score + _CLEARER
        narrower = candidate.box.area < _NARROWER * place.box.area
        return place.last_seen_s == at_s and together and clearer and narrower

    def _arrival(self, candidate: Candidate, view: View) -> Arrival | None:
        """Since when it stands; None while it still creeps, as far as is to be seen."""
        if candidate.arrival is not None:
            return candidate.arrival
        first_s, still = candidate.still_since_s, self._options.picture_still
        if view.at_s < candidate.asks_again_s:
            return None
        settled_s = min(view.at_s, first_s + _SETTLED_SHARE * self._options.stillness_s)
        where = candidate.box.scaled(view.scale, view.scale)
        found = self._history.arrival(where, settled_s, still, _BRIDGE_S, seen_s=first_s)
        if found is not None and found.stood_s >= first_s:
            # It came while it was seen, and may have crept for longer than boxes tell.
            crept_s = first_s + _CREPT_SHARE * self._options.stillness_s
            later = self._history.arrival(where, min(view.at_s, crept_s), still, _BRIDGE_S, seen_s=first_s)
            if later is not None and later.stood_s > settled_s:
                if not later.proven and view.at_s < crept_s:
                    candidate.asks_again_s = view.at_s + _ASKS_STEP_S
                    return None
                if later.proven or not found.proven:
                    found = replace(found, stood_s=later.stood_s)
        candidate.arrival = found or Arrival(
            stood_s=first_s, there_s=first_s, since_start=False, proven=False
        )
        return candidate.arrival

    def _place(self, candidate: Candidate, arrival: Arrival, view: View) -> Place:
        self.serial += 1
        # As far back as anything is known it has been there: its true arrival lies before that.
        unknown = arrival.since_start
        arrived_s = arrival.there_s if unknown else arrival.stood_s
        return Place(
            id=f"{view.taken_at:%Y%m%dT%H%M%S}-{self.serial}",
            box=candidate.box,
            first_box=candidate.box,
            appearance=Appearance.learn(view.gray, view.on_gray(candidate.box)),
            options=self._options,
            arrived_s=arrived_s,
            arrived_at=view.taken_at - timedelta(seconds=view.at_s - arrived_s),
            since_start=unknown,
            confirmed_s=view.at_s,
            last_seen_s=view.at_s,
            votes=candidate.evidence.votes.copy(),
            best=candidate.evidence.best,
            boxes=deque(candidate.boxes, maxlen=KEPT_BOXES),
            support=candidate.evidence,
            near=candidate.near,
            veiled=bool(self._covers(candidate.box, self._places.foreign)),
            refreshed_s=view.at_s,
        )

    def _covers(self, box: Box, things: Sequence[Detection]) -> list[Box]:
        """The boxes of `things` that may be in front of `box`, and are not other sights of what is in it."""
        return [
            thing.box
            for thing in things
            if thing.box.iou(box) < self._options.match_iou and thing.box.intersection_area(box) > 0
        ]

    def _overlaps(self, candidate: Candidate, place: Place) -> bool:
        options, box, standing = self._options, candidate.box, place.box
        if standing.share_inside(box) >= options.inside_share:
            # Seen as one with its neighbour: by looks at the whole what closer looks show apart most of all.
            mixed = place.near and not candidate.near
            if box.area <= (_WITH_NEIGHBOUR_FAR if mixed else _WITH_NEIGHBOUR) * standing.area:
                return True
        return box.iou(standing) >= options.overlap_iou or box.share_inside(standing) >= options.inside_share

    def _is_many(self, box: Box, at_s: float) -> bool:
        """Whether `box` is around several standing vehicles that are all to be seen: no further one."""
        shares = [
            box.intersection_area(place.box) / box.area
            for place in self._places.places
            if place.last_seen_s == at_s
        ]
        several = sum(share >= _PART_OF_MANY for share in shares) > 1
        return several and sum(shares) >= _MANY

    def _is_too_little(self, box: Box, size: Size) -> bool:
        """Whether too small a vehicle, or too small a part of one, is to be seen to judge it."""
        least = self._options.sliver
        if min(box.width, box.height) < self._options.least_side * max(size.width, size.height):
            return True
        sideways = box.x1 <= _EDGE_PX or box.x2 >= size.width - _EDGE_PX
        upright = box.y1 <= _EDGE_PX or box.y2 >= size.height - _EDGE_PX
        return (sideways and box.width < least * box.height) or (
            upright and box.height < least / 2 * box.width
        )
