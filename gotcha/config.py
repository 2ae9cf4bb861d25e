"""The whole configuration: what config.yaml may hold, and how it is loaded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PrivateAttr, StringConstraints, ValidationError

from gotcha.config_cameras import Camera, FileCamera
from gotcha.config_errors import sentences
from gotcha.config_notifications import NotificationsConfig
from gotcha.config_passwords import Version, known_values, versions_of
from gotcha.config_section import ConfigPath, LoadingContext, Section, TimeZone
from gotcha.config_services import (
    DatabaseConfig,
    DetectorConfig,
    EvidenceConfig,
    PlatesConfig,
    QueueConfig,
    RepeatsConfig,
    RetentionConfig,
)
from gotcha.config_uploads import NO_CAMERA, NO_CAMERA_OF_VIDEO, PhotosConfig, UploadsConfig
from gotcha.config_videos import IngestConfig, VideosConfig
from gotcha.config_web import WebConfig
from gotcha.config_yaml import YamlDocument
from gotcha.config_zones import ZoneConfig
from gotcha.plate_region import grammar_name
from pipeline.errors import ConfigError
from pipeline.geometry import Point, Polygon
from pipeline.latin_plates import grammar_for
from pipeline.zone import Zone, ZoneKind

# Stand in reports for the camera of photos and videos that show no camera's view.
_RESERVED = frozenset({NO_CAMERA, NO_CAMERA_OF_VIDEO})


def _not_reserved(name: str) -> str:
    if name in _RESERVED:
        raise ValueError(
            f"expected another name: {name} is that of what people send and no camera shows; call it"
            f" {name}-1, for instance"
        )
    return name


# Camera names become folders of the evidence and parts of job names.
CameraName = Annotated[str, StringConstraints(pattern=r"^[\w-]{1,64}$"), AfterValidator(_not_reserved)]
_WHOLE_PICTURE = Polygon(points=tuple(Point(x=x, y=y) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))))


class Config(Section):
    """Everything Gotcha is told; all times are seconds, all polygons fractions of the picture."""

    state_dir: ConfigPath = Field(
        Path("var"),
        validate_default=True,
        description="folder of database, evidence, queue and memory, from the folder of this file",
    )
    region: str = Field(
        "KR", pattern="^[A-Z]{2}$", description="country of the plates, two capitals such as KR or DE"
    )
    time_zone: TimeZone = Field(
        ZoneInfo("Asia/Seoul"), description="IANA time zone of all hours and of the time on the photos"
    )
    holidays: tuple[date, ...] = Field((), description="dates on which zones with `holidays: skip` rest")
    detector: DetectorConfig = Field(DetectorConfig(), description="the network that finds vehicles")
    plates: PlatesConfig = Field(PlatesConfig(), description="how number plates are read")
    queue: QueueConfig = Field(QueueConfig(), description="where reports wait for the worker")
    database: DatabaseConfig = Field(DatabaseConfig(), description="where reports are kept")
    evidence: EvidenceConfig = Field(EvidenceConfig(), description="photos, plate crops and clips")
    repeats: RepeatsConfig = Field(
        RepeatsConfig(), description="when a reported vehicle is not reported again"
    )
    retention: RetentionConfig = Field(RetentionConfig(), description="how long reports are kept")
    notifications: NotificationsConfig = Field(
        NotificationsConfig(), description="who is told when something happens"
    )
    web: WebConfig = Field(WebConfig(), description="the dashboard and its API")
    uploads: UploadsConfig = Field(UploadsConfig(), description="where uploaded files lie, and how long")
    photos: PhotosConfig = Field(PhotosConfig(), description="limits and pairs of uploaded photos")
    videos: VideosConfig = Field(VideosConfig(), description="limits of uploaded videos")
    ingest: IngestConfig = Field(IngestConfig(), description="buckets whose new files are analysed")
    cameras: dict[CameraName, Camera] = Field({}, description="the cameras by name")
    _path: Path | None = PrivateAttr(None)
    _versions: tuple[Version, Version] = PrivateAttr((None, None))

    @property
    def path(self) -> Path | None:
        """The file it was read from; None for a configuration that was given as text."""
        return self._path

    @property
    def versions(self) -> tuple[Version, Version]:
        """Which versions of that file and of its passwords' it was read from."""
        return self._versions

    @property
    def database_url(self) -> str:
        """The database's address with its password, for the storage only."""
        if self.database.url is not None:
            return self.database.url.reveal()
        return f"sqlite:///{self.state_dir / 'gotcha.db'}"

    @property
    def evidence_dir(self) -> Path:
        return self.evidence.folder or self.state_dir / "evidence"

    @property
    def redis_url(self) -> str | None:
        """The Redis server's address with its password, or None for an embedded one."""
        return self.queue.url.reveal() if self.queue.url else None

    def camera(self, name: str) -> Camera:
        """The settings of a camera.

        Raises:
            ConfigError: there is none of that name.
        """
        if name not in self.cameras:
            known = ", ".join(self.cameras) or "none at all"
            raise ConfigError(f"no camera is named {name!r}; the configuration has {known}")
        return self.cameras[name]

    def zones_of(self, name: str) -> tuple[Zone, ...]:
        """The zones of the camera `name` as the rules know them, hours and holidays filled in."""
        return self.camera(name).zones_for(self.time_zone, self.holidays)

    def region_of(self, name: str) -> str:
        """The country of the plates at the camera `name`."""
        return self.camera(name).region or self.region

    def time_zone_of(self, name: str) -> ZoneInfo:
        """The time zone of the camera `name`."""
        return self.camera(name).time_zone or self.time_zone

    def for_file(self, path: Path, like: str | None = None, started_at: datetime | None = None) -> Config:
        """The configuration that analyses one video with the zones of a camera.

        Args:
            path: the video.
            like: the camera whose view it shows; by default the only one. With no camera at all the whole
                picture is one zone.
            started_at: when it was filmed, aware; None takes the file's own word, else its date.

        Returns:
            The same settings with one camera of kind `file`.

        Raises:
            ConfigError: `like` is unknown, or needed because there are several cameras.
        """
        if like is None and len(self.cameras) > 1:
            raise ConfigError(
                f"say whose view the video shows: --camera with one of {', '.join(self.cameras)}"
            )
        name = like or next(iter(self.cameras), NO_CAMERA_OF_VIDEO)
        camera = self.camera(name) if like or self.cameras else None
        everywhere = ZoneConfig(name="whole picture", kind=ZoneKind.NO_PARKING, polygon=_WHOLE_PICTURE)
        file = FileCamera(
            kind="file",
            path=path,
            started_at=started_at,
            zones=camera.zones if camera and camera.zones else (everywhere,),
            masks=camera.masks if camera else (),
            region=camera.region if camera else None,
            time_zone=camera.time_zone if camera else None,
        )
        return self.model_copy(update={"cameras": {name: file}})


