"""The truth about standing vehicles beside a clip, as footage and simulator write it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import ConfigError
from pipeline.geometry import Box

# Standing vehicles that a clip's truth leaves out, as its README says; events on them count for nothing.
UNLISTED: dict[str, tuple[Box, ...]] = {
    "junction_bayan": (Box(x1=841, y1=0, x2=919, y2=59), Box(x1=788, y1=0, x2=828, y2=31)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueHalt:
    """One uninterrupted halt of one vehicle: box in pixels, first and last second of standing."""

    id: str
    box: Box
    t0: float
    t1: float
    at_start: bool
    at_end: bool

    @property
    def stood_s(self) -> float:
        """How long it stood, seconds."""
        return self.t1 - self.t0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipTruth:
    """A clip and what stands in it; `unlisted` are places at which events count for nothing."""

    name: str
    video: Path
    halts: tuple[TrueHalt, ...]
    unlisted: tuple[Box, ...]


class _Halt(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str
    bbox_xyxy: tuple[float, float, float, float]
    t0: float
    t1: float
    stationary_at_start: bool
    stationary_at_end: bool


class _Truth(BaseModel):
    model_config = ConfigDict(extra="ignore")

    stationary: list[_Halt]
    ignore: list[tuple[float, float, float, float]] = []


def load_truth(folder: Path) -> list[ClipTruth]:
    """Every clip of `folder` that has its truth beside it (NAME.mp4 and NAME.json), by name.

    A truth may name further boxes to ignore in a list `ignore`.

    Raises:
        ConfigError: there is none, or a truth cannot be read.
    """
    clips = [_load(video, video.with_suffix(".json")) for video in sorted(folder.glob("*.mp4"))]
    found = [clip for clip in clips if clip is not None]
    if not found:
        raise ConfigError(f"{folder} holds no NAME.mp4 with NAME.json beside it")
    return found


def _load(video: Path, beside: Path) -> ClipTruth | None:
    if not beside.is_file():
        return None
    try:
        truth = _Truth.model_validate(json.loads(beside.read_text("utf-8")))
    except (ValidationError, ValueError) as error:
        raise ConfigError(f"{beside} is no truth of a clip: {str(error).splitlines()[0]}") from error
    return ClipTruth(
        name=video.stem,
        video=video,
        halts=tuple(
            TrueHalt(
                id=halt.id,
                box=_box(halt.bbox_xyxy),
                t0=halt.t0,
                t1=halt.t1,
                at_start=halt.stationary_at_start,
                at_end=halt.stationary_at_end,
            )
            for halt in truth.stationary
        ),
        unlisted=UNLISTED.get(video.stem, ()) + tuple(_box(values) for values in truth.ignore),
    )


def _box(values: tuple[float, float, float, float]) -> Box:
    return Box(x1=values[0], y1=values[1], x2=values[2], y2=values[3])
