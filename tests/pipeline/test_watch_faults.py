"""What has gone wrong in the judgement of a camera, and must not again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import cv2
import numpy as np
import pytest

from pipeline.errors import InvalidValueError
from pipeline.evidence_rule import missing_evidence
from pipeline.geometry import Box
from pipeline.picture import Image
from pipeline.plate import PlateSighting
from pipeline.report import EvidenceKind, RejectionReason, ReportState
from pipeline.standing import StandingVehicle
from pipeline.watch_state import dump_watch, load_watch
from tests.pipeline.fakes import START, FixedScanner, frame, grainy, street
from tests.pipeline.rig import PLACE, PLATE, Rig, stands, vehicle, zone


def nobody(_at_s: float) -> tuple[StandingVehicle, ...]:
    return ()


def continued(first: Rig, second: Rig, *, after_s: float, image: Image) -> None:
    """Let `second` go on where `first` was, `after_s` seconds of wall clock after the start."""
    state = dump_watch(first.watch)
    assert state is not None
    load_watch(second.watch, state, frame(0.0, image, started=START + timedelta(seconds=after_s)))


def test_who_stands_in_an_absent_vehicles_place_lends_it_no_plate() -> None:
    """After a restart another car stood in the place: its plate was voted into the first one's report."""
    scanner = FixedScanner(PLATE, certainty=0.3)
    first = Rig(stands(2, 500), scanner=scanner)
    first.play(0, 40)
    scanner.text, scanner.certainty = "99나8888", 0.99
    second = Rig(nobody, scanner=scanner, evidence=first.evidence, sink=first.sink)
    calls = scanner.calls
    continued(first, second, after_s=45, image=street(vehicle=PLACE, seed=5))
    second.play(0, 9, image=lambda at_s: street(vehicle=PLACE, seed=5))
    assert scanner.calls == calls
    assert all("나" not in report.plate.text for report in second.sink.reports)


def test_a_restart_after_a_size_change_compares_photos_all_the_same() -> None:
    """The stored photo was 853 wide, the live one 426: comparing them raised, and the camera started over."""
    first = Rig(stands(2, 500))
    first.play(0, 15)

    def small(_at_s: float) -> Image:
        whole = street(vehicle=PLACE)
        return np.asarray(cv2.resize(whole, (426, 240), interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def standing(at_s: float) -> tuple[StandingVehicle, ...]:
        return (vehicle(at_s, arrived_s=2.0 - 18.0),)

    second = Rig(standing, evidence=first.evidence, sink=first.sink)
    continued(first, second, after_s=18, image=small(0.0))
    second.play(0, 40, image=small)
    assert second.states == [ReportState.TEMPORARY, ReportState.FINAL]


def test_a_pair_is_judged_by_the_gap_that_held_when_it_was_complete() -> None:
    """A gap that was raised while a complete pair waited was written into the report, which the store then
    refused for photos that were too close."""
    first = Rig(stands(2, 500))
    first.play(0, 24)
    assert first.states == [ReportState.TEMPORARY]

    def standing(at_s: float) -> tuple[StandingVehicle, ...]:
        return (vehicle(at_s, arrived_s=2.0 - 24.0),)

    raised = replace(zone(), photo_gap_s=300)
    second = Rig(standing, rule=raised, evidence=first.evidence, sink=first.sink)
    continued(first, second, after_s=24, image=street(vehicle=PLACE))
    second.play(0, 15, image=lambda _at_s: street(vehicle=PLACE))
    assert second.states == [ReportState.TEMPORARY, ReportState.FINAL]
    assert second.sink.reports[-1].photo_gap_s == 10
    assert missing_evidence(second.sink.reports[-1]) is None


def test_a_flickering_view_does_not_blind_the_camera() -> None:
    """One blurred picture every few seconds reset the memory of places each time."""
    rig = Rig(stands(2, 500))
    sharp = street(vehicle=PLACE)
    blurred = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 25), dtype=np.uint8)

    def flickering(at_s: float) -> Image:
        if at_s < 4:
            return street()
        return blurred if int(at_s) % 4 == 3 else sharp

    rig.play(0, 12)
    rig.play(12, 80, image=flickering)
    assert rig.standing.resumed == 0
    assert rig.states == [ReportState.TEMPORARY, ReportState.FINAL]


