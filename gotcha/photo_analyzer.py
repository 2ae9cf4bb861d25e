"""Analysing uploaded photos in a worker: vehicles, plates, zones, and the reports that come of two photos."""

from __future__ import annotations

import json
from datetime import datetime

from gotcha.analyzers import AnalysisTools
from gotcha.cli.report_json import Json, moment_json
from gotcha.photo_look import SeenVehicle, look_at
from gotcha.photo_pairs import PhotoPairs
from gotcha.photo_picture import PhotoPicture, open_photo
from gotcha.photo_places import PhotoMoment, PhotoPlace, photo_moment, photo_place
from jobs.analyses import AnalysisControl
from jobs.context import utc_now
from jobs.photo_facts import PhotoFacts, PhotoLimits, photo_facts
from jobs.photo_intake import TAKEN_AT
from pipeline.detection import ObjectClass
from pipeline.footprint import inside_zone
from pipeline.geometry import Box, Size
from pipeline.photo_report import OTHER_VIEW, PhotoSighting, least_gap_s
from pipeline.report import Report, ReportState
from pipeline.zone import Zone
from storage.analyses import Analysis, Progress, UploadedFile

_UNDATED = "the photo does not say when it was taken: send the time with it"
_CONVERTED = "the evidence is a JPEG made of the file, whose SHA-256 is {}"


class PhotoAnalyzer:
    """Does the analyses of kind `photo`; implements `jobs.analyses.Analyzer`.

    Args:
        tools: configuration, models, files and stores.
    """

    def __init__(self, tools: AnalysisTools) -> None:
        self._tools = tools
        self._pairs = PhotoPairs(tools)
        photos = tools.config.photos
        self._limits = PhotoLimits(max_bytes=photos.max_bytes, max_pixels=photos.max_pixels)

    def analyze(self, analysis: Analysis, control: AnalysisControl) -> str:
        """What was found, as JSON text; its reports are stored before it returns.

        Raises:
            AnalysisInterrupted: `control.stop` was set before it was done; done again, it stores nothing
                twice.
            PictureError: a photo is damaged.
            UploadError: a file is gone.
            StorageError, EvidenceError: a report cannot be stored.
        """
        files = analysis.asked.files
        photos: list[dict[str, Json]] = []
        for number, file in enumerate(files):
            control.check()
            control.advance(Progress(done_s=number, whole_s=len(files)))
            photos.append(self._photo(analysis, file))
        control.advance(Progress(done_s=len(files), whole_s=len(files)))
        named = [v["report"] for p in photos for v in _list(p["vehicles"]) if isinstance(v, dict)]
        reports: list[Json] = list(dict.fromkeys(name for name in named if isinstance(name, str)))
        return json.dumps({"photos": list[Json](photos), "reports": reports}, ensure_ascii=False)

    def _photo(self, analysis: Analysis, file: UploadedFile) -> dict[str, Json]:
        config = self._tools.config
        with self._tools.uploads.opened(file.key) as path:
            facts = photo_facts(path, self._limits, utc_now())
            photo = open_photo(path, facts.media_type, file.name)
        place = photo_place(config, analysis.asked.camera, facts.position)
        given = analysis.asked.settings.get(TAKEN_AT)
        moment = photo_moment(
            facts, None if given is None else datetime.fromisoformat(given), place.time_zone
        )
        look = look_at(
            photo.bgr(),
            config=config,
            models=self._tools.models.get(),
            region=place.region,
            masks=place.masks,
            wanted=lambda label, box: _zone_of(place, label, box, photo.size) is not None,
        )
        vehicles = [
            self._vehicle(seen, tuple(o for o in look.vehicles if o is not seen), photo, place, moment, file)
            for seen in look.vehicles
        ]
        return _photo_json(file, facts, photo, place, moment) | {"vehicles": list[Json](vehicles)}

    def _vehicle(
        self,
        seen: SeenVehicle,
        others: tuple[SeenVehicle, ...],
        photo: PhotoPicture,
        place: PhotoPlace,
        moment: PhotoMoment | None,
        file: UploadedFile,
    ) -> dict[str, Json]:
        found = vehicle_json(seen)
        zone = _zone_of(place, seen.label, seen.box, photo.size)
        found["zone"] = None if zone is None else zone.name
        report: Report | None = None
        if zone is None:
            why = "it stands in no zone"
        elif moment is None:
            why = _UNDATED
        elif not zone.schedule.applies_at(moment.taken_at):
            why = "the zone did not apply at that time"
        elif seen.plate.accepted and seen.plate.text in zone.allowed_plates:
            why = "its plate may stand there"
        else:
            notes = (moment.note, _CONVERTED.format(file.sha256) if photo.converted else "")
            sighting = PhotoSighting(
                camera=place.camera,
                zone=zone,
                label=seen.label,
                score=seen.score,
                box=seen.box,
                frame_size=photo.size,
                taken_at=moment.taken_at,
                plate=seen.plate,
                note=" ".join(filter(None, notes)),
                look=seen.look,
            )
            report = self._pairs.place(sighting, seen, photo, others)
            why = _why(report, zone)
        found["report"] = None if report is None else report.id
        found["report_state"] = None if report is None else report.state.value
        found["why"] = why
        return found


def vehicle_json(seen: SeenVehicle) -> dict[str, Json]:
    """A vehicle as the models see it; boxes in pixels of the upright picture."""
    plate: Json = None
    if seen.sighting is not None:
        plate = {
            "text": seen.sighting.reading.text,
            "confidences": [round(c.probability, 4) for c in seen.sighting.reading.characters],
            "box": _box(seen.sighting.box),
            "score": round(seen.sighting.score, 4),
        }
    return {
        "class": seen.label.value,
        "score": round(seen.score, 4),
        "box": _box(seen.box),
        "colour": None if seen.look is None or seen.look.colour is None else seen.look.colour.value,
        "plate": plate,
    }


def _photo_json(
    file: UploadedFile,
    facts: PhotoFacts,
    photo: PhotoPicture,
    place: PhotoPlace,
    moment: PhotoMoment | None,
) -> dict[str, Json]:
    at = facts.position
    return {
        "file": file.name,
        "sha256": file.sha256,
        "media_type": facts.media_type.value,
        "size": [photo.size.width, photo.size.height],
        "taken_at": None if moment is None else moment_json(moment.taken_at),
        "time_from": None if moment is None else moment.known.value,
        "note": _UNDATED if moment is None else moment.note,
        "position": None if at is None else [round(at.latitude, 7), round(at.longitude, 7)],
        "camera": place.camera,
        "camera_from": place.found.value,
    }


def _zone_of(place: PhotoPlace, label: ObjectClass, box: Box, size: Size) -> Zone | None:
    """The first zone that a vehicle stands in; its classes count."""
    for zone in place.zones:
        if label in zone.classes and inside_zone(box, zone.polygon.in_pixels(size), zone.overlap):
            return zone
    return None


def _why(report: Report, zone: Zone) -> str:
    if report.state is ReportState.TEMPORARY:
        waits = f"waits for a second photo of it from the same view, at least {least_gap_s(zone):g} s apart"
        return f"{waits}. {OTHER_VIEW}" if OTHER_VIEW in report.note else waits
    if report.rejection is not None:
        return f"rejected: {report.rejection.value}"
    if report.duplicate_of is not None:
        return f"repeats the report {report.duplicate_of}"
    return "two photos show that it stood there"


def _box(box: Box) -> Json:
    return [round(value, 1) for value in (box.x1, box.y1, box.x2, box.y2)]


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
