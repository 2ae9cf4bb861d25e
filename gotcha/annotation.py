"""The annotated copy of a video: zones, vehicles with their clocks, plates once they are accepted."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from zoneinfo import ZoneInfo

from pipeline.frame import Frame
from pipeline.geometry import Box
from pipeline.report import Report, ReportState
from pipeline.watch_step import WatchStep
from pipeline.zone import Zone
from sources.video_writer import VideoWriter
from vision.annotate import AMBER, GREEN, RED, VehicleMark, ZoneMark, draw_watch

# The size people watch; the full resolution is in the evidence.
_LONG_SIDE = 1280


class AnnotatedVideo:
    """Draws what the watch says onto each frame; a context manager.

    Args:
        path: the .mp4 to make.
        zones: drawn on every frame.
        time_zone: of the time written on every frame.
    """

    def __init__(self, path: Path, zones: tuple[Zone, ...], time_zone: ZoneInfo) -> None:
        self._time_zone = time_zone
        self._writer = VideoWriter(path)
        self._zones = tuple(ZoneMark(polygon=zone.polygon, name=zone.name) for zone in zones)

    def __enter__(self) -> AnnotatedVideo:
        self._writer.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.__exit__(kind, error, trace)

    def add(self, frame: Frame, step: WatchStep, reports: tuple[Report, ...]) -> None:
        """Append `frame` with what `step` and the reports so far say of it.

        Raises:
            SourceError: it cannot be written.
        """
        full = frame.picture.size
        size = full.fitted(_LONG_SIDE)
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
            if detection.score >= 0.4 and not _covered(detection.box, step)
        ]
        local = frame.taken_at.astimezone(self._time_zone)
        lines = (f"{local:%Y-%m-%d %H:%M:%S %z} · {frame.at_s:.1f} s · {step.condition.value}",)
        image = draw_watch(frame.picture.bgr(size), zones=self._zones, vehicles=tuple(marks), lines=lines)
        self._writer.write(image, frame.at_s)


def _covered(box: Box, step: WatchStep) -> bool:
    return any(box.iou(vehicle.box) > 0.5 for vehicle in step.standing)