@pytest.mark.parametrize("set_by", [timedelta(hours=-1), timedelta(hours=1), timedelta(seconds=-8)], ids=str)
@pytest.mark.parametrize("set_at_s", [12, 24], ids=["before the dwell is over", "after"])
def test_a_clock_that_is_set_between_the_photos_stops_no_report(set_by: timedelta, set_at_s: int) -> None:
    """Photo gap and retries were timed by the wall clock, which a clock sync may set back by hours; then the
    store refused the report, whose photo 2 was dated before photo 1.
    """
    rig = Rig(stands(2, 500), rule=replace(zone(), photo_gap_s=30))
    rig.play(0, set_at_s)
    play_with_clock(rig, set_at_s, 90, set_by)
    assert rig.states == [ReportState.TEMPORARY, ReportState.FINAL]
    report = rig.sink.reports[-1]
    assert missing_evidence(report) is None
    # Everything is dated by the clock of the photos.
    first, second = (
        next(item for item in report.evidence if item.kind is kind).taken_at
        for kind in (EvidenceKind.PHOTO_1, EvidenceKind.PHOTO_2)
    )
    by_new_clock = START + set_by
    assert report.arrived_at == by_new_clock + timedelta(seconds=2)
    assert report.violating_at == by_new_clock + timedelta(seconds=22)
    assert report.parked_at == first
    assert first >= by_new_clock + timedelta(seconds=set_at_s)
    assert second - first >= timedelta(seconds=30)
    assert report.last_seen_at >= second


def test_who_leaves_before_the_pair_is_taken_anew_is_rejected_for_the_clock() -> None:
    rig = Rig(stands(2, 27))
    rig.play(0, 12)
    play_with_clock(rig, 12, 120, timedelta(hours=-1))
    assert rig.states == [ReportState.TEMPORARY, ReportState.REJECTED]
    assert rig.sink.reports[-1].rejection is RejectionReason.CLOCK_SET


def play_with_clock(rig: Rig, from_s: int, to_s: int, set_by: timedelta) -> None:
    """A frame a second, after the wall clock was set."""
    shown = street(vehicle=PLACE)
    for second in range(from_s, to_s):
        rig.watch.step(frame(float(second), grainy(shown, second), index=second, started=START + set_by))


def test_a_plate_read_after_the_report_is_added_to_it_at_once() -> None:
    scanner = FixedScanner(PLATE, certainty=0.3)
    rig = Rig(stands(2, 900), scanner=scanner, rule=zone(report_unread=True))
    rig.play(0, 80)
    assert rig.states == [ReportState.TEMPORARY, ReportState.FINAL]
    scanner.certainty = 0.99
    # The vote has to outweigh what was read before, and the attempts have backed off to a minute.
    rig.play(80, 800)
    assert rig.states[:3] == [ReportState.TEMPORARY, ReportState.FINAL, ReportState.FINAL]
    assert rig.sink.reports[2].plate.text == PLATE
    assert rig.sink.reports[2].departed_at is None


def test_a_plate_read_late_that_may_stand_there_takes_the_accusation_back() -> None:
    scanner = FixedScanner(PLATE, certainty=0.3)
    rule = zone(report_unread=True, allowed=frozenset({PLATE}))
    rig = Rig(stands(2, 900), scanner=scanner, rule=rule)
    rig.play(0, 80)
    assert rig.states == [ReportState.TEMPORARY, ReportState.FINAL]
    scanner.certainty = 0.99
    rig.play(80, 800)
    assert rig.states[-1] is ReportState.REJECTED
    assert rig.sink.reports[-1].rejection is RejectionReason.PLATE_ALLOWED


