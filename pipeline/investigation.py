"""Gathering what a case needs while its vehicle stands: photo 1, plate, photo 2, clips."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.case import Case
from pipeline.evidence import EvidenceRecorder
from pipeline.evidence_rule import TIME_TOLERANCE_S
from pipeline.frame import Frame
from pipeline.geometry import Box, Size
from pipeline.judge import PhotoPair
from pipeline.photo_pair import compare_pair, take_sight
from pipeline.plate_watch import PlateWatch
from pipeline.report import Evidence, EvidenceKind, ReportState
from pipeline.sights import Sights
from pipeline.zone import Zone

# Plate crops kept for one report: the best ones, each better than the one before.
MOST_PLATE_CROPS = 4
# So many second photos in a row must fail before photo 1 itself is taken to be the bad one.
RETAKE_AFTER_PAIRS = 5
# Boxes that overlap this much are the same vehicle seen twice, not a neighbour whose plate might be mixed up.
SAME_VEHICLE_IOU = 0.5
# A vehicle that drives past and reaches into this share of the box spoils photo 1: no later photo looks like
# it. It is waited for, at most this long; who has stopped in front by then stays in both photos.
CROSSED_SHARE = 0.03
CROSSED_S = 10.0
# Photo 1 is dated by another clock where the times on two photos differ from the seconds between them by more
# than this: sources follow a clock that drifts by up to 1 % of the time that passes, and jump as it is set.
CLOCK_SET_S = 10.0
CLOCK_SLEW = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSpan:
    """Seconds of the stream kept before and after the arrival and the violation."""

    before_s: float
    after_s: float


class Investigation:
    """Takes the evidence of cases, a step at a time; every method returns the case with what it added.

    Raises:
        EvidenceError: from any method, when evidence cannot be stored or read; the case is unchanged.
        PictureError: from any method, when the frame's picture is damaged; the case is unchanged.
    """

    def __init__(
        self, *, recorder: EvidenceRecorder, plates: PlateWatch, sights: Sights, clip: ClipSpan
    ) -> None:
        self._recorder = recorder
        self._plates = plates
        self._sights = sights
        self._clip = clip

    def due_s(self, case: Case, zone: Zone) -> float:
        """Media time from which something is to be gathered for `case`; infinite when nothing more is."""
        if case.departed_at is not None or case.photo_1_s is None:
            return float("-inf")
        dues = [float("inf")]
        if not case.decided or case.state is ReportState.FINAL:
            dues.append(self._plates.due_s(case.vehicle.id))
        if case.violating_s is not None:
            if not case.decided and case.pair is not PhotoPair.COMPLETE:
                dues.append(case.photo_1_s + zone.photo_gap_s)
            if not case.clip_done:
                dues.append(case.violating_s + self._clip.after_s)
        return min(dues)

    def first_photo(
        self, case: Case, zone: Zone, frame: Frame, others: tuple[Box, ...], passing: tuple[Box, ...]
    ) -> Case:
        """Photo 1 and the clip of the arrival; photo 1 anew when no second photo ever goes with it.

        It waits for `passing`, vehicles that move, to be out of the way. What spoils one picture (somebody in
        front of the lens) would otherwise spoil the report for as long as the vehicle stands. The photos' gap
        then counts from the new one.
        """
        retake = case.failed_pairs >= RETAKE_AFTER_PAIRS and not case.decided
        if case.find(EvidenceKind.PHOTO_1) is not None and not retake:
            return case
        crossed = any(case.vehicle.box.share_inside(box) >= CROSSED_SHARE for box in passing)
        if crossed and (frame.taken_at - case.parked_at).total_seconds() < CROSSED_S:
            return case
        vehicle, *boxes = _in_detail((case.vehicle.box, *others), frame, case.frame_size)
        photos = self._recorder.photo(frame, second=False, vehicle=vehicle, zone=zone)
        self._sights.keep(case.report_id, take_sight(frame.detail, vehicle, tuple(boxes)))
        case = replace(
            case.replacing(*photos),
            parked_at=frame.detail_taken_at,
            photo_1_s=frame.at_s + frame.detail_lag_s,
            failed_pairs=0,
            # Should it leave now, the clock is why there is no pair.
            pair=case.pair if case.pair is PhotoPair.CLOCK_SET else PhotoPair.MISSING,
            photo_gap_s=None,
        )
        if case.vehicle.since_start or case.find(EvidenceKind.CLIP_ARRIVAL) is not None:
            return case
        clip = self._recorder.clip(
            EvidenceKind.CLIP_ARRIVAL,
            from_s=case.vehicle.arrived_s - self._clip.before_s,
            to_s=case.vehicle.arrived_s + self._clip.after_s,
            taken_at=case.vehicle.arrived_at,
        )
        return case if clip is None else case.with_evidence(clip)

    def plate(self, case: Case, frame: Frame, others: tuple[Box, ...]) -> Case:
        """An attempt at the plate, when one is due; `others` are all vehicles of the frame."""
        if case.decided and case.state is not ReportState.FINAL:
            return case
        neighbours = tuple(box for box in others if box.iou(case.vehicle.box) < SAME_VEHICLE_IOU)
        vehicle, *boxes = _in_detail((case.vehicle.box, *neighbours), frame, case.frame_size)
        sighting = self._plates.look(frame, replace(case.vehicle, box=vehicle), tuple(boxes))
        if sighting is not None:
            # Each is better than the one before, so the first is the one to give up.
            crop = self._recorder.plate(sighting, frame.detail_taken_at)
            crops = [item for item in case.evidence if item.kind is EvidenceKind.PLATE and item != crop]
            case = case.replacing(*crops[-(MOST_PLATE_CROPS - 1) :], crop)
        if case.decided and case.plate.accepted:
            # What was reported stays; only an unread plate may still be added to a report.
            return case
        return replace(
            case,
            plate=self._plates.text(case.vehicle.id),
            readings=self._plates.readings(case.vehicle.id),
        )

    def second_photo(self, case: Case, zone: Zone, frame: Frame, others: tuple[Box, ...]) -> Case:
        """Photo 2, once it is due and shows the same vehicle from the same view as photo 1.

        The times on a pair must be as far apart as the pictures are. Where the clock was set in between, the
        case is dated anew by what it says now, and photo 1 is taken anew.
        """
        first = case.find(EvidenceKind.PHOTO_1)
        if case.violating_at is None or first is None or case.pair is PhotoPair.COMPLETE or case.decided:
            return case
        if case.photo_1_s is None or frame.at_s + frame.detail_lag_s - case.photo_1_s < zone.photo_gap_s:
            return case
        if _clock_was_set(first, case.photo_1_s, zone, frame):
            # As with a photo 1 that no second one goes with.
            redated = case.redated(frame.taken_at, frame.at_s)
            return replace(redated, pair=PhotoPair.CLOCK_SET, failed_pairs=RETAKE_AFTER_PAIRS)
        vehicle, *boxes = _in_detail((case.vehicle.box, *others), frame, case.frame_size)
        before = self._sights.recall(case.report_id, first.key, case.vehicle.box, case.frame_size)
        compared = compare_pair(before, take_sight(frame.detail, vehicle, tuple(boxes)))
        if compared.pair is not PhotoPair.COMPLETE:
            failed = case.failed_pairs + 1
            return replace(case, pair=compared.pair, same_view=compared.view, failed_pairs=failed)
        photos = self._recorder.photo(frame, second=True, vehicle=vehicle, zone=zone)
        view = () if compared.where is None else (self._recorder.view_map(frame, compared.where),)
        return replace(
            case.with_evidence(*photos, *view),
            pair=compared.pair,
            same_view=compared.view,
            photo_2_at=frame.detail_taken_at,
            photo_gap_s=zone.photo_gap_s,
        )

    def violation_clip(self, case: Case, frame: Frame) -> Case:
        """The clip around the violation, when its last second has passed."""
        if case.violating_at is None or case.violating_s is None or case.clip_done:
            return case
        if frame.at_s - case.violating_s < self._clip.after_s and case.departed_at is None:
            return case
        clip = self._recorder.clip(
            EvidenceKind.CLIP_VIOLATION,
            from_s=case.violating_s - self._clip.before_s,
            to_s=case.violating_s + self._clip.after_s,
            taken_at=case.violating_at,
        )
        return replace(case if clip is None else case.with_evidence(clip), clip_done=True)


def _clock_was_set(first: Evidence, photo_1_s: float, zone: Zone, frame: Frame) -> bool:
    """Whether the wall clock was set between photo 1 and `frame`, by the times that both would carry."""
    dated_s = (frame.detail_taken_at - first.taken_at).total_seconds()
    passed_s = frame.at_s + frame.detail_lag_s - photo_1_s
    too_close = dated_s < zone.photo_gap_s - TIME_TOLERANCE_S
    return too_close or abs(dated_s - passed_s) > CLOCK_SET_S + CLOCK_SLEW * passed_s


def _in_detail(boxes: tuple[Box, ...], frame: Frame, frame_size: Size) -> tuple[Box, ...]:
    """`boxes`, pixels of a frame of `frame_size`, in pixels of the frame's detail."""
    size = frame.detail.size
    x, y = size.width / frame_size.width, size.height / frame_size.height
    return boxes if x == y == 1.0 else tuple(box.scaled(x, y) for box in boxes)
