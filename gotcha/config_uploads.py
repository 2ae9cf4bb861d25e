"""The parts of config.yaml about files that are sent: their limits, and how long they are kept."""

from __future__ import annotations

from pydantic import Field

from gotcha.config_section import ConfigPath, Section

# What stands in reports for the camera of photos, and of videos, that are of none; no camera has these names.
NO_CAMERA, NO_CAMERA_OF_VIDEO = "photos", "video"


class UploadsConfig(Section):
    """Where uploaded files lie until they are analysed, and after."""

    folder: ConfigPath | None = Field(
        None, description="where they lie; by default `uploads` in state_dir, or the bucket of the evidence"
    )
    keep_days: int = Field(
        30, ge=1, le=36_500, description="days that files and their analyses are kept, 1 to 36500"
    )
    outage_wait_s: float = Field(
        24 * 3600.0,
        ge=60,
        le=366 * 24 * 3600.0,
        description="seconds an analysis waits for a disk, bucket or database that is away; then it fails,"
        " and its files stay for as long as others",
    )


class PhotosConfig(Section):
    """Photos that are uploaded: their limits, and how long one waits for the second of its pair."""

    partner_wait_s: float = Field(
        7 * 24 * 3600.0,
        ge=60,
        le=366 * 24 * 3600.0,
        description="seconds a photo waits for a second one of its vehicle; afterwards it is rejected",
    )
    max_gap_s: float = Field(
        4 * 3600.0,
        ge=60,
        le=366 * 24 * 3600.0,
        description="most seconds between the two photos of a pair: who knows what stood there in between",
    )
    max_bytes: int = Field(
        20_000_000, ge=10_000, le=200_000_000, description="largest file that is taken, bytes"
    )
    max_pixels: int = Field(
        50_000_000, ge=1_000_000, le=200_000_000, description="largest picture that is taken, pixels"
    )
    max_files: int = Field(20, ge=1, le=200, description="most photos in one upload")
    nearest_m: float = Field(
        100.0,
        ge=1,
        le=10_000,
        description="metres from a camera's `location` within which a photo's GPS makes it that camera's",
    )
