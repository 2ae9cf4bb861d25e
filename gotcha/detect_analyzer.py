"""The try-out: what the models see on one image, drawn into it, and how long each step took."""

from __future__ import annotations

import json
from time import monotonic

from gotcha.analyzers import AnalysisTools
from gotcha.cli.report_json import Json
from gotcha.photo_analyzer import vehicle_json
from gotcha.photo_look import SeenVehicle, look_at
from gotcha.photo_picture import open_photo
from gotcha.photo_places import photo_place
from gotcha.photo_sightings import keep_sightings
from jobs.analyses import AnalysisControl
from jobs.context import utc_now
from jobs.photo_facts import PhotoLimits, photo_facts
from storage.analyses import Analysis
from vision.annotate import BLUE
from vision.encode import encode_jpeg
from vision.watch_picture import VehicleMark, draw_watch


class DetectAnalyzer:
    """Does the analyses of kind `detect`; implements `jobs.analyses.Analyzer`. Stores no report.

    What is seen is kept as sightings until the analysis is forgotten: they can be searched for by their look.

    Args:
        tools: configuration, models and files.
    """

    def __init__(self, tools: AnalysisTools) -> None:
        self._tools = tools
        photos = tools.config.photos
        self._limits = PhotoLimits(max_bytes=photos.max_bytes, max_pixels=photos.max_pixels)

    def analyze(self, analysis: Analysis, control: AnalysisControl) -> str:
        """Vehicles, plates, milliseconds, and the key of the drawn picture, as JSON text.

        Raises:
            AnalysisInterrupted: `control.stop` was set.
            PictureError: the image is damaged.
            UploadError: the file is gone, or the drawn picture cannot be kept.
        """
        (file,) = analysis.asked.files
        config = self._tools.config
        # Opening the models is no part of looking at an image.
        models = self._tools.models.get()
        control.check()
        began_s = monotonic()
        with self._tools.uploads.opened(file.key) as path:
            facts = photo_facts(path, self._limits, utc_now())
            photo = open_photo(path, facts.media_type, file.name)
        decoded_s = monotonic()
        place = photo_place(config, analysis.asked.camera, facts.position)
        look = look_at(photo.bgr(), config=config, models=models, region=place.region, masks=place.masks)
        looked_s = monotonic()
        drawn = draw_watch(photo.bgr(), vehicles=tuple(m for v in look.vehicles for m in _marks(v)))
        jpeg = encode_jpeg(drawn, quality=config.evidence.jpeg_quality)
        drawn_s = monotonic()
        with self._tools.uploads.receive(limit_bytes=len(jpeg)) as incoming:
            incoming.write(jpeg)
            kept = incoming.keep()
        steps: dict[str, Json] = {
            "decode": round(1000 * (decoded_s - began_s), 1),
            "detect": round(look.detect_ms, 1),
            "read_plates": round(look.read_ms, 1),
            "draw": round(1000 * (drawn_s - looked_s), 1),
            "all": round(1000 * (monotonic() - began_s), 1),
        }
        sightings = keep_sightings(self._tools.engine, analysis, look, photo.size)
        return json.dumps(
            {
                "size": [photo.size.width, photo.size.height],
                "vehicles": [
                    vehicle_json(seen) | {"sighting": sighting}
                    for seen, sighting in zip(look.vehicles, sightings, strict=True)
                ],
                "milliseconds": steps,
                "annotated": {"key": kept.key, "url": f"/analyses/{analysis.id}/picture"},
            },
            ensure_ascii=False,
        )


def _marks(seen: SeenVehicle) -> tuple[VehicleMark, ...]:
    vehicle = VehicleMark(box=seen.box, label=f"{seen.label.value} {seen.score:.2f}")
    if seen.sighting is None:
        return (vehicle,)
    text = seen.sighting.reading.text
    return vehicle, VehicleMark(box=seen.sighting.box, label=text, color=BLUE)