def test_a_spoilt_photo_1_is_taken_again() -> None:
    """Somebody in front of the lens at the moment of photo 1 cost the whole report."""
    rig = Rig(stands(2, 500))

    def covered_once(at_s: float) -> Image:
        shown = street(vehicle=PLACE)
        if at_s == 7.0:
            shown[:, : shown.shape[1] * 2 // 3] = 120
            shown[:, -80:] = 120
        return shown

    rig.play(0, 5)
    rig.play(5, 100, image=covered_once)
    assert rig.states == [ReportState.TEMPORARY, ReportState.FINAL]


def test_a_zone_that_is_gone_rejects_its_open_reports() -> None:
    """They stayed temporary for ever."""
    first = Rig(stands(2, 500))
    first.play(0, 12)
    assert first.states == [ReportState.TEMPORARY]
    other = zone()
    renamed = Rig(
        nobody,
        rule=type(other)(
            **{field: getattr(other, field) for field in other.__slots__ if field != "name"}, name="kerb"
        ),
        evidence=first.evidence,
        sink=first.sink,
    )
    continued(first, renamed, after_s=15, image=street(vehicle=PLACE))
    assert renamed.states == [ReportState.TEMPORARY, ReportState.REJECTED]
    assert renamed.sink.reports[-1].rejection is RejectionReason.ZONE_REMOVED


def test_a_state_whose_places_cannot_be_read_still_gives_its_reports() -> None:
    """An upgrade that could not read the old places lost unsent reports and doubled reported vehicles."""
    first = Rig(stands(2, 40))
    first.play(0, 30)
    first.sink.full = True
    first.play(30, 50)
    state = dump_watch(first.watch)
    assert state is not None
    first.sink.full = False
    second = Rig(nobody, evidence=first.evidence, sink=first.sink)
    damaged = state.replace(b"c2NyaXB0ZWQ=", b"!!!!")
    with pytest.raises(InvalidValueError, match="places"):
        load_watch(second.watch, damaged, frame(0.0, street(), started=START))
    assert second.watch.send_unsent()
    assert second.states[-1] is ReportState.FINAL
    assert second.sink.reports[-1].departed_at is not None


def test_the_best_plate_crops_are_kept() -> None:
    """Four early improvements filled the places, and the sharpest crop was thrown away."""
    rig = Rig(stands(2, 500), scanner=FixedScanner(PLATE, certainty=0.5))
    rig.play(0, 200)
    plates = [e for e in rig.watch.parts.casework.cases[0].evidence if e.kind is EvidenceKind.PLATE]
    assert len(plates) == 4
    # Each call of the fake reads a sharper crop: the newest are the best.
    assert min(plate.taken_at for plate in plates) > START + timedelta(seconds=10)


def test_a_larger_picture_gives_larger_photos_in_the_same_coordinates() -> None:
    """Coordinates of the first, small picture shrank every later photo and plate with them."""
    rig = Rig(stands(2, 500))
    rig.play(0, 4)

    small = street(vehicle=PLACE)
    rig.play(4, 5, image=lambda at_s: small)

    def enlarged(_at_s: float) -> Image:
        size = (small.shape[1] * 2, small.shape[0] * 2)
        return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)

    rig.play(5, 50, image=enlarged)
    report = rig.sink.reports[-1]
    assert report.state is ReportState.FINAL
    assert (report.frame_size.width, report.frame_size.height) == (small.shape[1], small.shape[0])
    photo = next(e for e in report.evidence if e.kind is EvidenceKind.PHOTO_1)
    stored = cv2.imdecode(np.frombuffer(rig.evidence.get(photo.key), np.uint8), cv2.IMREAD_COLOR)
    assert stored is not None
    assert stored.shape[0] == 960


def test_a_frozen_picture_does_not_agree_with_itself() -> None:
    """A frozen camera's one unsure look was read again and again, and passed the gate of agreeing looks."""
    scanner = FixedScanner(PLATE, certainty=0.75)
    whole = scanner.scan

    def frozen(image: Image, vehicle: Box, others: tuple[Box, ...]) -> PlateSighting | None:
        sighting = whole(image, vehicle, others)
        return None if sighting is None else replace(sighting, crop=np.full((40, 160, 3), 7, np.uint8))

    scanner.scan = frozen  # type: ignore[method-assign]
    rig = Rig(stands(2, 300), scanner=scanner)
    rig.play(0, 250)
    assert rig.states == [ReportState.TEMPORARY]
    assert rig.watch.parts.casework.cases[0].plate.readings == 1
