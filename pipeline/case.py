"""One vehicle in one no-parking zone, from photo 1 to the verdict: everything a report will say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.geometry import Size
from pipeline.judge import PhotoPair, Verdict
from pipeline.plate import PlateText
from pipeline.plate_vote import TimedReading
from pipeline.report import Evidence, EvidenceKind, RejectionReason, Report, ReportState
from pipeline.standing import StandingVehicle


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A vehicle standing in a zone, as a value: kept on disk, so that a restart goes on where it was.

    Attributes:
        report_id: id of its report, 32 hex digits.
        revision: the last revision offered; 0 before the first.
        state: state of that revision.
        vehicle: the standing vehicle, last known.
        zone, zone_kind, dwell_s: the zone's name, kind and allowed seconds: a report can be ended when the
            zone is no longer configured.
        frame_size: pixels that the vehicle's box refers to.
        parked_at: when it was confirmed, and then when photo 1 was taken.
        photo_1_s: media time of photo 1, or None before it. What is timed is timed by media time, which no
            set clock moves; wall-clock times are for people.
        violating_at: when the dwell time was over, or None.
        violating_s: the same as media time.
        departed_at: when it left, or None.
        hours_over: it ended because the zone's hours did, not because it left.
        pair: how far the photos are.
        failed_pairs: second photos in a row that did not go with photo 1.
        photo_2_at: when photo 2 was taken, or None.
        arrived_at: when the vehicle arrived by a clock that was set since; None: as the vehicle says.
        same_view: similarity of the two views, 0-1, or None.
        plate: the vote so far.
        plate_offered: the newest revision carried an accepted plate.
        readings: what votes, bounded by the vote.
        evidence: everything stored so far.
        clip_done: the clip around the violation is stored, or will never be.
        photo_gap_s: the gap its zone asked for when the pair became complete, and then of the verdict.
        rejection, duplicate_of, unread_allowed: of the verdict.
    """

    report_id: str
    vehicle: StandingVehicle
    zone: str
    zone_kind: str
    dwell_s: float
    frame_size: Size
    parked_at: datetime
    plate: PlateText
    revision: int = 0
    state: ReportState = ReportState.TEMPORARY
    photo_1_s: float | None = None
    violating_at: datetime | None = None
    violating_s: float | None = None
    departed_at: datetime | None = None
    hours_over: bool = False
    pair: PhotoPair = PhotoPair.MISSING
    failed_pairs: int = 0
    photo_2_at: datetime | None = None
    arrived_at: datetime | None = None
    same_view: float | None = None
    plate_offered: bool = False
    readings: tuple[TimedReading, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    clip_done: bool = False
    rejection: RejectionReason | None = None
    duplicate_of: str | None = None
    photo_gap_s: float | None = None
    unread_allowed: bool | None = None

    @property
    def decided(self) -> bool:
        """Whether a verdict was given (a departure may still be added to it)."""
        return self.state is not ReportState.TEMPORARY

    def find(self, kind: EvidenceKind) -> Evidence | None:
        """The evidence of `kind`, the newest where there are several."""
        return next((e for e in reversed(self.evidence) if e.kind is kind), None)

    def with_evidence(self, *items: Evidence) -> Case:
        """The case with `items` added; an item that is already there is not added again."""
        new = tuple(item for item in items if item not in self.evidence)
        return replace(self, evidence=self.evidence + new)

    def replacing(self, *items: Evidence) -> Case:
        """The case with `items` in the place of all evidence of their kinds."""
        kinds = {item.kind for item in items}
        return replace(self, evidence=tuple(e for e in self.evidence if e.kind not in kinds) + items)

    def moved(self, offset_s: float) -> Case:
        """The same case on a media time that reads `offset_s` more (another run's)."""
        return replace(
            self,
            photo_1_s=None if self.photo_1_s is None else self.photo_1_s + offset_s,
            violating_s=None if self.violating_s is None else self.violating_s + offset_s,
            readings=tuple(replace(r, at_s=r.at_s + offset_s) for r in self.readings),
            vehicle=replace(
                self.vehicle,
                arrived_s=self.vehicle.arrived_s + offset_s,
                confirmed_s=self.vehicle.confirmed_s + offset_s,
                last_seen_s=self.vehicle.last_seen_s + offset_s,
            ),
        )

    def under(self, *, kind: str, dwell_s: float) -> Case:
        """The same case where its zone's rule may be another one than when it was opened.

        A verdict stands, and so does a violation of the rule that held then.
        """
        if self.decided or self.violating_at is not None:
            return self
        return replace(self, zone_kind=kind, dwell_s=dwell_s)

    def redated(self, taken_at: datetime, at_s: float) -> Case:
        """The same case by the clock that says `taken_at` at media time `at_s`.

        Media time, which no set clock moves, tells how long ago each of its moments was.
        """

        def moment(then_s: float) -> datetime:
            return taken_at - timedelta(seconds=at_s - then_s)

        return replace(
            self,
            arrived_at=moment(self.vehicle.arrived_s),
            parked_at=self.parked_at if self.photo_1_s is None else moment(self.photo_1_s),
            violating_at=None if self.violating_s is None else moment(self.violating_s),
        )

    def judged(self, verdict: Verdict) -> Case:
        """The case after `verdict`."""
        return replace(
            self,
            state=verdict.state,
            rejection=verdict.rejection,
            duplicate_of=verdict.duplicate_of,
            photo_gap_s=verdict.photo_gap_s,
            unread_allowed=verdict.unread_allowed,
        )

    def to_report(self, camera: str) -> Report:
        """The report of this case at its revision."""
        return Report(
            id=self.report_id,
            revision=self.revision,
            state=self.state,
            camera=camera,
            zone=self.zone,
            zone_kind=self.zone_kind,
            vehicle_id=self.vehicle.id,
            label=self.vehicle.label,
            box=self.vehicle.box,
            frame_size=self.frame_size,
            score=self.vehicle.score,
            arrived_at=self.arrived_at or self.vehicle.arrived_at,
            since_start=self.vehicle.since_start,
            parked_at=self.parked_at,
            violating_at=self.violating_at,
            departed_at=self.departed_at,
            last_seen_at=self.last_seen_at,
            dwell_limit_s=self.dwell_s,
            plate=self.plate,
            evidence=self.evidence,
            same_view=self.same_view,
            duplicate_of=self.duplicate_of,
            rejection=self.rejection,
            note=self._note(),
            look=self.vehicle.look,
            photo_gap_s=self.photo_gap_s,
            unread_allowed=self.unread_allowed,
        )

    @property
    def last_seen_at(self) -> datetime:
        """The last moment it is known to have stood there."""
        moments = [self.parked_at, self.violating_at, self.photo_2_at, self.departed_at]
        if self.departed_at is None:
            # Afterwards the departure says it, which is dated back to the last sight.
            stood_s = self.vehicle.last_seen_s - self.vehicle.arrived_s
            moments.append(
                (self.arrived_at or self.vehicle.arrived_at) + timedelta(seconds=max(0.0, stood_s))
            )
        return max(moment for moment in moments if moment is not None)

    def _note(self) -> str:
        notes = []
        if self.vehicle.since_start:
            notes.append("It already stood there when watching began; its arrival is the first sight.")
        if self.state is ReportState.FINAL and not self.plate.accepted:
            notes.append("The plate could not be read; the zone allows a report without it.")
        return " ".join(notes)
