"""What one camera is watched with, and when its watch has to be made anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from jobs.camera_status import STALLED_AFTER_S
from pipeline.frame import Frame, FrameSource, NoticeSink
from pipeline.watch import CameraWatch
from pipeline.watch_step import WatchStep
from sources.frame_buffer import FRAMES_WAITING


class StepObserver(Protocol):
    """Is told of every frame of every camera, in the camera's thread."""

    def __call__(self, camera: str, frame: Frame, step: WatchStep) -> None: ...


class Memory(Protocol):
    """Keeps the state of a camera's watch from run to run; see `storage.watch_memory.WatchMemory`."""

    def save(self, camera: str, state: bytes) -> None: ...

    def load(self, camera: str) -> bytes | None: ...

    def set_aside(self, camera: str) -> None: ...

    def take_accepted_view(self, camera: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """How often a camera's rules have changed, and how often so that its source must be another one."""

    rules: int = 0
    source: int = 0


def always() -> bool:
    """For a camera that no other program watches."""
    return True


def never_changed() -> Revision:
    """For a camera whose zones stay as they are."""
    return Revision()


def usually_late_s() -> float:
    """For a camera that sends all the time."""
    return STALLED_AFTER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSetup:
    """How to make a camera's source and its watch anew, after a failure too.

    Attributes:
        name: the camera's name.
        live: frames are dropped when the analysis is too slow; a file waits instead.
        source: makes the source, which tells its notices to the sink.
        watch: makes the watch for a source.
        memory: where its state is kept; None for files, which are a whole.
        may_watch: asked before each frame; False ends the watch, as another program has the camera.
        revision: asked before each frame; after another answer the watch, and where it says so the source,
            are made anew and go on where they were.
        waiting: frames that may wait for the analysis before the oldest is dropped.
        late_after_s: seconds without a frame after which somebody has to look.
    """

    name: str
    live: bool
    source: Callable[[NoticeSink], FrameSource]
    watch: Callable[[FrameSource], CameraWatch]
    memory: Memory | None
    may_watch: Callable[[], bool] = always
    revision: Callable[[], Revision] = never_changed
    waiting: int = FRAMES_WAITING
    late_after_s: Callable[[], float] = usually_late_s
