"""The verdict table: what is an accusation, what is not, and why."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from pipeline.geometry import Point, Polygon
from pipeline.judge import Facts, PhotoPair, Verdict, judge, may_repeat
from pipeline.plate import UNREAD, PlateText
from pipeline.report import RejectionReason, ReportState
from pipeline.zone import Zone, ZoneKind

READ = PlateText(text="123가4567", confidences=(0.99,) * 8, accepted=True, readings=3)
PARTLY = PlateText(text="12?가4567", confidences=(0.9,) * 8, accepted=False, readings=3)


def zone(**changes: object) -> Zone:
    square = Polygon(points=(Point(x=0, y=0), Point(x=1, y=0), Point(x=1, y=1), Point(x=0, y=1)))
    made = Zone(
        name="hydrant",
        kind=ZoneKind.FIRE_HYDRANT,
        polygon=square,
        dwell_s=60,
        photo_gap_s=60,
        confirm_s=5,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the table below names real fields


COMPLETE = Facts(
    zone=zone(),
    violating=True,
    departed=False,
    hours_over=False,
    has_photo_1=True,
    photos=PhotoPair.COMPLETE,
    plate=READ,
    plate_hopeless=False,
    clip_due=False,
    repeat_of=None,
)


def rejected(reason: RejectionReason) -> Verdict:
    return Verdict(state=ReportState.REJECTED, rejection=reason)


# With the rule of the zone under which the evidence was found to hold.
FINAL = Verdict(state=ReportState.FINAL, photo_gap_s=60, unread_allowed=False)
REPEAT = Verdict(state=ReportState.DUPLICATE, duplicate_of="a" * 32, photo_gap_s=60, unread_allowed=False)


@pytest.mark.parametrize(
    ("case", "facts", "verdict"),
    [
        ("everything is there", COMPLETE, FINAL),
        ("the clip still runs", replace(COMPLETE, clip_due=True), None),
        ("it left while the clip ran", replace(COMPLETE, clip_due=True, departed=True), FINAL),
        ("not long enough yet", replace(COMPLETE, violating=False), None),
        (
            "left in time",
            replace(COMPLETE, violating=False, departed=True),
            rejected(RejectionReason.LEFT_BEFORE_DWELL),
        ),
        (
            "the hours ended in time",
            replace(COMPLETE, violating=False, departed=True, hours_over=True),
            rejected(RejectionReason.OUTSIDE_HOURS),
        ),
        ("photo 2 is due", replace(COMPLETE, photos=PhotoPair.MISSING), None),
        (
            "left before photo 2",
            replace(COMPLETE, photos=PhotoPair.MISSING, departed=True),
            rejected(RejectionReason.LEFT_BEFORE_PHOTO_2),
        ),
        (
            "the view never came back",
            replace(COMPLETE, photos=PhotoPair.OTHER_VIEW, departed=True),
            rejected(RejectionReason.VIEW_CHANGED),
        ),
        (
            "photo 2 showed another vehicle",
            replace(COMPLETE, photos=PhotoPair.OTHER_VEHICLE, departed=True),
            rejected(RejectionReason.VEHICLE_CHANGED),
        ),
        (
            "photo 1 could never be stored",
            replace(COMPLETE, has_photo_1=False, photos=PhotoPair.MISSING, departed=True),
            rejected(RejectionReason.EVIDENCE_FAILED),
        ),
        ("the plate is not read yet", replace(COMPLETE, plate=PARTLY), None),
        (
            "it left with its plate unread",
            replace(COMPLETE, plate=PARTLY, departed=True),
            rejected(RejectionReason.PLATE_UNREAD),
        ),
        (
            "a hopeless plate where it may stay unread",
            replace(COMPLETE, plate=UNREAD, plate_hopeless=True, zone=zone(report_unread=True)),
            replace(FINAL, unread_allowed=True),
        ),
        (
            "a hopeless plate where it must be read: the vehicle may still turn",
            replace(COMPLETE, plate=UNREAD, plate_hopeless=True),
            None,
        ),
        (
            "a resident",
            replace(COMPLETE, zone=zone(allowed_plates=frozenset({READ.text}))),
            rejected(RejectionReason.PLATE_ALLOWED),
        ),
        (
            "a text that only resembles a resident's",
            replace(COMPLETE, plate=PARTLY, zone=zone(allowed_plates=frozenset({PARTLY.text}))),
            None,
        ),
        (
            "a repeat",
            replace(COMPLETE, repeat_of="a" * 32),
            REPEAT,
        ),
        (
            "a repeat that left with its plate unread is still a repeat",
            replace(COMPLETE, plate=UNREAD, departed=True, repeat_of="a" * 32),
            REPEAT,
        ),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else "",
)
def test_verdict(case: str, facts: Facts, verdict: Verdict | None) -> None:
    assert judge(facts) == verdict


def test_nothing_is_final_unless_the_evidence_rule_of_its_zone_holds() -> None:
    """Every combination of facts: an accusation has both photos of the same vehicle, the zone's time, and a
    plate, unless the zone does without.
    """
    flags = (False, True)
    seen = 0
    for violating, departed, hours_over, has_photo_1, hopeless, clip_due in itertools.product(
        flags, flags, flags, flags, flags, flags
    ):
        for photos, plate, unread_too, repeat_of in itertools.product(
            PhotoPair, (READ, PARTLY, UNREAD), flags, (None, "a" * 32)
        ):
            facts = Facts(
                zone=zone(report_unread=unread_too),
                violating=violating,
                departed=departed,
                hours_over=hours_over,
                has_photo_1=has_photo_1,
                photos=photos,
                plate=plate,
                plate_hopeless=hopeless,
                clip_due=clip_due,
                repeat_of=repeat_of,
            )
            holds = violating and has_photo_1 and photos is PhotoPair.COMPLETE
            verdict = judge(facts)
            if verdict is not None and verdict.state is ReportState.FINAL:
                seen += 1
                assert holds, facts
                assert repeat_of is None, facts
                assert plate.accepted or unread_too, facts
            elif verdict is not None and verdict.state is ReportState.DUPLICATE:
                assert holds, facts
                assert verdict.duplicate_of == repeat_of, facts
            assert verdict is not None or not departed, facts
    assert seen == 44


def test_only_what_could_be_an_accusation_is_searched_for_repeats() -> None:
    assert may_repeat(FINAL)
    assert may_repeat(rejected(RejectionReason.PLATE_UNREAD))
    assert not may_repeat(rejected(RejectionReason.LEFT_BEFORE_DWELL))
