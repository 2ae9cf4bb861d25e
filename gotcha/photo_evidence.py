"""Photos that people sent as evidence: recorded for a report, found again, and counted as the second one."""

from __future__ import annotations

from functools import partial

from gotcha.analyzers import AnalysisTools
from gotcha.photo_picture import PhotoPicture, stored_photo
from pipeline.evidence import EvidenceRecorder, EvidenceTools
from pipeline.frame import Frame
from pipeline.photo_pair import PairComparison
from pipeline.photo_report import PhotoSighting
from pipeline.plate import PlateSighting
from pipeline.report import Evidence, EvidenceKind, Report
from vision.annotate import mark_photo
from vision.encode import encode_jpeg
from vision.view_picture import draw_view

_AS_SECOND = {
    EvidenceKind.PHOTO_1: EvidenceKind.PHOTO_2,
    EvidenceKind.PHOTO_1_MARKED: EvidenceKind.PHOTO_2_MARKED,
}


class PhotoEvidence:
    """Keeps pictures of vehicles on photos; EvidenceError says that one cannot be kept or had.

    Args:
        tools: the evidence store and the configuration.
    """

    def __init__(self, tools: AnalysisTools) -> None:
        self._tools = tools

    def photo(self, sighting: PhotoSighting, photo: PhotoPicture, *, second: bool) -> tuple[Evidence, ...]:
        """The photo as it is, and with vehicle and zone marked: the first or second one of its report."""
        return self._recorder(sighting.camera).photo(
            photo.frame(sighting.camera, sighting.taken_at),
            second=second,
            vehicle=sighting.box,
            zone=sighting.zone,
        )

    def plate(self, sighting: PhotoSighting, found: PlateSighting | None) -> tuple[Evidence, ...]:
        """The crop of its plate, where one was found."""
        if found is None:
            return ()
        return (self._recorder(sighting.camera).plate(found, sighting.taken_at),)

    def view_map(self, compared: PairComparison, later: Frame) -> tuple[Evidence, ...]:
        """Where the later photo shows the same view as the earlier one, if that is known."""
        where = compared.where
        return () if where is None else (self._recorder(later.camera).view_map(later, where),)

    def as_second(self, item: Evidence, camera: str) -> Evidence:
        """A first photo of a report once more, as its second one."""
        return self._tools.evidence.put(
            camera=camera,
            kind=_AS_SECOND[item.kind],
            taken_at=item.taken_at,
            data=self._tools.evidence.get(item.key),
            media_type=item.media_type,
        )

    def first_photo(self, report: Report) -> PhotoPicture:
        """The first photo of a report, as it was kept.

        Raises:
            PictureError: it is no picture any more.
        """
        (first,) = (item for item in report.evidence if item.kind is EvidenceKind.PHOTO_1)
        return stored_photo(self._tools.evidence.get(first.key))

    def _recorder(self, camera: str) -> EvidenceRecorder:
        config = self._tools.config
        return EvidenceRecorder(
            camera=camera,
            store=self._tools.evidence,
            tools=EvidenceTools(
                encode=partial(encode_jpeg, quality=config.evidence.jpeg_quality),
                mark=mark_photo,
                draw_view=draw_view,
                cut=lambda _from_s, _to_s: None,
                time_zone=config.time_zone_of(camera) if camera in config.cameras else config.time_zone,
            ),
        )
