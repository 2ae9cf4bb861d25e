"""What the programs tell of the camera `gate`, for the pages that show it."""

from __future__ import annotations

from datetime import datetime

from jobs.camera_status import CameraStatus
from pipeline.report import CameraCondition


def well(at: datetime) -> CameraStatus:
    """The camera as it is when all is well, told at `at`."""
    return CameraStatus(
        camera="gate",
        node="n",
        told_at=at,
        condition=CameraCondition.OK,
        frame_at=at,
        heard_at=at,
        analysed_rate=2.0,
        dropped_rate=0.0,
        frames=400,
        dropped=0,
        damaged=0,
        restarts=0,
        trouble=None,
        failure=None,
    )
