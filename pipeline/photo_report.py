"""Reports made of single photos: one waits for a second photo of its vehicle, two are judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.detection import ObjectClass
from pipeline.geometry import Box, Size
from pipeline.judge import Facts, PhotoPair, judge
from pipeline.plate import PlateText
from pipeline.report import Evidence, RejectionReason, Report, ReportState
from pipeline.vehicle_look import VehicleLook
from pipeline.zone import Zone
from pipeline.zone_hours import applying_since

# Ids of standing vehicles begin so where no camera watched them: tells these reports from a camera's.
PHOTO_VEHICLE = "photo-"
# Both boxes of one parked vehicle in one view; neighbours in a row overlap by less than a third.
SAME_PLACE_IOU = 0.5
# Pictures of other proportions are of another view.
_SAME_SHAPE = 0.02
# The rule for an accusation; photos of one plate from two standpoints show that it was there twice, no more.
OTHER_VIEW = (
    "Another photo shows this plate, but not the same view: two photos make a report only when they are taken"
    " from one place in one direction."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoSighting:
    """A vehicle in a zone, on one photo.

    Attributes:
        camera: the camera whose view it is, or what stands for "none".
        zone: whose rule it may break.
        label, score: the detector's.
        box: pixels of the picture, upright, of `frame_size`.
        frame_size: see `box`.
        taken_at: aware UTC.
        plate: what this photo alone says.
        note: what must be known of the photo's time, "" when nothing.
        look: what the vehicle looks like, or None.
    """

    camera: str
    zone: Zone
    label: ObjectClass
    score: float
    box: Box
    frame_size: Size
    taken_at: datetime
    plate: PlateText
    note: str = ""
    look: VehicleLook | None = None


def waiting_report(report_id: str, sighting: PhotoSighting, evidence: tuple[Evidence, ...]) -> Report:
    """The temporary report of one photo."""
    return Report(
        id=report_id,
        revision=1,
        state=ReportState.TEMPORARY,
        camera=sighting.camera,
        zone=sighting.zone.name,
        zone_kind=sighting.zone.kind.value,
        vehicle_id=f"{PHOTO_VEHICLE}{report_id}",
        label=sighting.label,
        box=sighting.box,
        frame_size=sighting.frame_size,
        score=sighting.score,
        arrived_at=sighting.taken_at,
        # Nobody saw it arrive.
        since_start=True,
        parked_at=sighting.taken_at,
        violating_at=None,
        departed_at=None,
        last_seen_at=sighting.taken_at,
        dwell_limit_s=sighting.zone.dwell_s,
        plate=sighting.plate,
        evidence=evidence,
        note=sighting.note,
        look=sighting.look,
    )


def least_gap_s(zone: Zone) -> float:
    """Seconds that two photos must be apart to prove that a vehicle stood in `zone` for too long."""
    return max(zone.photo_gap_s, zone.dwell_s)


def may_pair(waiting: Report, sighting: PhotoSighting, *, max_gap_s: float) -> bool:
    """Whether the times of two photos make a pair: far enough apart, and the zone's hours in between."""
    gap_s = abs((sighting.taken_at - waiting.parked_at).total_seconds())
    if not least_gap_s(sighting.zone) <= gap_s <= max_gap_s:
        return False
    first, second = sorted((sighting.taken_at, waiting.parked_at))
    since = applying_since(sighting.zone.schedule, second, first)
    return since is not None and since <= first


def at_one_place(waiting: Report, sighting: PhotoSighting) -> bool:
    """Whether the boxes of two photos are one place in one view; the pictures have the last word."""
    before, now = waiting.frame_size, sighting.frame_size
    shapes = before.width / before.height, now.width / now.height
    if abs(shapes[0] / shapes[1] - 1.0) > _SAME_SHAPE:
        return False
    box = waiting.box.scaled(now.width / before.width, now.height / before.height)
    return box.iou(sighting.box) >= SAME_PLACE_IOU


def paired_report(
    waiting: Report,
    sighting: PhotoSighting,
    *,
    plate: PlateText,
    same_view: float | None,
    evidence: tuple[Evidence, ...],
) -> Report:
    """The verdict on a vehicle of which two photos show that it stood.

    Args:
        waiting: the report of one of the two photos, the earlier or the later.
        sighting: the other photo.
        plate: the vote over both.
        same_view: how alike the views are, 0-1.
        evidence: of both, photo 1 being the earlier.
    """
    zone = sighting.zone
    verdict = judge(
        Facts(
            zone=zone,
            violating=True,
            # Nobody goes on watching: what two photos do not say will never be known.
            departed=True,
            hours_over=False,
            has_photo_1=True,
            photos=PhotoPair.COMPLETE,
            plate=plate,
            plate_hopeless=True,
            clip_due=False,
            repeat_of=None,
        )
    )
    if verdict is None:
        raise AssertionError("a vehicle that has left is always judged")
    first, second = sorted((sighting.taken_at, waiting.parked_at))
    later = sighting if second == sighting.taken_at else None
    return replace(
        waiting,
        revision=waiting.revision + 1,
        state=verdict.state,
        rejection=verdict.rejection,
        photo_gap_s=verdict.photo_gap_s,
        unread_allowed=verdict.unread_allowed,
        box=waiting.box if later is None else later.box,
        frame_size=waiting.frame_size if later is None else later.frame_size,
        label=max((waiting.score, waiting.label), (sighting.score, sighting.label))[1],
        score=max(waiting.score, sighting.score),
        arrived_at=first,
        parked_at=first,
        violating_at=first + timedelta(seconds=zone.dwell_s),
        last_seen_at=second,
        dwell_limit_s=zone.dwell_s,
        plate=plate,
        evidence=evidence,
        same_view=same_view,
        note=_joined(
            (
                _of_this_view(waiting.note),
                _of_this_view(sighting.note),
                "" if plate.accepted or not zone.report_unread else _UNREAD,
            )
        ),
    )


def repeated_report(waiting: Report, original: Report) -> Report:
    """A third photo of a vehicle that two others have accused."""
    return replace(
        waiting,
        revision=waiting.revision + 1,
        state=ReportState.DUPLICATE,
        duplicate_of=original.id,
    )


def seen_from_elsewhere(waiting: Report) -> Report:
    """A photo whose vehicle another one shows from another standpoint: it says so, and waits on."""
    return replace(waiting, revision=waiting.revision + 1, note=_joined((waiting.note, OTHER_VIEW)))


def lone_report(waiting: Report) -> Report:
    """A photo whose second one did not come in time, or only from elsewhere: no accusation."""
    elsewhere = OTHER_VIEW in waiting.note
    return replace(
        waiting,
        revision=waiting.revision + 1,
        state=ReportState.REJECTED,
        rejection=RejectionReason.VIEW_CHANGED if elsewhere else RejectionReason.NO_SECOND_PHOTO,
    )


def misdated_report(waiting: Report) -> Report:
    """A photo that was sent again with another time: at this one it accuses nobody."""
    return replace(lone_report(waiting), note=_joined((waiting.note, _MISDATED)))


_MISDATED = "The photo was sent again with another time, which counts."
_UNREAD = "The plate could not be read; the zone allows a report without it."


def _of_this_view(note: str) -> str:
    """Without what another photo, from elsewhere, had to do with it: the pair has been found."""
    return note.replace(OTHER_VIEW, "").strip()


def _joined(notes: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(note for note in notes if note))
