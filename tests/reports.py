"""Reports and camera events for tests, with every field set."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline.detection import ObjectClass
from pipeline.geometry import Box, Size
from pipeline.plate import PlateText
from pipeline.report import (
    CameraCondition,
    CameraEvent,
    Evidence,
    EvidenceKind,
    RejectionReason,
    Report,
    ReportState,
)

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def hex_id(name: str | int) -> str:
    """32 hex digits that are the same for the same name."""
    return hashlib.sha256(str(name).encode()).hexdigest()[:32]


def evidence(name: str = "photo", kind: EvidenceKind = EvidenceKind.PHOTO_1) -> Evidence:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return Evidence(
        kind=kind,
        key=f"2026/03/01/gate/{kind.value}-{digest[:32]}.jpg",
        sha256=digest,
        media_type="image/jpeg",
        taken_at=NOON + timedelta(seconds=61) if kind is EvidenceKind.PHOTO_2 else NOON,
        size_bytes=123_456,
    )


def temporary(name: str | int = "a", **changes: object) -> Report:
    """Revision 1 of a report."""
    report = Report(
        id=hex_id(name),
        revision=1,
        state=ReportState.TEMPORARY,
        camera="gate",
        zone="fire lane",
        zone_kind="fire_hydrant",
        vehicle_id="v17",
        label=ObjectClass.CAR,
        box=Box(x1=100.5, y1=200.25, x2=400.0, y2=420.75),
        frame_size=Size(width=1920, height=1080),
        score=0.875,
        arrived_at=NOON - timedelta(seconds=30),
        since_start=False,
        parked_at=NOON,
        violating_at=None,
        departed_at=None,
        last_seen_at=NOON,
        dwell_limit_s=60.0,
        plate=PlateText(
            text="12?3456", confidences=(0.9, 0.8, 0.1, 0.99, 1.0, 0.7, 0.6), accepted=False, readings=3
        ),
        evidence=(evidence("one"),),
    )
    return replace(report, **changes)  # type: ignore[arg-type]


def final(name: str | int = "a", **changes: object) -> Report:
    """Revision 2 of the same report, accepted."""
    later = NOON + timedelta(seconds=61)
    values: dict[str, object] = {
        "revision": 2,
        "state": ReportState.FINAL,
        "violating_at": later,
        "last_seen_at": later,
        "plate": PlateText(text="12가3456", confidences=(0.9,) * 7, accepted=True, readings=5),
        "evidence": (evidence("one"), evidence("two", EvidenceKind.PHOTO_2)),
        "same_view": 0.97,
        "note": "the plate was read by both photos",
        "photo_gap_s": 60.0,
    }
    values |= changes
    plate = values["plate"]
    assert isinstance(plate, PlateText)
    # A verdict on a vehicle whose plate was not read was given where that is allowed.
    return temporary(name, **({"unread_allowed": not plate.accepted} | values))


def rejected(name: str | int = "a", **changes: object) -> Report:
    values: dict[str, object] = {
        "revision": 2,
        "state": ReportState.REJECTED,
        "rejection": RejectionReason.LEFT_BEFORE_DWELL,
        "departed_at": NOON + timedelta(seconds=20),
    }
    return temporary(name, **(values | changes))


def duplicate(name: str | int, of: str | int, **changes: object) -> Report:
    values: dict[str, object] = {"state": ReportState.DUPLICATE, "duplicate_of": hex_id(of)}
    return temporary(name, **(values | changes))


def camera_event(name: str | int = "e", **changes: object) -> CameraEvent:
    event = CameraEvent(
        id=hex_id(name),
        camera="gate",
        condition=CameraCondition.MOVED,
        at=NOON,
        text="the camera was moved by 12 pixels",
    )
    return replace(event, **changes)  # type: ignore[arg-type]
