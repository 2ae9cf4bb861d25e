"""A watch over faked vision, places and disk, for tests of the whole judgement of one camera."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from zoneinfo import ZoneInfo

from pipeline.casework import Casework
from pipeline.detection import Detector, ObjectClass
from pipeline.dwell import DwellTimer
from pipeline.evidence import EvidenceRecorder, EvidenceTools
from pipeline.geometry import Box, Point, Polygon
from pipeline.idle_pace import IdlePace
from pipeline.investigation import ClipSpan, Investigation
from pipeline.korean_plates import KoreanPlates
from pipeline.picture import Image
from pipeline.plate import PlateScanner
from pipeline.plate_watch import PlateWatch
from pipeline.repeats import Repeats
from pipeline.report import Report, ReportState
from pipeline.sights import Sights
from pipeline.standing import StandingVehicle
from pipeline.view_watch import ViewWatch
from pipeline.watch import CameraWatch, WatchParts
from pipeline.zone import Zone, ZoneKind
from tests.pipeline.fakes import (
    START,
    FixedScanner,
    MemoryEvidence,
    MemorySink,
    NothingDetected,
    ScriptedStanding,
    draw_view,
    encode,
    frame,
    grainy,
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
        detector: Detector | None = None,
        standing: type[ScriptedStanding] = ScriptedStanding,
        pace: IdlePace | None = None,
    ) -> None:
        self.evidence = evidence or MemoryEvidence()
        self.sink = sink or MemorySink()
        self.clips: list[tuple[float, float]] = []
        self.standing = standing(script)
        rule = rule or zone()
        numbers = count(1)
        plates = PlateWatch(scanner=scanner or FixedScanner(PLATE), grammar=KoreanPlates())
        sights = Sights(store=self.evidence)
        tools = EvidenceTools(
            encode=encode, mark=mark, draw_view=draw_view, cut=self._cut, time_zone=ZoneInfo("Asia/Seoul")
        )
        recorder = EvidenceRecorder(camera="gate", store=self.evidence, tools=tools)
        # Ids must differ between a run and the run that continues it.
        prefix = f"{id(self):x}"[-8:]

        def new_id(_what: str) -> str:
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
            pace=pace,
            parts=WatchParts(
                detector=detector or NothingDetected(),
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
            self.watch.step(frame(at_s, grainy(shown, second), index=second))
        return self.sink.reports[before:]

    @property
    def states(self) -> list[ReportState]:
        return [report.state for report in self.sink.reports]
