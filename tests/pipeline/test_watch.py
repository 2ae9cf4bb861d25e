"""One camera from frames to reports: the whole judgement, with vision, places and disk faked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pipeline.casework import Casework
from pipeline.detection import ObjectClass
from pipeline.dwell import DwellTimer
from pipeline.evidence import EvidenceRecorder, EvidenceTools
from pipeline.geometry import Box, Point, Polygon
from pipeline.investigation import ClipSpan, Investigation
from pipeline.korean_plates import KoreanPlates
from pipeline.picture import Image
from pipeline.plate import PlateScanner
from pipeline.plate_watch import PlateWatch
from pipeline.repeats import Repeats
from pipeline.report import CameraCondition, EvidenceKind, RejectionReason, Report, ReportState
from pipeline.sights import Sights
from pipeline.standing import StandingVehicle
from pipeline.view_watch import ViewWatch
from pipeline.watch import CameraWatch, WatchParts
from pipeline.watch_state import dump_watch, load_watch
from pipeline.zone import Zone, ZoneKind
from tests.pipeline.fakes import (
    START,
    FixedScanner,
    MemoryEvidence,
    MemorySink,
    NothingDetected,
    ScriptedStanding,
    encode,
    frame,
    mark,
    street,
)

PLACE = Box(x1=300, y1=240, x2=460, y2=340)
PLATE = "123가4567"


def zone(*, dwell_s: float = 20, report_unread: bool = False, allowed: frozenset[str] = frozenset()) -> Zone:
    points = ((0.2, 0.4), (0.8, 0.4), (0.8, 0.95), (0.2, 0.95))
    return Zone(
        name="hydrant",
        kind=ZoneKind.FIRE_HYDRANT,
        polygon=Polygon(points=tuple(Point(x=x, y=y) for x, y in points)),
        dwell_s=dwell_s,
        photo_gap_s=10,
        confirm_s=5,
        report_unread=report_unread,
        allowed_plates=allowed,
    )


def vehicle(at_s: float, *, name: str = "v1", arrived_s: float = 2.0, box: Box = PLACE) -> StandingVehicle:
    return StandingVehicle(
        id=name,
        box=box,
        label=ObjectClass.CAR,
        score=0.9,
        arrived_s=arrived_s,
        arrived_at=START + timedelta(seconds=arrived_s),
        since_start=False,
        confirmed_s=arrived_s + 2,
        last_seen_s=at_s,
        visible=True,
    )


Script = Callable[[float], tuple[StandingVehicle, ...]]


def stands(from_s: float, to_s: float, *, name: str = "v1") -> Callable[[float], tuple[StandingVehicle, ...]]:
    def script(at_s: float) -> tuple[StandingVehicle, ...]:
        here = from_s + 2 <= at_s < to_s
        return (vehicle(at_s, name=name, arrived_s=from_s),) if here else ()

    return script


class Rig:
    """A watch over faked parts, and what came out of it."""

    def __init__(
        self,
        script: Script,
        *,
        rule: Zone | None = None,
        scanner: PlateScanner | None = None,
        evidence: MemoryEvidence | None = None,
        sink: MemorySink | None = None,
    ) -> None:
        self.evidence = evidence or MemoryEvidence()
        self.sink = sink or MemorySink()
        self.clips: list[tuple[float, float]] = []
        self.standing = ScriptedStanding(script)
        rule = rule or zone()
        numbers = count(1)
        plates = PlateWatch(scanner=scanner or FixedScanner(PLATE), grammar=KoreanPlates())
        sights = Sights(store=self.evidence)
        tools = EvidenceTools(encode=encode, mark=mark, cut=self._cut, time_zone=ZoneInfo("Asia/Seoul"))
        recorder = EvidenceRecorder(camera="gate", store=self.evidence, tools=tools)
        # Ids must differ between a run and the run that continues it.
        prefix = f"{id(self):x}"[-8:]

        def new_id() -> str:
            return f"{prefix}{next(numbers):024x}"

        casework = Casework(
            camera="gate",
            zones=(rule,),
            investigation=Investigation(
                recorder=recorder, plates=plates, sights=sights, clip=ClipSpan(before_s=2, after_s=3)
            ),
            plates=plates,
            repeats=Repeats(window_s=3600),
            sights=sights,
            sink=self.sink,
            new_id=new_id,
        )
        self.watch = CameraWatch(
            camera="gate",
            zones=(rule,),
            masks=(),
            analysis_long_side=640,
            parts=WatchParts(
                detector=NothingDetected(),
                tracker=self.standing,
                dwell=DwellTimer((rule,)),
                view=ViewWatch(),
                casework=casework,
                sink=self.sink,
                new_id=new_id,
            ),
        )

    def _cut(self, from_s: float, to_s: float) -> bytes | None:
        self.clips.append((from_s, to_s))
        return b"clip %d" % len(self.clips)

    def play(self, from_s: int, to_s: int, *, image: Callable[[float], Image] | None = None) -> list[Report]:
        """Step once a second; the picture shows the vehicle while it stands."""
        before = len(self.sink.reports)
        for second in range(from_s, to_s):
            at_s = float(second)
            if image is None:
                here = bool(self.standing._script(at_s))
                shown = street(vehicle=PLACE if here else None)
            else:
                shown = image(at_s)
            # A camera's noise: a frozen picture is byte-equal, a live one never is.
            noise = np.random.default_rng(second).integers(-2, 3, shown.shape)
            noisy = np.asarray(np.clip(shown.astype(int) + noise, 0, 255), dtype=np.uint8)
            self.watch.step(frame(at_s, noisy, index=second))
        return self.sink.reports[before:]

    @property
    def states(self) -> list[ReportState]:
        return [report.state for report in self.sink.reports]


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
    factor = size / 480

    def other_size(at_s: float) -> Image:
        return street(vehicle=PLACE.scaled(factor, factor), size=size)

    # The same view, drawn at 480 and resized, as a camera does it.
    import cv2

    def resized(at_s: float) -> Image:
        image = street(vehicle=PLACE)
        return np.asarray(cv2.resize(image, (size * 16 // 9, size), interpolation=cv2.INTER_AREA))

    rig.play(15, 50, image=resized)
    assert rig.states == [ReportState.TEMPORARY, ReportState.FINAL]
    assert rig.sink.reports[0].frame_size == rig.sink.reports[1].frame_size
