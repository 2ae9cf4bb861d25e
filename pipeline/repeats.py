"""Earlier reports by place: one parked car is one report, however often it is found again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.case import Case
from pipeline.errors import EvidenceError
from pipeline.geometry import Box, Size
from pipeline.photo_pair import comparable, looks_alike
from pipeline.plate import PlateText
from pipeline.plate_match import PlateMatch, same_plate
from pipeline.report import EvidenceKind, Report
from pipeline.sights import Sights

# A box that overlaps an earlier one by half is the same place: parked boxes vary by some 10 % between
# halts, while neighbours in a row overlap by less than a third.
SAME_PLACE_IOU = 0.5
# Where only the pictures tell, size and place have to agree as well as they do for one vehicle found twice:
# two models of one colour look alike once their crops are brought to one size.
LOOKS_PLACE_IOU = 0.65
# A memory of places that loses a parked vehicle finds it again within this time, as it dates its arrival back
# to when the place last looked otherwise; who comes later drove in. On simulated days pictures alone took
# every second vehicle for one of those that had stood there in the hours before, and a white van for the
# white car that had left 106 s before it came.
REFOUND_S = 60.0


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
        arrived_at: from when it stood there; None in the memory of a version that did not keep it.
        since_start: it stood there already when watching began.
    """

    report_id: str
    vehicle_id: str
    box: Box
    frame_size: Size
    plate: PlateText
    photo_key: str
    last_seen_at: datetime
    arrived_at: datetime | None = None
    since_start: bool = False


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
        vehicle = reported_case(case, EvidenceKind.PHOTO_2, EvidenceKind.PHOTO_1)
        if vehicle.photo_key:
            self._kept.append(vehicle)

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
        found = reported_case(case, EvidenceKind.PHOTO_1)
        same_halt = (one for one in reversed(self._kept) if one.vehicle_id == found.vehicle_id)
        if (one := next(same_halt, None)) is not None:
            return one.report_id
        known = found_again(found, reversed(self._kept), sights)
        return None if known is None else known.report_id

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


def reported_case(case: Case, *photos: EvidenceKind) -> ReportedVehicle:
    """The vehicle of a case; its photo is the first there is of `photos`."""
    photo = next((found for kind in photos if (found := case.find(kind)) is not None), None)
    return ReportedVehicle(
        report_id=case.report_id,
        vehicle_id=case.vehicle.id,
        box=case.vehicle.box,
        frame_size=case.frame_size,
        plate=case.plate,
        photo_key="" if photo is None else photo.key,
        last_seen_at=case.last_seen_at,
        arrived_at=case.vehicle.arrived_at,
        since_start=case.vehicle.since_start,
    )


def reported_vehicle(report: Report, *, last_seen_at: datetime) -> ReportedVehicle:
    """The vehicle of a report, to compare others with.

    Args:
        report: a report.
        last_seen_at: of the vehicle; later than the report's own when repeats of it came.
    """
    photos = {item.kind: item.key for item in report.evidence}
    return ReportedVehicle(
        report_id=report.id,
        vehicle_id=report.vehicle_id,
        box=report.box,
        frame_size=report.frame_size,
        plate=report.plate,
        photo_key=photos.get(EvidenceKind.PHOTO_2, photos.get(EvidenceKind.PHOTO_1, "")),
        last_seen_at=last_seen_at,
        arrived_at=report.arrived_at,
        since_start=report.since_start,
    )


def found_again(
    found: ReportedVehicle, known: Iterable[ReportedVehicle], sights: Sights
) -> ReportedVehicle | None:
    """The one of `known` that `found` is; by looks only the one that stood there next to it in time.

    Args:
        found: a vehicle.
        known: vehicles reported at its camera within the window, of those before `found` the last first; some
            may be later than `found`, whose report waited on a disk.
        sights: the photos.
    """
    taken: set[bool] = set()
    for other in known:
        later = _is_later(other, found)
        if is_found_again(other, found, sights, by_looks=later not in taken):
            return other
        if _overlap(other, found) >= SAME_PLACE_IOU:
            taken.add(later)
    return None


def is_found_again(
    earlier: ReportedVehicle, found: ReportedVehicle, sights: Sights, *, by_looks: bool = True
) -> bool:
    """Whether `found` is the vehicle of `earlier` at its place; the window is for the caller to judge.

    The plates decide where they can (`same_plate`). Where they cannot, the pictures of the place do, by
    structure, SSIM and colour (`vehicle_likeness`), for a vehicle that is there again at once or was there
    when watching began.

    Args:
        earlier: one vehicle.
        found: the other.
        sights: the photos.
        by_looks: False where another vehicle stood there in between: then only the plates decide.
    """
    overlap = _overlap(earlier, found)
    if overlap < SAME_PLACE_IOU:
        return False
    match = same_plate(earlier.plate, found.plate)
    if match is not PlateMatch.UNKNOWN:
        return match is PlateMatch.SAME
    return (
        by_looks
        and overlap >= LOOKS_PLACE_IOU
        and _may_be_found_again(earlier, found)
        and _looks_the_same(earlier, found, sights)
    )


def _overlap(earlier: ReportedVehicle, found: ReportedVehicle) -> float:
    size, before = found.frame_size, earlier.frame_size
    return earlier.box.scaled(size.width / before.width, size.height / before.height).iou(found.box)


def _is_later(one: ReportedVehicle, other: ReportedVehicle) -> bool:
    if one.arrived_at is None or other.arrived_at is None:
        return False
    return one.arrived_at > other.arrived_at


def _may_be_found_again(earlier: ReportedVehicle, found: ReportedVehicle) -> bool:
    before, after = (found, earlier) if _is_later(earlier, found) else (earlier, found)
    if after.since_start or after.arrived_at is None:
        return after.since_start
    return (after.arrived_at - before.last_seen_at).total_seconds() <= REFOUND_S


def _looks_the_same(earlier: ReportedVehicle, found: ReportedVehicle, sights: Sights) -> bool:
    if not earlier.photo_key or not found.photo_key:
        return False
    try:
        now = sights.recall(found.report_id, found.photo_key, found.box, found.frame_size)
        then = sights.glance(earlier.report_id, earlier.photo_key, earlier.box, earlier.frame_size)
    except EvidenceError:
        # The earlier photo may have been purged by retention: then there is nothing to compare with, and a
        # second report that a person can merge is better than none.
        return False
    return comparable(then, now) and looks_alike(then, now)
