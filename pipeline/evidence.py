"""Taking evidence: photos, plate crops and clips, stored before any report that names them leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from pipeline.background import ViewMap
from pipeline.frame import Frame
from pipeline.geometry import Box, Polygon
from pipeline.picture import Image
from pipeline.plate import PlateSighting
from pipeline.report import Evidence, EvidenceKind, EvidenceStore
from pipeline.zone import Zone

# Half as much again as what is compared (`pipeline.photo_pair.VIEW_LONG_SIDE`): for people, not for machines.
VIEW_MAP_LONG_SIDE = 960


class JpegEncoder(Protocol):
    """Turns an image into JPEG bytes."""

    def __call__(self, image: Image) -> bytes: ...


class PhotoMarker(Protocol):
    """Writes time, camera and zone on a copy of a photo and draws the vehicle and the zone into it."""

    def __call__(self, image: Image, *, vehicle: Box, zone: Polygon, lines: tuple[str, ...]) -> Image:
        """A marked copy of `image` (BGR); `vehicle` in its pixels, `zone` in 0-1 fractions."""
        ...


class ViewDrawer(Protocol):
    """Draws where the views of two photos agree."""

    def __call__(self, image: Image, view: ViewMap) -> Image:
        """A picture of its own; `image` is the second photo (BGR) at any size."""
        ...


class ClipCutter(Protocol):
    """Cuts the stream between two media times; None when it is not kept any more."""

    def __call__(self, from_s: float, to_s: float) -> bytes | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceTools:
    """What a recorder works with, besides the store."""

    encode: JpegEncoder
    mark: PhotoMarker
    draw_view: ViewDrawer
    cut: ClipCutter
    time_zone: ZoneInfo


class EvidenceRecorder:
    """Takes the evidence of one camera.

    Every method stores first and returns what it stored.

    Raises:
        EvidenceError: from any method, when the store is full or refuses; nothing is half-written and the
            caller tries again while the vehicle stands.
    """

    def __init__(self, *, camera: str, store: EvidenceStore, tools: EvidenceTools) -> None:
        self._camera = camera
        self._store = store
        self._tools = tools

    def photo(self, frame: Frame, *, second: bool, vehicle: Box, zone: Zone) -> tuple[Evidence, Evidence]:
        """The full-resolution picture untouched, and a copy with time, camera and zone written on it."""
        kind = EvidenceKind.PHOTO_2 if second else EvidenceKind.PHOTO_1
        marked_kind = EvidenceKind.PHOTO_2_MARKED if second else EvidenceKind.PHOTO_1_MARKED
        image = frame.detail.bgr()
        original = frame.detail.original() or self._tools.encode(image)
        marked = self._tools.mark(
            image, vehicle=vehicle, zone=zone.polygon, lines=self._lines(zone, frame.detail_taken_at)
        )
        return (
            self._put(kind, frame.detail_taken_at, original),
            self._put(marked_kind, frame.detail_taken_at, self._tools.encode(marked)),
        )

    def view_map(self, frame: Frame, view: ViewMap) -> Evidence:
        """Where photo 2, taken of `frame`, shows the view of photo 1 and where it does not, as a picture."""
        small = frame.detail.size.fitted(VIEW_MAP_LONG_SIDE)
        drawn = self._tools.draw_view(frame.detail.bgr(small), view)
        return self._put(EvidenceKind.VIEW_MAP, frame.detail_taken_at, self._tools.encode(drawn))

    def plate(self, sighting: PlateSighting, taken_at: datetime) -> Evidence:
        """The crop the best reading was made from."""
        return self._put(EvidenceKind.PLATE, taken_at, self._tools.encode(sighting.crop))

    def clip(self, kind: EvidenceKind, *, from_s: float, to_s: float, taken_at: datetime) -> Evidence | None:
        """The stream between two media times as MP4, or None when the source keeps none of it."""
        data = self._tools.cut(max(0.0, from_s), to_s)
        if data is None:
            return None
        return self._store.put(
            camera=self._camera, kind=kind, taken_at=taken_at, data=data, media_type="video/mp4"
        )

    def _put(self, kind: EvidenceKind, taken_at: datetime, jpeg: bytes) -> Evidence:
        return self._store.put(
            camera=self._camera, kind=kind, taken_at=taken_at, data=jpeg, media_type="image/jpeg"
        )

    def _lines(self, zone: Zone, taken_at: datetime) -> tuple[str, ...]:
        local = taken_at.astimezone(self._tools.time_zone)
        # Tenths of a second suffice to tell two photos apart and are still legible on the picture.
        moment = f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 100_000} {local:%z}"
        return (moment, f"{self._camera} · {zone.name} ({zone.kind.value})")
