"""Reading the plates of standing vehicles: keeps trying with back-off until sure, or until they leave."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from pipeline.frame import Frame
from pipeline.geometry import Box
from pipeline.picture import Image
from pipeline.plate import UNREAD, PlateGrammar, PlateScanner, PlateSighting, PlateText
from pipeline.plate_vote import PlateVote, TimedReading
from pipeline.read_schedule import ReadSchedule
from pipeline.standing import StandingVehicle

# Six attempts with back-off span half a minute: what was illegible for that long rarely gets legible later.
# They begin when the halt is confirmed and are over before the shortest default dwell, a minute, is: no
# report of a zone with its times by kind waits for its plate. Where a zone has shorter times it does, as the
# plate may say that the vehicle is allowed there, and no accusation is to be taken back.
HOPELESS_AFTER = 6
# Reading goes on until this many readings have voted, even when the first was accepted: one crop alone can be
# wrong and sure of it.
ENOUGH_READINGS = 3


@dataclass(slots=True)
class _Work:
    vote: PlateVote
    schedule: ReadSchedule
    attempts: int = 0
    best: float = field(default=0.0)
    last_crop: bytes = b""

    def is_new(self, crop: Image) -> bool:
        """Whether `crop` is another picture than the last: a frozen camera must not agree with itself."""
        seen, self.last_crop = self.last_crop, hashlib.sha256(crop.tobytes()).digest()
        return seen != self.last_crop


class PlateWatch:
    """The plates of one camera's standing vehicles.

    Args:
        scanner: finds and reads a plate, or None where plates are not read.
        grammar: which texts can be plates here.
    """

    def __init__(self, *, scanner: PlateScanner | None, grammar: PlateGrammar) -> None:
        self._scanner = scanner
        self._grammar = grammar
        self._work: dict[str, _Work] = {}

    def look(self, frame: Frame, vehicle: StandingVehicle, others: tuple[Box, ...]) -> PlateSighting | None:
        """Try to read the plate of `vehicle` if an attempt is due and it is in plain view.

        Returns:
            The sighting if its crop is the best of this vehicle so far, and so worth keeping as evidence.
        """
        work = self._of(vehicle.id)
        now_s = frame.at_s
        if self._scanner is None or not vehicle.visible or not work.schedule.due(now_s):
            return None
        work.attempts += 1
        sighting = self._scanner.scan(frame.detail.bgr(), vehicle.box, others)
        if sighting is not None and sighting.reading.characters and work.is_new(sighting.crop):
            work.vote.add(sighting.reading, now_s)
        result = work.vote.result()
        work.schedule.attempted(now_s, accepted=result.accepted and result.readings >= ENOUGH_READINGS)
        if sighting is None:
            return None
        worth = sighting.reading.sharpness * sighting.reading.height_px
        if worth <= work.best:
            return None
        work.best = worth
        return sighting

    def due_s(self, vehicle_id: str) -> float:
        """Media time of the next attempt at a vehicle's plate; infinite when there is none."""
        if self._scanner is None:
            return float("inf")
        work = self._work.get(vehicle_id)
        return float("-inf") if work is None else work.schedule.due_s

    def text(self, vehicle_id: str) -> PlateText:
        """What the vote says of a vehicle's plate."""
        work = self._work.get(vehicle_id)
        return UNREAD if work is None else work.vote.result()

    def readings(self, vehicle_id: str) -> tuple[TimedReading, ...]:
        """The readings that vote, for keeping on disk."""
        work = self._work.get(vehicle_id)
        return () if work is None else work.vote.kept

    def hopeless(self, vehicle_id: str) -> bool:
        """Whether enough was tried without an accepted text; without a scanner, always."""
        if self._scanner is None:
            return True
        work = self._work.get(vehicle_id)
        return work is not None and work.attempts >= HOPELESS_AFTER and not work.vote.result().accepted

    def recall(self, vehicle_id: str, readings: tuple[TimedReading, ...]) -> None:
        """Continue with readings of an earlier run."""
        work = self._of(vehicle_id)
        for timed in readings:
            work.vote.add(timed.reading, timed.at_s)

    def keep_only(self, vehicle_ids: frozenset[str]) -> None:
        """Forget every vehicle but these: the state stays bounded."""
        self._work = {key: work for key, work in self._work.items() if key in vehicle_ids}

    def _of(self, vehicle_id: str) -> _Work:
        if vehicle_id not in self._work:
            self._work[vehicle_id] = _Work(vote=PlateVote(self._grammar), schedule=ReadSchedule())
        return self._work[vehicle_id]
