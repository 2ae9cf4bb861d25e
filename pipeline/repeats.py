"""Earlier reports by place: one parked car is one report, however often it is found again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.case import Case
from pipeline.errors import EvidenceError
from pipeline.geometry import Box, Size
from pipeline.photo_pair import comparable, looks_alike
from pipeline.plate import PlateText
from pipeline.plate_match import PlateMatch, same_plate
from pipeline.report import EvidenceKind
from pipeline.sights import Sights

# A box that overlaps an earlier one by half is the same place: parked boxes vary by some 10 % between
# halts, while neighbours in a row overlap by less than a third.
SAME_PLACE_IOU = 0.5
# Where only the pictures tell, size and place have to agree as well as they do for one vehicle found twice:
# two models of one colour look alike once their crops are brought to one size.
LOOKS_PLACE_IOU = 0.65
# A memory of places that loses a parked vehicle finds it again within this time; who comes later drove in. It
# takes a bus or a lorry to go away. On a simulated day pictures alone took every second vehicle for one of
# those that had stood there in the hours before.
REFOUND_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedVehicle:
    """A vehicle that was reported (final), and where.

    Attributes:
        report_id: its report.
        vehicle_id: the standing vehicle's id.
        box: where it stood, pixels of the full frame of `frame_size`.
        frame_size: see `box`.
        plate: its plate as reported.
        photo_key: evidence key of its last photo, to compare pictures with.
        last_seen_at: last time it was known to stand there.
    """

    report_id: str
    vehicle_id: str
    box: Box
    frame_size: Size
    plate: PlateText
    photo_key: str
    last_seen_at: datetime


class Repeats:
    """The reported vehicles of one camera, forgotten after the window.

    Args:
        window_s: seconds after a vehicle was last seen in which finding it again is a repeat.
        capacity: most vehicles kept; the oldest go first.
    """

    def __init__(self, *, window_s: float, capacity: int = 500) -> None:
        self._window = timedelta(seconds=window_s)
        self._kept: deque[ReportedVehicle] = deque(maxlen=capacity)

    def add(self, case: Case) -> None:
        """Remember the vehicle of a case that became a final report."""
        photo = case.find(EvidenceKind.PHOTO_2) or case.find(EvidenceKind.PHOTO_1)
        if photo is not None:
            self._kept.append(
                ReportedVehicle(
                    report_id=case.report_id,
                    vehicle_id=case.vehicle.id,
                    box=case.vehicle.box,
                    frame_size=case.frame_size,
                    plate=case.plate,
                    photo_key=photo.key,
                    last_seen_at=case.last_seen_at,
                )
            )

    def seen(self, report_id: str, at: datetime) -> None:
        """A reported vehicle still stands there at `at`."""
        for index, vehicle in enumerate(self._kept):
            if vehicle.report_id == report_id and vehicle.last_seen_at < at:
                self._kept[index] = replace(vehicle, last_seen_at=at)

    def forget(self, report_id: str) -> None:
        """A report turned out to be none, or is added anew."""
        kept = (vehicle for vehicle in self._kept if vehicle.report_id != report_id)
        self._kept = deque(kept, maxlen=self._kept.maxlen)

    def of(self, case: Case, sights: Sights) -> str | None:
        """The id of the report that `case` repeats, or None.

        The same uninterrupted halt in another zone is a repeat. So is the same vehicle at the same place
        within the window, by its plate. Where a plate was not read, the picture tells whether it is the last
        one that stood there, found again: at once, or as the first thing after watching was interrupted.
        """
        self._forget_before(case.last_seen_at - self._window)
        last = True
        for earlier in reversed(self._kept):
            if earlier.vehicle_id == case.vehicle.id:
                return earlier.report_id
            if earlier.box.iou(case.vehicle.box) < SAME_PLACE_IOU:
                continue
            match = same_plate(earlier.plate, case.plate)
            if match is PlateMatch.SAME:
                return earlier.report_id
            found_again = last and match is PlateMatch.UNKNOWN and _may_be_found_again(earlier, case)
            if found_again and _looks_the_same(earlier, case, sights):
                return earlier.report_id
            last = False
        return None

    def snapshot(self) -> tuple[ReportedVehicle, ...]:
        """Everything kept, oldest first."""
        return tuple(self._kept)

    def restore(self, vehicles: tuple[ReportedVehicle, ...]) -> None:
        """Continue with what an earlier run kept."""
        self._kept.clear()
        self._kept.extend(vehicles)

    def _forget_before(self, moment: datetime) -> None:
        fresh = [vehicle for vehicle in self._kept if vehicle.last_seen_at >= moment]
        if len(fresh) < len(self._kept):
            self._kept = deque(fresh, maxlen=self._kept.maxlen)


def _may_be_found_again(earlier: ReportedVehicle, case: Case) -> bool:
    away_s = (case.vehicle.arrived_at - earlier.last_seen_at).total_seconds()
    return case.vehicle.since_start or away_s <= REFOUND_S


def _looks_the_same(earlier: ReportedVehicle, case: Case, sights: Sights) -> bool:
    photo = case.find(EvidenceKind.PHOTO_1)
    if photo is None or earlier.box.iou(case.vehicle.box) < LOOKS_PLACE_IOU:
        return False
    try:
        now = sights.recall(case.report_id, photo.key, case.vehicle.box, case.frame_size)
        then = sights.glance(earlier.report_id, earlier.photo_key, earlier.box, earlier.frame_size)
    except EvidenceError:
        # The earlier photo may have been purged by retention: then there is nothing to compare with, and a
        # second report that a person can merge is better than none.
        return False
    return comparable(then, now) and looks_alike(then, now)
