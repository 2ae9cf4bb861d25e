"""The open cases of one camera, from opening to verdict and departure, and the reports they lead to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pipeline.case import Case
from pipeline.errors import EvidenceError, InvalidValueError, PayloadError, PictureError, QueueError
from pipeline.frame import Frame
from pipeline.geometry import Box, Size
from pipeline.investigation import SAME_VEHICLE_IOU, Investigation
from pipeline.judge import Facts, Verdict, judge, may_repeat
from pipeline.plate_watch import PlateWatch
from pipeline.repeats import Repeats
from pipeline.report import EvidenceKind, RejectionReason, Report, ReportSink, ReportState
from pipeline.sights import Sights
from pipeline.standing import StandingVehicle
from pipeline.zone import Zone

# After a photo failed (disk full, a bus in the view) the next attempt waits this long.
RETRY_S = 2.0


class Casework:
    """Holds the open cases of one camera and works them frame by frame.

    Evidence is stored before a report that names it is offered. What cannot be stored or offered now is
    tried again: a case is given up only when its vehicle has left.
    """

    def __init__(
        self,
        *,
        camera: str,
        zones: tuple[Zone, ...],
        investigation: Investigation,
        plates: PlateWatch,
        repeats: Repeats,
        sights: Sights,
        sink: ReportSink,
        new_id: Callable[[str], str],
    ) -> None:
        self._camera = camera
        self._zones = {zone.name: zone for zone in zones}
        self._investigation = investigation
        self._plates = plates
        self._repeats = repeats
        self._sights = sights
        self._sink = sink
        self._new_id = new_id
        self._cases: dict[tuple[str, str], Case] = {}
        self._retry_s: dict[str, float] = {}
        self._unsent: deque[Report] = deque()
        self._problems: list[str] = []

    @property
    def cases(self) -> tuple[Case, ...]:
        """The open cases, in the order they were opened."""
        return tuple(self._cases.values())

    @property
    def repeats(self) -> Repeats:
        """The vehicles reported before, for keeping on disk."""
        return self._repeats

    @property
    def unsent(self) -> tuple[Report, ...]:
        """Reports the sink did not take yet (its disk is full)."""
        return tuple(self._unsent)

    def open(self, frame: Frame, vehicle: StandingVehicle, zone: Zone, size: Size) -> None:
        """A vehicle was confirmed standing in a zone; photo 1 is taken by the next `work`."""
        self._cases.setdefault(
            (vehicle.id, zone.name),
            Case(
                report_id=self._new_id(
                    f"{zone.name}/{frame.at_s:.2f}/{vehicle.box.x1:.0f},{vehicle.box.y1:.0f}"
                ),
                vehicle=vehicle,
                zone=zone.name,
                zone_kind=zone.kind.value,
                dwell_s=zone.dwell_s,
                frame_size=size,
                parked_at=frame.taken_at,
                plate=self._plates.text(vehicle.id),
            ),
        )

    def violate(self, frame: Frame, vehicle: StandingVehicle, zone: Zone) -> None:
        """The zone's dwell time is over for a vehicle."""
        key = (vehicle.id, zone.name)
        case = self._cases.get(key)
        if case is not None and case.violating_at is None:
            self._cases[key] = replace(case, violating_at=frame.taken_at, violating_s=frame.at_s)

    def depart(
        self, vehicle: StandingVehicle, zone_name: str, left_at: datetime, *, hours_over: bool = False
    ) -> None:
        """A vehicle left the zone (or its hours are over); the next `work` judges its case and closes it."""
        key = (vehicle.id, zone_name)
        case = self._cases.get(key)
        if case is not None and case.departed_at is None:
            # Leaving is dated back to the last sight, which may lie before the frame that confirmed it.
            self._cases[key] = replace(case, departed_at=max(left_at, case.parked_at), hours_over=hours_over)

    def work(
        self, frame: Frame, standing: tuple[StandingVehicle, ...], others: tuple[Box, ...]
    ) -> tuple[Report, ...]:
        """Do what is due in every case.

        Args:
            frame: the current frame.
            standing: every standing vehicle.
            others: boxes of all vehicles seen in this frame, pixels of the full frame.

        Returns:
            The reports that were offered.
        """
        offered: list[Report] = []
        self.send_unsent()
        seen = {vehicle.id: vehicle for vehicle in standing}
        passing = tuple(
            box for box in others if all(box.iou(vehicle.box) < SAME_VEHICLE_IOU for vehicle in standing)
        )
        for key, opened in tuple(self._cases.items()):
            zone = self._zones[opened.zone]
            # Who is not among the standing is not there as far as is known: whoever stands in its place now
            # (after a restart, say) must lend it neither photo nor plate.
            absent = replace(opened.vehicle, visible=False)
            case = replace(opened, vehicle=seen.get(opened.vehicle.id, absent))
            case = self._investigated(case, zone, frame, others, passing)
            case = self._offer_due(case, zone, offered)
            if case.departed_at is not None and case.decided:
                self._close(key, case)
            else:
                self._cases[key] = case
        self._plates.keep_only(frozenset(case.vehicle.id for case in self._cases.values()))
        return tuple(offered)

    def due_s(self) -> float:
        """Media time from which `work` has something to do while nothing changes; infinite when never."""
        if self._unsent:
            return float("-inf")
        dues = (self._investigation.due_s(case, self._zones[case.zone]) for case in self._cases.values())
        return min(dues, default=float("inf"))

    def finish(self) -> tuple[Report, ...]:
        """The footage has ended: judge every open case by what is known and close it."""
        offered: list[Report] = []
        for key, case in tuple(self._cases.items()):
            zone = self._zones[case.zone]
            if case.revision == 0:
                case = self._offer(case, offered)
            if not case.decided:
                verdict = self._verdict(case, zone, ended=True)
                if verdict is None or verdict.state is ReportState.REJECTED:
                    # It has not left: what is missing is footage, and the reason says so.
                    verdict = Verdict(state=ReportState.REJECTED, rejection=RejectionReason.FOOTAGE_ENDED)
                case = self._give(case, verdict, offered)
            self._close(key, case)
        return tuple(offered)

    def take_problems(self) -> tuple[str, ...]:
        """What went wrong since the last call, one sentence each; for the caller to log and show."""
        problems, self._problems = tuple(dict.fromkeys(self._problems)), []
        return problems

    def restore(self, cases: tuple[Case, ...], unsent: tuple[Report, ...], *, offset_s: float) -> None:
        """Continue with what an earlier run left.

        Args:
            cases: its open cases; one whose zone is no longer configured is rejected for that reason.
            unsent: what its sink did not take.
            offset_s: media time of this run minus that of the earlier one, at the same moment.
        """
        self._unsent.extend(unsent)
        for kept in cases:
            case = kept.moved(offset_s)
            if case.zone in self._zones:
                zone = self._zones[case.zone]
                case = case.under(kind=zone.kind.value, dwell_s=zone.dwell_s)
                self._cases[case.vehicle.id, case.zone] = case
                self._plates.recall(case.vehicle.id, case.readings)
            elif case.revision > 0 and not case.decided:
                gone = Verdict(state=ReportState.REJECTED, rejection=RejectionReason.ZONE_REMOVED)
                self._offer(case.judged(gone), [])

    def _investigated(
        self, case: Case, zone: Zone, frame: Frame, others: tuple[Box, ...], passing: tuple[Box, ...]
    ) -> Case:
        steps = self._investigation
        waiting = frame.at_s < self._retry_s.get(case.report_id, frame.at_s)
        try:
            if case.departed_at is None and case.vehicle.visible and not waiting:
                case = steps.first_photo(case, zone, frame, others, passing)
                case = steps.plate(case, frame, others)
                failed = case.failed_pairs
                case = steps.second_photo(case, zone, frame, others)
                if case.failed_pairs > failed:
                    self._retry_later(case, frame)
            case = steps.violation_clip(case, frame)
        except (EvidenceError, PictureError, InvalidValueError) as error:
            # What was stored before the failure is content-addressed: the retry doubles nothing.
            self._problems.append(str(error))
            self._retry_later(case, frame)
        if case.departed_at is None and case.state in (ReportState.FINAL, ReportState.DUPLICATE):
            self._repeats.seen(case.duplicate_of or case.report_id, frame.taken_at)
        return case

    def _retry_later(self, case: Case, frame: Frame) -> None:
        self._retry_s[case.report_id] = frame.at_s + RETRY_S

    def _offer_due(self, case: Case, zone: Zone, offered: list[Report]) -> Case:
        """Offer the revisions that are due: temporary at photo 1, the verdict, and a later departure."""
        has_photo = case.find(EvidenceKind.PHOTO_1) is not None
        if case.revision == 0 and (has_photo or case.departed_at is not None):
            case = self._offer(case, offered)
        if case.revision == 0:
            return case
        if case.decided:
            return self._offer_news(case, zone, offered)
        verdict = self._verdict(case, zone, ended=case.departed_at is not None)
        return case if verdict is None else self._give(case, verdict, offered)

    def _offer_news(self, case: Case, zone: Zone, offered: list[Report]) -> Case:
        """What is learnt of a judged case: its plate was read after all, it has left."""
        read_late = case.state is ReportState.FINAL and case.plate.accepted and not case.plate_offered
        if not read_late and case.departed_at is None:
            return case
        if read_late and case.plate.text in zone.allowed_plates:
            allowed = Verdict(state=ReportState.REJECTED, rejection=RejectionReason.PLATE_ALLOWED)
            case = case.judged(allowed)
            self._repeats.forget(case.report_id)
        elif read_late:
            self._repeats.forget(case.report_id)
            self._repeats.add(case)
        return self._offer(case, offered)

    def _verdict(self, case: Case, zone: Zone, *, ended: bool) -> Verdict | None:
        facts = Facts(
            zone=zone,
            violating=case.violating_at is not None,
            departed=ended,
            hours_over=case.hours_over,
            has_photo_1=case.find(EvidenceKind.PHOTO_1) is not None,
            photos=case.pair,
            plate=case.plate,
            plate_hopeless=self._plates.hopeless(case.vehicle.id),
            clip_due=not case.clip_done,
            repeat_of=None,
            pair_gap_s=case.photo_gap_s,
        )
        verdict = judge(facts)
        if verdict is not None and may_repeat(verdict):
            # Looking for repeats compares pictures, so it is done once, when everything else is known.
            verdict = judge(replace(facts, repeat_of=self._repeats.of(case, self._sights)))
        return verdict

    def _give(self, case: Case, verdict: Verdict, offered: list[Report]) -> Case:
        case = self._offer(case.judged(verdict), offered)
        if case.state is ReportState.FINAL:
            self._repeats.add(case)
        return case

    def _offer(self, case: Case, offered: list[Report]) -> Case:
        case = replace(case, revision=case.revision + 1, plate_offered=case.plate.accepted)
        report = case.to_report(self._camera)
        offered.append(report)
        self._unsent.append(report)
        self.send_unsent()
        return case

    def send_unsent(self) -> None:
        """Offer again what the sink did not take."""
        while self._unsent:
            try:
                self._sink.offer(self._unsent[0])
            except PayloadError as error:
                # No later attempt can succeed, and the reports behind it must not wait for it.
                self._problems.append(f"report {self._unsent[0].id} cannot be queued: {error}")
            except QueueError as error:
                self._problems.append(str(error))
                return
            self._unsent.popleft()

    def _close(self, key: tuple[str, str], case: Case) -> None:
        del self._cases[key]
        self._retry_s.pop(case.report_id, None)
        self._sights.forget(case.report_id)
