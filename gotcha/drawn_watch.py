"""A frame with what the watch says of it drawn in: zones, vehicles with their clocks, accepted plates."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from pipeline.frame import Frame
from pipeline.geometry import Box
from pipeline.picture import Image
from pipeline.report import Report, ReportState
from pipeline.watch_step import WatchStep
from pipeline.zone import Zone
from vision.annotate import AMBER, GREEN, RED, ZoneMark
from vision.watch_picture import VehicleMark, draw_watch

_MIN_SCORE = 0.4


def zone_marks(zones: Iterable[Zone]) -> tuple[ZoneMark, ...]:
    """Zones as they are drawn."""
    return tuple(ZoneMark(polygon=zone.polygon, name=zone.name) for zone in zones)


def drawn(
    frame: Frame,
    step: WatchStep,
    reports: Iterable[Report],
    *,
    zones: tuple[ZoneMark, ...],
    time_zone: ZoneInfo,
    long_side: int,
) -> Image:
    """`frame` with marks, BGR uint8 (H, W, 3), its long side at most `long_side` pixels.

    Args:
        frame: the frame.
        step: what it led to.
        reports: the last revision of each report so far; a later one of the same vehicle wins.
        zones: of `zone_marks`.
        time_zone: of the time written on it.
        long_side: pixels.

    Raises:
        PictureError: the frame cannot be decoded.
    """
    full = frame.picture.size
    size = full.fitted(long_side)
    x, y = size.width / full.width, size.height / full.height
    by_vehicle = {report.vehicle_id: report for report in reports}
    marks = []
    for vehicle in step.standing:
        report = by_vehicle.get(vehicle.id)
        final = report is not None and report.state is ReportState.FINAL
        plate = f" {report.plate.text}" if report is not None and report.plate.accepted else ""
        marks.append(
            VehicleMark(
                box=vehicle.box.scaled(x, y),
                label=f"{vehicle.label.value}{plate}",
                standing_s=max(0.0, frame.at_s - vehicle.arrived_s),
                color=RED if final else AMBER,
            )
        )
    marks += [
        VehicleMark(box=detection.box.scaled(x, y), label="", color=GREEN)
        for detection in step.detections or ()
        if detection.score >= _MIN_SCORE and not _covered(detection.box, step)
    ]
    local = frame.taken_at.astimezone(time_zone)
    lines = (f"{local:%Y-%m-%d %H:%M:%S %z} · {frame.at_s:.1f} s · {step.condition.value}",)
    return draw_watch(frame.picture.bgr(size), zones=zones, vehicles=tuple(marks), lines=lines)


def _covered(box: Box, step: WatchStep) -> bool:
    return any(box.iou(vehicle.box) > 0.5 for vehicle in step.standing)
