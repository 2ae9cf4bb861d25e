"""Reports with real evidence in the stores of a site."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

from PIL import Image

from pipeline.report import EvidenceKind, Report
from tests.reports import NOON, final
from web.services import WebServices


def picture(colour: str, text: str = "") -> bytes:
    data = io.BytesIO()
    image = Image.new("RGB", (640, 360), colour)
    image.paste("white", (200, 160, 430, 300))
    image.save(data, "JPEG", comment=text.encode())
    return data.getvalue()


def kept(services: WebServices, name: str, camera: str = "gate", **changes: object) -> Report:
    """A final report of `camera` with two photos and a plate crop."""
    parked_at = changes.get("parked_at", NOON)
    assert isinstance(parked_at, datetime)
    evidence = tuple(
        services.evidence.put(
            camera=camera, kind=kind, taken_at=at, data=picture(colour, name), media_type="image/jpeg"
        )
        for kind, colour, at in (
            (EvidenceKind.PHOTO_1, "#335577", parked_at),
            (EvidenceKind.PHOTO_2, "#446688", parked_at + timedelta(seconds=61)),
            (EvidenceKind.PLATE, "#eeeeee", parked_at),
        )
    )
    moments = {
        "arrived_at": parked_at - timedelta(seconds=30),
        "last_seen_at": parked_at + timedelta(seconds=61),
    }
    values = {**moments, "violating_at": moments["last_seen_at"], "camera": camera, "evidence": evidence}
    report = final(name, **{**values, **changes})
    services.reports.apply(report, at=NOON, by="test")
    return report
