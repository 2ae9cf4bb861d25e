"""The annotated copy of a video: zones, vehicles with their clocks, plates once they are accepted."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from zoneinfo import ZoneInfo

from gotcha.drawn_watch import drawn, zone_marks
from pipeline.frame import Frame
from pipeline.report import Report
from pipeline.watch_step import WatchStep
from pipeline.zone import Zone
from sources.video_writer import VideoWriter

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
        self._zones = zone_marks(zones)

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
        image = drawn(
            frame, step, reports, zones=self._zones, time_zone=self._time_zone, long_side=_LONG_SIDE
        )
        self._writer.write(image, frame.at_s)
