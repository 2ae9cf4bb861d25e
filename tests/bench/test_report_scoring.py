from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bench.report_scoring import ReportScore, score_reports, score_view
from bench.scene_truth import ViewedHalt, clip_truth
from bench.simulated_watch import STARTED_AT
from pipeline.detection import ObjectClass
from pipeline.geometry import Box, Size
from pipeline.plate import UNREAD, PlateText
from pipeline.report import CameraCondition, CameraEvent, RejectionReason, Report, ReportState
from simulator.truth import CameraTruth, StandingTruth

DWELL_S = 10.0
BOX = (100.0, 100.0, 300.0, 220.0)


def halt(t0: float, t1: float, *, name: str = "sedan-1", zone: str | None = "kerb", plate: str = "12가3456",
         readable: bool = True, seen_from_s: float = 0.0, whole: bool = True) -> ViewedHalt:  # fmt: skip
    return ViewedHalt(
        halt=StandingTruth(
            id=f"{name}-1",
            vehicle=name,
            cls="car",
            bbox_xyxy=BOX,
            t0=t0,
            t1=t1,
            first_frame=0,
            last_frame=0,
            stationary_at_start=t0 == 0.0,
            stationary_at_end=False,
            plate=plate,
            plate_readable=readable,
            parks=True,
            zone=zone,
            note="",
        ),
        whole=whole,
        open_s=tuple(k / 2 for k in range(200) if max(t0, seen_from_s) <= k / 2 <= t1),
    )


def report(
    arrived_s: float,
    last_s: float,
    *,
    name: str = "a",
    state: ReportState = ReportState.FINAL,
    plate: str = "12가3456",
    box: tuple[float, float, float, float] = BOX,
) -> Report:
    x1, y1, x2, y2 = box
    text = (
        PlateText(text=plate, confidences=(0.9,) * len(plate), accepted=True, readings=3) if plate else UNREAD
    )
    return Report(
        id=name * 32,
        revision=2,
        state=state,
        camera="street",
        zone="kerb",
        zone_kind="no_parking",
        vehicle_id=name,
        label=ObjectClass.CAR,
        box=Box(x1=x1, y1=y1, x2=x2, y2=y2),
        frame_size=Size(width=1280, height=720),
        score=0.9,
        arrived_at=at(arrived_s),
        since_start=False,
        parked_at=at(arrived_s + 4),
        violating_at=at(arrived_s + DWELL_S),
        departed_at=None,
        last_seen_at=at(last_s),
        dwell_limit_s=DWELL_S,
        plate=text,
        evidence=(),
        rejection=RejectionReason.PLATE_UNREAD if state is ReportState.REJECTED else None,
        duplicate_of="f" * 32 if state is ReportState.DUPLICATE else None,
    )


def at(seconds: float) -> datetime:
    return STARTED_AT + timedelta(seconds=seconds)


def judged(reports: list[Report], halts: list[ViewedHalt], *, needs_plate: bool = True) -> ReportScore:
    return score_reports(reports, halts, dwell_s=DWELL_S, needs_plate=needs_plate, started_at=STARTED_AT)


def test_one_report_on_each_halt_is_right_and_its_start_is_measured() -> None:
    found = judged([report(5.4, 25.0)], [halt(5.0, 30.0)])
    assert (found.due, found.right, found.exact, found.plates) == (1, 1, 1, 1)
    assert found.start_errors == pytest.approx([0.4])
    assert (found.missing, found.false, found.doubled, found.wrong) == ((), (), (), ())


def test_the_second_report_on_a_halt_is_doubled_and_a_suppressed_one_is_a_repeat() -> None:
    again, suppressed = (
        report(18.0, 29.0, name="b"),
        report(24.0, 29.0, name="c", state=ReportState.DUPLICATE),
    )
    found = judged([report(5.0, 16.0), again, suppressed], [halt(5.0, 30.0)])
    assert (found.right, len(found.doubled), found.repeats) == (1, 1, 1)


def test_a_vehicle_in_the_place_of_another_deserves_a_report_of_its_own() -> None:
    """Taking the second for a repeat of the first loses a report; that must show."""
    halts = [halt(0.0, 20.0), halt(28.0, 55.0, name="suv-2", plate="99나1111")]
    first, second = report(0.0, 20.0), report(28.0, 55.0, name="b", plate="99나1111")
    assert judged([first, second], halts).right == 2
    lost = judged([first, replace(second, state=ReportState.DUPLICATE, duplicate_of="a" * 32)], halts)
    assert (lost.right, len(lost.missing)) == (1, 1)
    assert "duplicate" in lost.missing[0]


