"""A found sighting as the search page shows it: which picture, and where on it the vehicle is."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.report import EvidenceKind
from storage.sightings import Found
from web.services import WebServices

# Around a vehicle, as a share of its box: people know it by its surroundings too.
_MARGIN = 0.15
_PHOTOS = (EvidenceKind.PHOTO_1, EvidenceKind.PHOTO_2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSighting:
    """A sighting on the page.

    Attributes:
        found: what was found.
        picture: the address of a picture that shows it, or None.
        crop: x, y, width and height of the part to show, pixels of the frame.
    """

    found: Found
    picture: str | None
    crop: tuple[float, float, float, float]


def shown_sighting(services: WebServices, found: Found) -> ShownSighting:
    """`found` with its picture: photo 1 of its report, or the drawn picture of a try-out."""
    seen = found.sighting
    picture = None
    if seen.report_id is not None:
        stored = services.reports.get(seen.report_id)
        items = () if stored is None else stored.report.evidence
        places = [number for number, item in enumerate(items) if item.kind in _PHOTOS]
        if places:
            picture = f"/reports/{seen.report_id}/evidence/{places[0]}"
    box, size = seen.box, seen.frame_size
    x, y = _MARGIN * (box.x2 - box.x1), _MARGIN * (box.y2 - box.y1)
    left, top = max(0.0, box.x1 - x), max(0.0, box.y1 - y)
    right, bottom = min(float(size.width), box.x2 + x), min(float(size.height), box.y2 + y)
    crop = (round(left, 1), round(top, 1), round(right - left, 1), round(bottom - top, 1))
    return ShownSighting(found=found, picture=picture, crop=crop)
