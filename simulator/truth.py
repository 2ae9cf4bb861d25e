"""What really happened in a scene, in the fields that the truth of recorded footage uses as well."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.detection import ObjectClass
from pipeline.geometry import Box, Polygon


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleBox:
    """One vehicle or person in one frame.

    Attributes:
        name: of the actor.
        label: its class.
        box: its outline inside the picture, pixels.
        visible: share of the whole outline that is in the picture and not behind something nearer, 0-1.
        whole: the outline lies wholly inside the picture.
    """

    name: str
    label: ObjectClass
    box: Box
    visible: float
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingTruth:
    """One uninterrupted halt of one vehicle.

    Attributes:
        id: unique in the scene.
        vehicle: the actor; one that halts twice has two entries.
        cls: class name.
        bbox_xyxy: box while standing, pixels, without camera movement.
        t0, t1: first and last second of standing inside the scene.
        first_frame, last_frame: the same as frame numbers.
        stationary_at_start, stationary_at_end: it stood already, or still stands.
        plate: text, or None.
        plate_readable: the plate is large enough to be read while it stands.
        parks: it parks (True) or waits in traffic (False).
        zone: name of the zone it stands in, or None.
        note: free text.
    """

    id: str
    vehicle: str
    cls: str
    bbox_xyxy: tuple[float, float, float, float]
    t0: float
    t1: float
    first_frame: int
    last_frame: int
    stationary_at_start: bool
    stationary_at_end: bool
    plate: str | None
    plate_readable: bool
    parks: bool
    zone: str | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraTruth:
    """A fault of the camera: kind, begin and end in seconds."""

    kind: str
    t0: float
    t1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneTruth:
    """A zone in which stopping is forbidden.

    Attributes:
        name: unique in the scene.
        kind: a zone kind as in the configuration.
        polygon: 0-1 fractions of the picture.
        vehicles: those that park in it.
    """

    name: str
    kind: str
    polygon: Polygon
    vehicles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneTruth:
    """The truth of one scene; `write` gives it the form of the footage's truth files."""

    file: str
    kind: str
    seed: int
    fps: float
    frames: int
    width: int
    height: int
    duration_s: float
    gop_s: float
    scene: str
    kinds: tuple[str, ...]
    stationary: tuple[StandingTruth, ...]
    camera_events: tuple[CameraTruth, ...]
    zones: tuple[ZoneTruth, ...]
    also_moving: str
    time_tolerance_s: float = 0.05
    ground_truth: str = "computed by the simulator"

    def to_json(self) -> str:
        """The truth as JSON text, UTF-8 characters kept."""
        values = asdict(self)
        for zone, source in zip(values["zones"], self.zones, strict=True):
            zone["polygon"] = [[p.x, p.y] for p in source.polygon.points]
        return json.dumps(values, ensure_ascii=False, indent=1)

    def write(self, path: Path) -> None:
        """Write the JSON file.

        Raises:
            OSError: the file cannot be written.
        """
        path.write_text(self.to_json() + "\n", encoding="utf-8")