def test_a_report_on_nothing_or_on_too_short_a_halt_or_outside_the_zone_is_false() -> None:
    aside = (800.0, 100.0, 900.0, 200.0)
    assert len(judged([report(5.0, 20.0, box=aside, plate="")], [halt(5.0, 30.0)]).false) == 1
    assert len(judged([report(5.0, 14.0)], [halt(5.0, 11.0)]).false) == 1
    assert len(judged([report(5.0, 20.0)], [halt(5.0, 30.0, zone=None)]).false) == 1


def test_an_accepted_plate_that_is_not_the_vehicles_is_wrong_whatever_its_size() -> None:
    found = judged(
        [report(5.0, 25.0, plate="12가3459")], [halt(5.0, 30.0, readable=False)], needs_plate=False
    )
    assert len(found.wrong) == 1
    assert found.plates == 0


def test_a_readable_plate_that_is_not_read_costs_the_report_and_the_plate() -> None:
    found = judged([report(5.0, 25.0, plate="", state=ReportState.REJECTED)], [halt(5.0, 30.0)])
    assert (found.right, found.plates, found.exact, len(found.unread)) == (0, 1, 0, 1)
    assert found.rejected == {"plate_unread": 1}


@pytest.mark.parametrize(
    "excused",
    [
        halt(5.0, 30.0, zone=None),
        halt(5.0, 16.0),
        halt(5.0, 30.0, readable=False),
        halt(5.0, 30.0, seen_from_s=24.0),
        halt(5.0, 30.0, whole=False),
    ],
)
def test_no_report_is_due_on_what_could_not_be_judged(excused: ViewedHalt) -> None:
    found = judged([], [excused])
    assert (found.due, found.missing) == (0, ())


def test_only_halts_in_plain_view_are_held_against_a_watch_and_the_others_excuse_their_place() -> None:
    seen, hidden = halt(5.0, 30.0), halt(5.0, 30.0, name="suv-2", seen_from_s=28.0)
    truth = clip_truth("scene", (seen, hidden), 10.0)
    assert [h.id for h in truth.halts] == ["sedan-1-1"]
    assert truth.unlisted == (hidden.box,)


def event(at_s: float, condition: CameraCondition) -> CameraEvent:
    return CameraEvent(id="e" * 32, camera="street", condition=condition, at=at(at_s), text="")


def test_camera_events_are_found_misnamed_missed_or_false() -> None:
    blocked = CameraTruth(kind="blocked", t0=25.0, t1=40.0)
    ok = event(42.0, CameraCondition.OK)
    found = score_view(
        [event(36.0, CameraCondition.BLOCKED), ok], [blocked], started_at=STARTED_AT, ends_s=60
    )
    assert (found.due, found.found, found.false, found.lasting) == (1, 1, (), ())
    other = score_view([event(36.0, CameraCondition.DARK), ok], [blocked], started_at=STARTED_AT, ends_s=60)
    assert (other.found, len(other.misnamed)) == (0, 1)
    never = score_view([], [blocked], started_at=STARTED_AT, ends_s=60)
    assert len(never.missed) == 1
    false = score_view([event(8.0, CameraCondition.MOVED)], [], started_at=STARTED_AT, ends_s=60)
    assert len(false.false) == 1
    stuck = score_view([event(36.0, CameraCondition.BLOCKED)], [blocked], started_at=STARTED_AT, ends_s=60)
    assert len(stuck.lasting) == 1


def test_a_lens_covered_by_day_may_be_called_dark_or_blocked() -> None:
    dark = CameraTruth(kind="dark", t0=25.0, t1=40.0)
    for condition in (CameraCondition.DARK, CameraCondition.BLOCKED):
        events = [event(36.0, condition), event(42.0, CameraCondition.OK)]
        assert score_view(events, [dark], started_at=STARTED_AT, ends_s=60).found == 1


def test_short_faults_and_broken_jpegs_ask_for_no_camera_event() -> None:
    faults = [CameraTruth(kind=kind, t0=25.0, t1=35.0) for kind in ("frozen", "blocked", "blurred")]
    faults.append(CameraTruth(kind="jpeg", t0=0.0, t1=60.0))
    found = score_view([], faults, started_at=STARTED_AT, ends_s=60)
    assert (found.due, found.missed) == (0, ())
