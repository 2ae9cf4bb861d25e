"""Comparing two pictures: the same view, and the same vehicle?"""

from __future__ import annotations

import json
from dataclasses import dataclass

from gotcha.analyzers import AnalysisTools
from gotcha.cli.report_json import Json
from gotcha.photo_look import look_at
from gotcha.photo_picture import PhotoPicture, open_photo, stored_photo
from jobs.analyses import AnalysisControl
from jobs.context import utc_now
from jobs.photo_facts import PhotoLimits, photo_facts
from jobs.photo_intake import FIRST, SECOND
from pipeline.background import ViewComparison, same_view
from pipeline.errors import EvidenceError, InvalidValueError
from pipeline.geometry import Box, Size
from pipeline.photo_pair import VIEW_LONG_SIDE, comparable, take_sight
from pipeline.photo_report import SAME_PLACE_IOU
from pipeline.picture import resize
from pipeline.report import EvidenceKind
from pipeline.same_vehicle import SAME_VEHICLE, vehicle_likeness
from storage.analyses import Analysis, UploadedFile

# Views smaller than this cannot be compared (pipeline.background.same_view).
_LEAST_VIEW_PX = 64
_PHOTOS = (EvidenceKind.PHOTO_2, EvidenceKind.PHOTO_1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """A picture with its vehicles, pixels of it; `accused` is the one of a report."""

    photo: PhotoPicture
    vehicles: tuple[Box, ...]
    accused: Box | None = None


class CompareAnalyzer:
    """Does the analyses of kind `compare`; implements `jobs.analyses.Analyzer`.

    Args:
        tools: models, files and reports.
    """

    def __init__(self, tools: AnalysisTools) -> None:
        self._tools = tools
        photos = tools.config.photos
        self._limits = PhotoLimits(max_bytes=photos.max_bytes, max_pixels=photos.max_pixels)

    def analyze(self, analysis: Analysis, control: AnalysisControl) -> str:
        """SSIM, the share of the background that matches, and both verdicts, as JSON text.

        Raises:
            AnalysisInterrupted: `control.stop` was set.
            PictureError, EvidenceError, UploadError: a picture is damaged or gone.
            InvalidValueError: a picture is too small to compare.
        """
        if analysis.asked.files:
            first, second = (self._uploaded(file) for file in analysis.asked.files)
        else:
            first, second = (self._reported(analysis.asked.settings[name]) for name in (FIRST, SECOND))
        control.check()
        return json.dumps(_verdict(first, second))

    def _uploaded(self, file: UploadedFile) -> _Compared:
        with self._tools.uploads.opened(file.key) as path:
            facts = photo_facts(path, self._limits, utc_now())
            photo = open_photo(path, facts.media_type, file.name)
        return _Compared(photo=photo, vehicles=self._vehicles(photo))

    def _reported(self, report_id: str) -> _Compared:
        stored = self._tools.reports.get(report_id)
        kinds = {} if stored is None else {item.kind: item for item in stored.report.evidence}
        item = next((kinds[kind] for kind in _PHOTOS if kind in kinds), None)
        if stored is None or item is None:
            raise EvidenceError(f"the report {report_id} has no photo to compare")
        photo = stored_photo(self._tools.evidence.get(item.key))
        size = stored.report.frame_size
        box = stored.report.box.scaled(photo.size.width / size.width, photo.size.height / size.height)
        return _Compared(photo=photo, vehicles=self._vehicles(photo), accused=box)

    def _vehicles(self, photo: PhotoPicture) -> tuple[Box, ...]:
        config = self._tools.config
        look = look_at(
            photo.bgr(),
            config=config,
            models=self._tools.models.get(),
            region=config.region,
            wanted=lambda _label, _box: False,
        )
        return tuple(seen.box for seen in look.vehicles)


def _verdict(first: _Compared, second: _Compared) -> dict[str, Json]:
    view = _view(first, second)
    likeness = _likeness(first, second)
    return {
        "ssim": round(view.ssim, 4),
        "matched_share": round(view.agreeing, 4),
        "judged_blocks": view.judged,
        "same_view": view.same,
        "vehicle_likeness": None if likeness is None else round(likeness, 4),
        # Without a vehicle at one place in both there is nothing to say.
        "same_vehicle": None if likeness is None else likeness >= SAME_VEHICLE,
    }


def _view(first: _Compared, second: _Compared) -> ViewComparison:
    size = second.photo.size.fitted(VIEW_LONG_SIDE)
    if min(size.width, size.height) < _LEAST_VIEW_PX:
        raise InvalidValueError(f"expected pictures of at least {_LEAST_VIEW_PX} pixels a side, got {size}")
    masks = tuple(
        box.scaled(size.width / one.photo.size.width, size.height / one.photo.size.height)
        for one in (first, second)
        for box in (*one.vehicles, *(() if one.accused is None else (one.accused,)))
    )
    grays = [resize(one.photo.gray(one.photo.size.fitted(VIEW_LONG_SIDE)), size) for one in (first, second)]
    return same_view(grays[0], grays[1], masks)


def _likeness(first: _Compared, second: _Compared) -> float | None:
    """How alike the vehicle at one place in both is, the best of several, 0-1."""
    scores: list[float] = []
    for one in _candidates(first):
        for other in _candidates(second):
            if _in_size(one, first.photo.size, second.photo.size).iou(other) < SAME_PLACE_IOU:
                continue
            sights = take_sight(first.photo, one, ()), take_sight(second.photo, other, ())
            if comparable(*sights):
                scores.append(vehicle_likeness(sights[0].vehicle, sights[1].vehicle).score)
    return max(scores, default=None)


def _candidates(one: _Compared) -> tuple[Box, ...]:
    return one.vehicles if one.accused is None else (one.accused,)


def _in_size(box: Box, size: Size, other: Size) -> Box:
    return box.scaled(other.width / size.width, other.height / size.height)
