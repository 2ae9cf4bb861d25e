"""The parts of config.yaml that are no cameras: models, queue, database, evidence, repeats, retention."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from gotcha.config_secrets import DatabaseUrl, RedisUrl
from gotcha.config_section import ConfigPath, Section, loading_context


def _beside_the_file(value: str, info: ValidationInfo[Any]) -> str:
    # A bare checkpoint name (yolo26n.pt) is known to Ultralytics; a file beside config.yaml goes first.
    path = loading_context(info).folder / value
    return str(path) if path.exists() else value


Weights = Annotated[str, AfterValidator(_beside_the_file)]


class DetectorConfig(Section):
    """Which network finds the vehicles, and with what it is run."""

    backend: Literal["auto", "onnx", "openvino", "ultralytics"] = Field(
        "auto", description="what runs it; auto: OpenVINO where installed and faster, else ONNX Runtime"
    )
    weights: Weights | None = Field(
        None,
        min_length=1,
        description="an .onnx file, or an Ultralytics checkpoint, fetched by it where it knows the name "
        "(yolo26n.pt) and no file has it; by default the bundled one",
    )
    input_px: int = Field(
        640, ge=160, le=1920, multiple_of=32, description="long side of the picture it sees, a multiple of 32"
    )
    min_score: float = Field(
        0.1,
        ge=0.05,
        le=0.9,
        description="least score of a box; low, as the tracker has thresholds of its own",
    )
    close_pass: bool = Field(
        False,
        description="look a second time for vehicles that fill the picture, as at a gate; a third more time",
    )

    @model_validator(mode="after")
    def _weights_fit_backend(self) -> DetectorConfig:
        if self.backend == "ultralytics" and self.weights is None:
            raise ValueError("expected `weights` for backend ultralytics, such as yolo26n.pt")
        is_onnx = self.weights is None or self.weights.endswith(".onnx")
        if self.backend in ("onnx", "openvino") and not is_onnx:
            raise ValueError(
                f"expected an .onnx file in `weights` for backend {self.backend}, got {self.weights!r}; "
                "other checkpoints need backend: ultralytics"
            )
        # Ultralytics fetches a checkpoint it knows by name; an .onnx file has to be there.
        if self.weights is not None and is_onnx and not Path(self.weights).is_file():
            raise ValueError(
                f"expected a file in `weights`, got {self.weights!r}, where there is none; "
                "leave `weights` out for the bundled network"
            )
        return self


class PlatesConfig(Section):
    """How number plates are read; how sure a character must be is measured and fixed, not a choice."""

    enabled: bool = Field(True, description="whether plates are read at all")
    reader: Literal["auto", "korean", "rapidocr", "easyocr"] = Field(
        "auto", description="the recogniser; auto: korean where the region is KR, rapidocr elsewhere"
    )
    languages: tuple[str, ...] = Field(
        ("en",), min_length=1, description="languages of easyocr, such as [ko, en]"
    )
    model_directory: ConfigPath | None = Field(
        None,
        description="where easyocr's weights lie, and where it fetches missing ones to; by default its own "
        "folder, and then nothing is fetched",
    )
    min_height_px: float = Field(
        14.0, ge=8, le=200, description="least height of a plate to be read, pixels of the full picture"
    )


class QueueConfig(Section):
    """Where reports wait for the worker."""

    url: RedisUrl | None = Field(
        None,
        description="a Redis server, such as redis://:${REDIS_PASSWORD}@host:6379/0; by default an own one",
    )
    share_cameras: bool = Field(
        True,
        description="with url: whether programs with this queue share the cameras, each watched by one; "
        "then nothing is watched while Redis is away",
    )


class DatabaseConfig(Section):
    """Where reports are kept."""

    url: DatabaseUrl | None = Field(
        None, description="such as sqlite:////srv/gotcha.db; by default SQLite in state_dir"
    )


class BucketConfig(Section):
    """A bucket of S3 or of a server that speaks its protocol; the login stands in the environment."""

    bucket: str = Field(min_length=3, max_length=63, description="its name")
    prefix: str = Field(
        "",
        pattern=r"^([^/\s][^\s]*/)?$",
        description="put before each key, such as gotcha/; ends with a slash",
    )
    endpoint: str | None = Field(
        None,
        pattern=r"^https?://[^@\s]+$",
        description="address of an S3-compatible server, such as https://minio.example:9000; by default AWS",
    )
    region: str | None = Field(
        None, min_length=1, description="the bucket's region; by default AWS_REGION of the environment"
    )


class EvidenceConfig(Section):
    """The photos, plate crops and clips of a report."""

    folder: ConfigPath | None = Field(None, description="where they lie; by default `evidence` in state_dir")
    s3: BucketConfig | None = Field(None, description="a bucket instead of the folder")
    clip_before_s: float = Field(3.0, ge=0, le=30, description="seconds of a clip before its moment, 0 to 30")
    clip_after_s: float = Field(3.0, ge=0, le=30, description="seconds of a clip after its moment, 0 to 30")
    jpeg_quality: int = Field(92, ge=60, le=100, description="JPEG quality of photos, 60 to 100")

    @model_validator(mode="after")
    def _one_place(self) -> EvidenceConfig:
        if self.folder is not None and self.s3 is not None:
            raise ValueError("expected `folder` or `s3`, got both; evidence lies in one place")
        return self


class RepeatsConfig(Section):
    """When a vehicle that was reported is not reported again."""

    window_s: float = Field(
        4 * 3600.0,
        ge=0,
        le=30 * 24 * 3600.0,
        description="seconds since it was last seen in which the same vehicle at the same place is a repeat",
    )


Days = Annotated[int, Field(ge=1, le=36_500)]


class RetentionConfig(Section):
    """How many days records are kept: reports and their evidence after they were first stored."""

    temporary_days: Days = Field(30, description="days for reports that were never judged, 1 to 36500")
    duplicate_days: Days = Field(30, description="days for repeats, 1 to 36500")
    rejected_days: Days = Field(30, description="days for rejected reports, 1 to 36500")
    final_days: Days = Field(365, description="days for final and exported reports, 1 to 36500")
    dead_letter_days: Days = Field(
        30, description="days for reports that could not be stored (`gotcha queue`), 1 to 36500"
    )
    # What is younger than 30 days the database itself refuses to delete (migration 0013).
    access_log_days: int = Field(
        365,
        ge=30,
        le=36_500,
        description="days for the log of who saw what and looked for which plate, 30 to 36500",
    )
