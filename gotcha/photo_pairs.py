"""Brings the photos of one vehicle together: the second one makes a report of the first."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from gotcha.analyzers import AnalysisTools
from gotcha.photo_evidence import PhotoEvidence
from gotcha.photo_look import SeenVehicle, look_at, voted
from gotcha.photo_picture import PhotoPicture
from jobs.camera_lock import camera_locked
from pipeline.errors import EvidenceError, EvidenceUnavailableError, PictureError
from pipeline.geometry import Box
from pipeline.judge import PhotoPair
from pipeline.photo_pair import PairComparison, Sight, compare_pair, take_sight
from pipeline.photo_report import (
    OTHER_VIEW,
    PhotoSighting,
    at_one_place,
    lone_report,
    may_pair,
    misdated_report,
    paired_report,
    repeated_report,
    seen_from_elsewhere,
    waiting_report,
)
from pipeline.plate import PlateSighting
from pipeline.plate_match import PlateMatch, same_plate
from pipeline.report import EvidenceKind, Report, ReportState
from storage.analyses import AnalysisKind
from storage.analysis_store import AnalysisStore
from storage.photo_waits import PhotoWaits

_log = logging.getLogger(__name__)

_LOCK_S = 60.0
# Of ids of reports: the same photo, its time, camera, zone and vehicle give the same report.
_NAMESPACE = uuid.UUID("5b1d7a52-6c0a-4c0e-9a0c-3f4a8f0c7d11")
# Views smaller than this cannot be compared (pipeline.background.same_view).
_LEAST_VIEW_PX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    """A waiting report that shows the vehicle of a new photo, and how the two compare."""

    report: Report
    compared: PairComparison


class PhotoPairs:
    """Turns sightings on photos into reports; all workers may do so at once.

    Args:
        tools: database, evidence and models.
    """

    def __init__(self, tools: AnalysisTools) -> None:
        self._tools = tools
        self._waits = PhotoWaits(tools.engine)
        self._evidence = PhotoEvidence(tools)

    def place(
        self, sighting: PhotoSighting, seen: SeenVehicle, photo: PhotoPicture, others: tuple[SeenVehicle, ...]
    ) -> Report:
        """The report a vehicle on a photo belongs to: a new one that waits, or one that it completes.

        Args:
            sighting: the vehicle in its zone.
            seen: the same as the models see it.
            photo: the picture.
            others: the other vehicles on it.

        Raises:
            StorageError, EvidenceError: it cannot be stored now.
        """
        with camera_locked(self._tools.redis, "photos", sighting.camera, longest_s=_LOCK_S):
            known = self._known(sighting, photo)
            for report in known:
                if _taken_at(report, photo) == sighting.taken_at:
                    return report
            # Its time is corrected: at the other one it must find no partner, least of all itself.
            waiting = [one for one in known if one.state is ReportState.TEMPORARY]
            self._tools.keeper.keep([misdated_report(one) for one in waiting])
            matches = tuple(self._matches(sighting, seen, photo, others))
            max_gap_s = self._tools.config.photos.max_gap_s
            partner = next((m for m in matches if may_pair(m.report, sighting, max_gap_s=max_gap_s)), None)
            if partner is None:
                elsewhere = self._from_elsewhere(sighting, {match.report.id for match in matches})
                self._tools.keeper.keep(
                    [seen_from_elsewhere(one) for one in elsewhere if OTHER_VIEW not in one.note]
                )
                if elsewhere:
                    sighting = replace(sighting, note=f"{sighting.note} {OTHER_VIEW}".strip())
                return self._wait(sighting, seen, photo)
            report = self._pair(partner, sighting, seen, photo)
            if report.state is ReportState.FINAL:
                spare = (m.report for m in matches if m is not partner)
                self._tools.keeper.keep([repeated_report(one, report) for one in spare])
            return report

    def give_up(self, now: datetime) -> int:
        """Reject the photos whose second one did not come in time; how many.

        Photos that came in time and are not analysed yet, as no worker was there or something was away, may
        hold it: then only those are rejected whose time was over before.

        Raises:
            StorageError: the database refuses.
        """
        unseen = AnalysisStore(self._tools.engine).oldest_unfinished(AnalysisKind.PHOTO)
        known_until = now if unseen is None else min(now, unseen)
        before = known_until - timedelta(seconds=self._tools.config.photos.partner_wait_s)
        overdue = self._waits.overdue(stored_before=before)
        for report in overdue:
            with camera_locked(self._tools.redis, "photos", report.camera, longest_s=_LOCK_S):
                # A revision that came in between is newer or the same: then this one is ignored.
                self._tools.keeper.keep([lone_report(report)])
        return len(overdue)

    def _known(self, sighting: PhotoSighting, photo: PhotoPicture) -> tuple[Report, ...]:
        """The reports that hold this photo of this vehicle already: the analysis is done again, or the photo
        was sent with another time.
        """
        return tuple(
            report
            for report in self._waits.with_photo(camera=sighting.camera, sha256=photo.sha256)
            if report.zone == sighting.zone.name and at_one_place(report, sighting)
        )

    def _matches(
        self,
        sighting: PhotoSighting,
        seen: SeenVehicle,
        photo: PhotoPicture,
        others: tuple[SeenVehicle, ...],
    ) -> Iterator[_Match]:
        """The waiting reports that show the same vehicle from the same view, nearest in time first."""
        waiting = self._waiting(sighting)
        now = take_sight(photo, seen.box, tuple(other.box for other in others))
        for report in sorted(waiting, key=lambda one: abs(one.parked_at - sighting.taken_at)):
            if not at_one_place(report, sighting):
                continue
            if same_plate(report.plate, sighting.plate) is PlateMatch.DIFFERENT:
                continue
            compared = self._compared(report, now)
            if compared is not None and compared.pair is PhotoPair.COMPLETE:
                yield _Match(report=report, compared=compared)

    def _from_elsewhere(self, sighting: PhotoSighting, same_view: Collection[str]) -> list[Report]:
        """The waiting reports of the same plate that would make a pair, were they of the same view."""
        max_gap_s = self._tools.config.photos.max_gap_s
        return [
            one
            for one in self._waiting(sighting)
            if one.id not in same_view
            and same_plate(one.plate, sighting.plate) is PlateMatch.SAME
            and may_pair(one, sighting, max_gap_s=max_gap_s)
        ]

    def _waiting(self, sighting: PhotoSighting) -> tuple[Report, ...]:
        reach = timedelta(seconds=self._tools.config.photos.max_gap_s)
        return self._waits.waiting(
            camera=sighting.camera,
            zone=sighting.zone.name,
            since=sighting.taken_at - reach,
            until=sighting.taken_at + reach,
        )

    def _compared(self, report: Report, now: Sight) -> PairComparison | None:
        try:
            stored = self._evidence.first_photo(report)
            then = take_sight(stored, _box_in(report, stored), ())
        except EvidenceUnavailableError:
            # The photo is there, out of reach: taken for another view, the pair would never be made.
            raise
        except (EvidenceError, PictureError) as error:
            _log.warning("the photo of report %s cannot be compared: %s", report.id, error)
            return None
        if min(*then.gray.shape, *now.gray.shape) < _LEAST_VIEW_PX:
            return None
        if np.array_equal(then.gray, now.gray):
            # No two photos are alike in every pixel: this is one, and shows one moment, whatever they say.
            return None
        return compare_pair(then, now)

    def _wait(self, sighting: PhotoSighting, seen: SeenVehicle, photo: PhotoPicture) -> Report:
        at = sighting.taken_at.isoformat()
        name = f"{photo.sha256}/{sighting.camera}/{sighting.zone.name}/{seen.box}/{at}"
        evidence = self._evidence.photo(sighting, photo, second=False)
        plate = self._evidence.plate(sighting, seen.sighting)
        report = waiting_report(uuid.uuid5(_NAMESPACE, name).hex, sighting, (*evidence, *plate))
        self._tools.keeper.keep([report])
        return report

    def _pair(self, match: _Match, sighting: PhotoSighting, seen: SeenVehicle, photo: PhotoPicture) -> Report:
        waiting = match.report
        earlier = waiting.parked_at < sighting.taken_at
        stored = self._evidence.first_photo(waiting)
        read = self._read_again(waiting, stored)
        gap_s = abs((sighting.taken_at - waiting.parked_at).total_seconds())
        mine = self._evidence.photo(sighting, photo, second=earlier)
        theirs = tuple(item for item in waiting.evidence if item.kind is not EvidenceKind.PLATE)
        crops = tuple(item for item in waiting.evidence if item.kind is EvidenceKind.PLATE)
        if earlier:
            readings, later = (read, seen.sighting), photo.frame(sighting.camera, sighting.taken_at)
        else:
            readings, later = (seen.sighting, read), stored.frame(waiting.camera, waiting.parked_at)
            theirs = tuple(self._evidence.as_second(item, waiting.camera) for item in theirs)
        report = paired_report(
            waiting,
            sighting,
            plate=voted(self._region(sighting.camera), *readings, apart_s=gap_s),
            same_view=match.compared.view,
            evidence=(
                *theirs,
                *mine,
                *self._evidence.view_map(match.compared, later),
                *crops,
                *self._evidence.plate(sighting, seen.sighting),
            ),
        )
        self._tools.keeper.keep([report])
        # What it became there: perhaps the repeat of an accusation.
        stored_report = self._tools.reports.get(report.id)
        return report if stored_report is None else stored_report.report

    def _read_again(self, waiting: Report, stored: PhotoPicture) -> PlateSighting | None:
        look = look_at(
            stored.bgr(),
            config=self._tools.config,
            models=self._tools.models.get(),
            region=self._region(waiting.camera),
            wanted=lambda _label, box: box.iou(_box_in(waiting, stored)) >= 0.5,
        )
        box = _box_in(waiting, stored)
        best = max(look.vehicles, key=lambda vehicle: vehicle.box.iou(box), default=None)
        return None if best is None or best.box.iou(box) < 0.5 else best.sighting

    def _region(self, camera: str) -> str:
        config = self._tools.config
        return config.region_of(camera) if camera in config.cameras else config.region


def _taken_at(report: Report, photo: PhotoPicture) -> datetime | None:
    """When a report says that `photo` was taken."""
    return next((item.taken_at for item in report.evidence if item.sha256 == photo.sha256), None)


def _box_in(report: Report, photo: PhotoPicture) -> Box:
    """The vehicle of a report in pixels of its photo."""
    size = report.frame_size
    return report.box.scaled(photo.size.width / size.width, photo.size.height / size.height)
