"""What is seen on one photo: vehicles and their plates, by the models of the cameras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from gotcha.config import Config
from gotcha.models import Models
from gotcha.plate_region import grammar_name
from pipeline.detection import VEHICLES, ObjectClass
from pipeline.frame import Frame
from pipeline.frame_detector import FrameDetector
from pipeline.geometry import Box, Polygon
from pipeline.latin_plates import grammar_for
from pipeline.picture import ArrayPicture, Image
from pipeline.plate import UNREAD, PlateSighting, PlateText
from pipeline.plate_vote import PlateVote
from pipeline.vehicle_look import VehicleLook

# As the tracker asks of a look at a standing vehicle (trackers/options.py, begin_score): one look is all.
LEAST_SCORE = 0.4
# Two boxes of one vehicle, which the detector's one-to-many head may give twice by class.
_TWICE_IOU = 0.8
_MOST = 100
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenVehicle:
    """A vehicle on a photo: its plate where one was found and what this one look says of it; its look."""

    label: ObjectClass
    score: float
    box: Box
    sighting: PlateSighting | None
    plate: PlateText
    look: VehicleLook | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoLook:
    """The vehicles of a photo, best first, and how long finding and reading took, milliseconds."""

    vehicles: tuple[SeenVehicle, ...]
    detect_ms: float
    read_ms: float


def look_at(
    image: Image,
    *,
    config: Config,
    models: Models,
    region: str,
    masks: tuple[Polygon, ...] = (),
    wanted: Callable[[ObjectClass, Box], bool] = lambda _label, _box: True,
) -> PhotoLook:
    """Find the vehicles of a photo and read the plates of those that are `wanted`.

    Args:
        image: BGR uint8 (H, W, 3).
        config: size of the picture the detector sees.
        models: what looks.
        region: of the plates.
        masks: polygons (0-1) in which nothing is a vehicle.
        wanted: whether a vehicle's plate is of interest; its class and its box in pixels of `image`.
    """
    began_s = monotonic()
    picture = ArrayPicture(image)
    frame = Frame(camera="photo", index=0, at_s=0.0, taken_at=_EPOCH, picture=picture, detail=picture)
    detector = FrameDetector(models.detector, long_side=config.detector.input_px, masks=masks)
    found = [d for d in detector.whole(frame) if d.label in VEHICLES and d.score >= LEAST_SCORE]
    vehicles = [d for n, d in enumerate(found) if all(d.box.iou(o.box) < _TWICE_IOU for o in found[:n])]
    detected_s = monotonic()
    scanner = models.scanner(region)
    seen: list[SeenVehicle] = []
    for detection in vehicles[:_MOST]:
        others = tuple(other.box for other in vehicles if other is not detection)
        sighting = None
        if scanner is not None and wanted(detection.label, detection.box):
            sighting = scanner.scan(image, detection.box, others)
        seen.append(
            SeenVehicle(
                label=detection.label,
                score=detection.score,
                box=detection.box,
                sighting=sighting,
                plate=voted(region, sighting),
                look=detection.look,
            )
        )
    return PhotoLook(
        vehicles=tuple(seen),
        detect_ms=1000 * (detected_s - began_s),
        read_ms=1000 * (monotonic() - detected_s),
    )


def voted(region: str, *sightings: PlateSighting | None, apart_s: float = 0.0) -> PlateText:
    """What the plate readings of one vehicle amount to.

    Args:
        region: of the plate.
        sightings: one of each photo, in time order.
        apart_s: seconds between the photos.
    """
    vote = PlateVote(grammar_for(grammar_name(region)))
    for number, sighting in enumerate(sightings):
        if sighting is not None:
            vote.add(sighting.reading, number * apart_s)
    return vote.result() if any(sightings) else UNREAD
