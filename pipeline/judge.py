"""The verdict on one vehicle in one zone: a pure function of what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipeline.plate import PlateText
from pipeline.report import RejectionReason, ReportState
from pipeline.zone import Zone


class PhotoPair(StrEnum):
    """How far the two photos are; CLOCK_SET: photo 1 is dated by a clock that was set since."""

    MISSING = "missing"
    OTHER_VIEW = "other_view"
    OTHER_VEHICLE = "other_vehicle"
    CLOCK_SET = "clock_set"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a vehicle in a zone when it is judged.

    Attributes:
        zone: whose rule it may have broken.
        violating: it stood there longer than the zone's dwell time.
        departed: it has left, or the zone's hours are over.
        hours_over: the latter.
        has_photo_1: photo 1 is stored.
        photos: state of the photo pair.
        plate: the vote so far.
        plate_hopeless: reading was tried often enough that waiting longer promises nothing.
        clip_due: the clip around the violation still runs.
        repeat_of: the report of which this is a repeat, or None.
        pair_gap_s: the gap the zone asked for when its pair became complete; None: what it asks for now.
    """

    zone: Zone
    violating: bool
    departed: bool
    hours_over: bool
    has_photo_1: bool
    photos: PhotoPair
    plate: PlateText
    plate_hopeless: bool
    clip_due: bool
    repeat_of: str | None
    pair_gap_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The state a temporary report goes to, with its reason where it has one.

    `photo_gap_s` and `unread_allowed` are the zone's rule under which an accusation was found to hold.
    """

    state: ReportState
    rejection: RejectionReason | None = None
    duplicate_of: str | None = None
    photo_gap_s: float | None = None
    unread_allowed: bool | None = None


def judge(facts: Facts) -> Verdict | None:
    """The verdict on `facts`, or None while there is still something to wait for.

    The order matters: who may stand there is never accused; a pair of photos that do not show the same
    vehicle from the same view proves nothing; a repeat is not a second accusation.
    """
    if facts.plate.accepted and facts.plate.text in facts.zone.allowed_plates:
        return _rejected(RejectionReason.PLATE_ALLOWED)
    if not facts.violating:
        if not facts.departed:
            return None
        early = RejectionReason.OUTSIDE_HOURS if facts.hours_over else RejectionReason.LEFT_BEFORE_DWELL
        return _rejected(early)
    if not facts.has_photo_1:
        return _rejected(RejectionReason.EVIDENCE_FAILED) if facts.departed else None
    if facts.photos is not PhotoPair.COMPLETE:
        return _rejected(_WITHOUT_PAIR[facts.photos]) if facts.departed else None
    if facts.clip_due and not facts.departed:
        return None
    plate_decided = facts.plate.accepted or facts.plate_hopeless or facts.departed
    if not plate_decided:
        return None
    if facts.repeat_of is not None:
        return _held(ReportState.DUPLICATE, facts)
    if facts.plate.accepted or facts.zone.report_unread:
        return _held(ReportState.FINAL, facts)
    return _rejected(RejectionReason.PLATE_UNREAD) if facts.departed else None


def may_repeat(verdict: Verdict) -> bool:
    """Whether `verdict` would be another one if the vehicle repeats an earlier report."""
    return verdict.state is ReportState.FINAL or verdict.rejection is RejectionReason.PLATE_UNREAD


_WITHOUT_PAIR = {
    PhotoPair.MISSING: RejectionReason.LEFT_BEFORE_PHOTO_2,
    PhotoPair.OTHER_VIEW: RejectionReason.VIEW_CHANGED,
    PhotoPair.OTHER_VEHICLE: RejectionReason.VEHICLE_CHANGED,
    PhotoPair.CLOCK_SET: RejectionReason.CLOCK_SET,
}


def _held(state: ReportState, facts: Facts) -> Verdict:
    return Verdict(
        state=state,
        duplicate_of=facts.repeat_of,
        # A gap that is changed while a complete pair waits for its plate holds for the next pair.
        photo_gap_s=facts.zone.photo_gap_s if facts.pair_gap_s is None else facts.pair_gap_s,
        unread_allowed=facts.zone.report_unread,
    )


def _rejected(reason: RejectionReason) -> Verdict:
    return Verdict(state=ReportState.REJECTED, rejection=reason)
