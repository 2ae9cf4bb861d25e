"""All standing places of a camera: each gets what belongs to it, and those that ended are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pipeline.detection import Detection
from pipeline.geometry import Box
from pipeline.standing import Departure, StandingVehicle
from trackers.options import PlaceOptions
from trackers.place import Place, Sight
from trackers.view import View


class StandingPlaces:
    """The confirmed places in the order of their confirmation.

    Args:
        options: the thresholds.
    """

    def __init__(self, options: PlaceOptions) -> None:
        self._options = options
        self.places: list[Place] = []
        self.foreign: list[Detection] = []
        self._vehicles: tuple[Detection, ...] = ()

    def update(self, view: View, mine: Sequence[Detection | None]) -> list[Departure]:
        """Take in a frame; `mine` holds each place's detection, in their order."""
        if view.looked:
            self._vehicles = view.vehicles
            owned = {id(detection) for detection in mine}
            self.foreign = [thing for thing in view.things if id(thing) not in owned]
        departed: list[Departure] = []
        staying: list[Place] = []
        for place, detection in zip(self.places, mine, strict=True):
            reason = place.update(self._sight(view, place, detection))
            if reason is None:
                staying.append(place)
            elif not place.pending:  # what went while nobody watched is forgotten: nobody knew it here
                left_at = view.taken_at - timedelta(seconds=view.at_s - place.left_s)
                departed.append(
                    Departure(vehicle=place.vehicle(), left_s=place.left_s, left_at=left_at, reason=reason)
                )
        self.places = staying
        return departed

    def resume(self, at_s: float) -> None:
        """Watching was interrupted until `at_s`."""
        self.foreign, self._vehicles = [], ()
        for place in self.places:
            place.resume(at_s)

    @property
    def in_doubt(self) -> bool:
        """Some place is neither recognised nor known to be empty: a look would tell."""
        return any(place.in_doubt for place in self.places)

    def vehicles(self) -> tuple[StandingVehicle, ...]:
        """What stands now, as far as it was recognised in this run."""
        return tuple(place.vehicle() for place in self.places if not place.pending)

    def _sight(self, view: View, place: Place, detection: Detection | None) -> Sight:
        if detection is not None and detection.score < self._options.keep_score:
            detection = None
        covers = [thing.box for thing in self.foreign if _touch(thing.box, place.first_box)]
        # What parked later and stands nearer to the camera is in front too.
        covers += [
            other.box
            for other in self.places
            if other is not place
            and other.arrived_s > place.arrived_s
            and other.box.y2 > place.first_box.y2
            and _touch(other.box, place.first_box)
        ]
        same = self._options.same_box_iou
        occupied = any(vehicle.box.iou(place.first_box) >= same for vehicle in self._vehicles)
        return Sight(view=view, detection=detection, covers=tuple(covers), occupied=occupied)


def _touch(a: Box, b: Box) -> bool:
    return a.intersection_area(b) > 0.0
