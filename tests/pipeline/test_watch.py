"""One camera from frames to reports: the whole judgement, with vision, places and disk faked."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from pipeline.geometry import Box
from pipeline.picture import Image
from pipeline.report import CameraCondition, EvidenceKind, RejectionReason, ReportState
from pipeline.standing import StandingVehicle
from pipeline.watch_state import dump_watch, load_watch
from tests.pipeline.fakes import (
    START,
    FixedScanner,
    frame,
    street,
)
from tests.pipeline.rig import PLACE, PLATE, Rig, stands, vehicle, zone


def test_a_vehicle_that_stands_too_long_becomes_one_final_report_with_its_evidence() -> None:
    rig = Rig(stands(2, 60))
    rig.play(0, 50)
    temporary, final = rig.sink.reports
    assert (temporary.state, final.state) == (ReportState.TEMPORARY, ReportState.FINAL)
    assert temporary.id == final.id
    assert (temporary.revision, final.revision) == (1, 2)
    assert final.plate.text == PLATE
    assert final.plate.accepted
    assert final.arrived_at == START + timedelta(seconds=2)
    kinds = [item.kind for item in final.evidence]
    for kind in EvidenceKind:
        assert kind in kinds
    photos = {item.kind: item for item in final.evidence}
    gap = photos[EvidenceKind.PHOTO_2].taken_at - photos[EvidenceKind.PHOTO_1].taken_at
    assert gap >= timedelta(seconds=10)
    assert photos[EvidenceKind.PHOTO_2].taken_at - final.arrived_at >= timedelta(seconds=20)
    assert photos[EvidenceKind.PHOTO_1].sha256 != photos[EvidenceKind.PHOTO_1_MARKED].sha256
    for item in final.evidence:
        assert len(rig.evidence.get(item.key)) == item.size_bytes


def test_the_departure_is_added_to_the_report() -> None:
    rig = Rig(stands(2, 60))
    rig.play(0, 70)
    assert rig.states == [ReportState.TEMPORARY, ReportState.FINAL, ReportState.FINAL]
    last = rig.sink.reports[-1]
    assert last.departed_at == START + timedelta(seconds=60)


def test_a_short_stop_is_rejected_with_its_reason() -> None:
    rig = Rig(stands(2, 15))
    rig.play(0, 30)
    assert rig.states == [ReportState.TEMPORARY, ReportState.REJECTED]
    assert rig.sink.reports[-1].rejection is RejectionReason.LEFT_BEFORE_DWELL


def test_a_halt_shorter_than_the_confirmation_leaves_nothing() -> None:
    rig = Rig(stands(2, 6))
    rig.play(0, 30)
    assert rig.sink.items == []


def test_an_allowed_plate_is_never_accused() -> None:
    rig = Rig(stands(2, 60), rule=zone(allowed=frozenset({PLATE})))
    rig.play(0, 50)
    assert rig.states == [ReportState.TEMPORARY, ReportState.REJECTED]
    assert rig.sink.reports[-1].rejection is RejectionReason.PLATE_ALLOWED


def test_an_unsure_character_is_never_guessed() -> None:
    rig = Rig(stands(2, 60), scanner=FixedScanner(PLATE, certainty=0.5))
    rig.play(0, 70)
    assert rig.states == [ReportState.TEMPORARY, ReportState.REJECTED]
    last = rig.sink.reports[-1]
    assert last.rejection is RejectionReason.PLATE_UNREAD
    assert "?" in last.plate.text


def test_an_unread_plate_is_reported_where_the_zone_allows_it_and_the_report_says_so() -> None:
    rig = Rig(
        stands(2, 120),
        scanner=FixedScanner(PLATE, certainty=0.3),
        rule=zone(report_unread=True),
    )
    rig.play(0, 110)
    assert rig.states == [ReportState.TEMPORARY, ReportState.FINAL]
    assert "could not be read" in rig.sink.reports[-1].note


def test_reading_goes_on_until_the_plate_shows() -> None:
    rig = Rig(stands(2, 200), scanner=FixedScanner(PLATE, blind=5))
    rig.play(0, 190)
    assert rig.states == [ReportState.TEMPORARY, ReportState.FINAL]
    assert rig.sink.reports[-1].plate.text == PLATE


def test_the_same_vehicle_found_again_at_its_place_is_a_repeat() -> None:
    """A tracker that loses a parked car and finds it again must not accuse it twice."""

    def script(at_s: float) -> tuple[StandingVehicle, ...]:
        return stands(2, 40)(at_s) or stands(45, 100, name="v2")(at_s)

    rig = Rig(script)
    rig.play(0, 90)
    assert rig.states == [
        ReportState.TEMPORARY,
        ReportState.FINAL,
        ReportState.FINAL,
        ReportState.TEMPORARY,
        ReportState.DUPLICATE,
    ]
    assert rig.sink.reports[-1].duplicate_of == rig.sink.reports[0].id


def test_another_vehicle_at_the_same_place_is_a_new_report() -> None:
    scanner = FixedScanner(PLATE)

    def script(at_s: float) -> tuple[StandingVehicle, ...]:
        if at_s >= 42:
            scanner.text = "99나8888"
        return stands(2, 40)(at_s) or stands(45, 100, name="v2")(at_s)

    rig = Rig(script, scanner=scanner)
    rig.play(0, 90)
    finals = [r for r in rig.sink.reports if r.state is ReportState.FINAL and r.departed_at is None]
    assert [report.plate.text for report in finals] == [PLATE, "99나8888"]


def test_a_smaller_vehicle_of_the_same_looks_at_the_same_place_is_a_new_report() -> None:
    """A white estate left, a white city car took its place: brought to one size their crops looked alike, and
    the second was suppressed as a repeat of the first.
    """
    smaller = Box(x1=330, y1=258, x2=450, y2=336)

    def script(at_s: float) -> tuple[StandingVehicle, ...]:
        if at_s < 40:
            return stands(2, 40)(at_s)
        return (vehicle(at_s, name="v2", arrived_s=45.0, box=smaller),) if 47 <= at_s < 150 else ()

    def image(at_s: float) -> Image:
        shown = script(at_s)
        return street(vehicle=shown[0].box if shown else None)

    rig = Rig(script, scanner=FixedScanner(PLATE, certainty=0.3), rule=zone(report_unread=True))
    rig.play(0, 140, image=image)
    # The first left before its plate was given up; the second is reported after six attempts.
    assert ReportState.DUPLICATE not in rig.states
    assert rig.states.count(ReportState.TEMPORARY) == 2
    assert rig.states[-1] is ReportState.FINAL


def test_a_full_evidence_disk_delays_a_report_and_loses_nothing() -> None:
    rig = Rig(stands(2, 100))
    rig.evidence.full = True
    rig.play(0, 30)
    assert rig.sink.items == []
    rig.evidence.full = False
    rig.play(30, 60)
    assert rig.states == [ReportState.TEMPORARY, ReportState.FINAL]


def test_a_full_outbox_delays_a_report_and_loses_nothing() -> None:
    rig = Rig(stands(2, 40))
    rig.sink.full = True
    rig.play(0, 50)
    assert rig.sink.items == []
    rig.sink.full = False
    rig.play(50, 52)
    assert rig.states == [ReportState.TEMPORARY, ReportState.FINAL, ReportState.FINAL]


def test_a_restart_goes_on_with_the_same_report() -> None:
    first = Rig(stands(2, 100))
    first.play(0, 15)
    assert first.states == [ReportState.TEMPORARY]
    state = dump_watch(first.watch)
    assert state is not None

    # Media time starts anew with the second run; the wall clock bridges the two.
    def script(at_s: float) -> tuple[StandingVehicle, ...]:
        return (vehicle(at_s, arrived_s=2.0 - 18.0),) if at_s < 50 else ()

    second = Rig(script, evidence=first.evidence, sink=first.sink)
    resumed = START + timedelta(seconds=18)
    opening = frame(0.0, street(vehicle=PLACE), started=resumed)
    load_watch(second.watch, state, opening)
    for at in range(40):
        second.watch.step(frame(float(at), street(vehicle=PLACE, shade=at % 3), index=at, started=resumed))
    assert second.states == [ReportState.TEMPORARY, ReportState.FINAL]
    temporary, final = second.sink.reports
    assert temporary.id == final.id
    assert final.violating_at is not None
    assert final.violating_at - START < timedelta(seconds=30)


def test_footage_that_ends_judges_what_is_open() -> None:
    rig = Rig(stands(2, 500))
    rig.play(0, 15)
    rig.watch.finish()
    assert rig.states == [ReportState.TEMPORARY, ReportState.REJECTED]
    assert rig.sink.reports[-1].rejection is RejectionReason.FOOTAGE_ENDED


def test_a_covered_camera_suspends_its_zones_and_says_so() -> None:
    rig = Rig(stands(2, 200))
    rig.play(0, 12)
    gray = np.full((480, 853, 3), 90, np.uint8)
    rig.play(12, 60, image=lambda at_s: gray)
    assert [event.condition for event in rig.sink.events] == [CameraCondition.BLOCKED]
    assert rig.states == [ReportState.TEMPORARY]
    rig.play(60, 120)
    assert [event.condition for event in rig.sink.events] == [CameraCondition.BLOCKED, CameraCondition.OK]
    assert rig.standing.resumed == 1
    assert rig.states == [ReportState.TEMPORARY, ReportState.FINAL]


def test_a_view_that_was_changed_on_purpose_can_be_accepted() -> None:
    """Without that, a camera that was turned would stay suspended for ever."""
    rig = Rig(stands(200, 300))
    rig.play(0, 20)

    def turned(_at_s: float) -> Image:
        return np.ascontiguousarray(np.roll(street(), 200, axis=1))

    rig.play(20, 80, image=turned)
    assert [event.condition for event in rig.sink.events] == [CameraCondition.MOVED]
    rig.watch.accept_view()
    rig.play(80, 100, image=turned)
    assert [event.condition for event in rig.sink.events] == [CameraCondition.MOVED, CameraCondition.OK]


@pytest.mark.parametrize("size", [240, 960])
def test_a_camera_that_changes_its_size_keeps_its_zones(size: int) -> None:
    """An ESP32-CAM that reboots at QVGA must not lose the car it was timing."""
    rig = Rig(stands(2, 100))
    rig.play(0, 15)

    # The same view, drawn at 480 and resized, as a camera does it.
    import cv2

    def resized(at_s: float) -> Image:
        image = street(vehicle=PLACE)
        return np.asarray(cv2.resize(image, (size * 16 // 9, size), interpolation=cv2.INTER_AREA))

    rig.play(15, 50, image=resized)
    assert rig.states == [ReportState.TEMPORARY, ReportState.FINAL]
    assert rig.sink.reports[0].frame_size == rig.sink.reports[1].frame_size