def load_config(
    path: Path, environment: Mapping[str, str] | None = None, *, opens_cameras: bool = True
) -> Config:
    """Read and check a configuration file.

    Args:
        path: the YAML file; relative paths in it start from its folder.
        environment: where `${NAME}` is looked up before the passwords beside the file; by default the
            process's environment.
        opens_cameras: False where no camera is opened, so that their passwords need not be set.

    Raises:
        ConfigError: one sentence for each fault, with file, line and key.
    """
    # First: what is written while it is read is another version.
    versions = versions_of(path.resolve())
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: no such file; write one like the shipped config.yaml, or name another with --config"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    config = parse_config(
        text,
        name=str(path),
        folder=path.resolve().parent,
        environment=known_values(path.resolve(), environment),
        opens_cameras=opens_cameras,
    )
    config._path, config._versions = path.resolve(), versions
    return config


def parse_config(
    text: str,
    *,
    name: str = "config.yaml",
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    opens_cameras: bool = True,
) -> Config:
    """Check a configuration given as text.

    Args:
        text: YAML.
        name: what errors call it.
        folder: where its relative paths start; by default the current folder.
        environment: where `${NAME}` is looked up; by default the process's environment.
        opens_cameras: see `load_config`.

    Raises:
        ConfigError: one sentence for each fault, with name, line and key.
    """
    document = YamlDocument(text, name)
    context = LoadingContext(
        folder=folder or Path.cwd(),
        environment=os.environ if environment is None else environment,
        opens_cameras=opens_cameras,
    )
    try:
        config = Config.model_validate_json(document.as_json(), context=context)
    except ValidationError as error:
        # `from None`: pydantic's own text repeats the input, which may hold a password.
        raise ConfigError("\n".join(sentences(error, document, Config))) from None
    if faults := _impossible_plates(config, document):
        raise ConfigError("\n".join(faults))
    return config


def _impossible_plates(config: Config, document: YamlDocument) -> list[str]:
    """A sentence for each allowed plate that no reading can ever match, as its country has no such plates."""
    faults = []
    for name, camera in config.cameras.items():
        region = config.region_of(name)
        grammar = grammar_for(grammar_name(region))
        for number, zone in enumerate(camera.zones):
            for place, plate in enumerate(zone.allowed_plates):
                if not grammar.is_valid(plate):
                    path = ("cameras", name, "zones", number, "allowed_plates", place)
                    faults.append(
                        f"{document.name} line {document.line_of(path)}: {'.'.join(map(str, path))}: "
                        f"expected a plate of the region {region}, got {plate!r}, which has none of its forms"
                    )
    return faults
