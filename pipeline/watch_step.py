"""What one frame of a camera led to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.detection import Detection
from pipeline.dwell_state import DwellChange
from pipeline.report import CameraCondition, Report
from pipeline.standing import Departure, StandingVehicle


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchStep:
    """What one frame led to.

    Attributes:
        condition: what the camera's picture is like.
        detections: what the detector saw, full-frame pixels; None when it did not have to run.
        standing: every standing vehicle.
        departed: halts that ended with this frame.
        changes: what changed in the zones.
        reports: the reports that were offered.
        problems: what went wrong, one sentence each.
    """

    condition: CameraCondition
    detections: tuple[Detection, ...] | None
    standing: tuple[StandingVehicle, ...]
    departed: tuple[Departure, ...]
    changes: tuple[DwellChange, ...]
    reports: tuple[Report, ...]
    problems: tuple[str, ...]


def together(steps: tuple[WatchStep, ...]) -> WatchStep:
    """The last of `steps` with what all of them led to."""
    return replace(
        steps[-1],
        departed=tuple(departure for step in steps for departure in step.departed),
        changes=tuple(change for step in steps for change in step.changes),
        reports=tuple(report for step in steps for report in step.reports),
        problems=tuple(problem for step in steps for problem in step.problems),
    )
