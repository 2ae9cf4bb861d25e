"""Looks at each camera once: does it answer, what does it send, where do its zones lie in the picture."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gotcha.config import Config
from gotcha.config_cameras import DeviceCamera, FileCamera, RtspCamera
from gotcha.device_interval import default_interval_s
from gotcha.source_wiring import build_source
from pipeline.errors import GotchaError, PictureError, SourceError, SourceFault
from pipeline.frame import Frame, FrameSource, NoticeSink, SourceNotice
from pipeline.geometry import Polygon, Size
from pipeline.picture import Image
from pipeline.zone import Zone
from vision.annotate import AMBER, BLUE, ZoneMark, draw_zones
from vision.encode import encode_jpeg

_log = logging.getLogger(__name__)

# The rate is measured over this long; `auto` needs two keyframe intervals to choose, often 2 s each.
_MEASURED_S = 5.0
# So many pictures that are none in a row are no accident.
_DAMAGED_AT_MOST = 3
_GIVE_UP = frozenset({"refused"})
_TROUBLE = frozenset({"refused", "lost", "stalled", "damaged"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a camera is looked at.

    Attributes:
        measured_s: seconds of pictures over which the rate is measured.
        at_first_trouble: one that is away is not waited for.
    """

    measured_s: float = _MEASURED_S
    at_first_trouble: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraToCheck:
    """What is needed to look at one camera.

    Attributes:
        name: its name.
        source: opens it; notices go to the sink.
        zones, masks: drawn into the picture.
        chooses_decoding: it says which frames it decodes, which is waited for.
        sleeps_s: seconds that it sleeps between two pictures; None where it does not.
    """

    name: str
    source: Callable[[NoticeSink], FrameSource]
    zones: tuple[Zone, ...]
    masks: tuple[Polygon, ...]
    chooses_decoding: bool
    sleeps_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraFindings:
    """What was found.

    Attributes:
        camera: its name.
        problem: why no picture came, one sentence; "" when one did.
        size: of the evidence, pixels.
        analysis_size: of what the analysis looks at, pixels.
        analysed_fps: frames a second handed to the analysis; None when too few came.
        notices: what the source said, in order.
        fault: the kind of the problem, where it is known.
        picture: the file with the zones drawn; None without a picture.
    """

    camera: str
    problem: str
    size: Size | None = None
    analysis_size: Size | None = None
    analysed_fps: float | None = None
    notices: tuple[SourceNotice, ...] = ()
    fault: SourceFault | None = None
    picture: Path | None = None


@dataclass(slots=True)
class _Look:
    """One camera while it is looked at; its thread writes, the caller reads after the thread has ended."""

    camera: CameraToCheck
    patience: Patience
    ending: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    notices: list[SourceNotice] = field(default_factory=list)
    first: Frame | None = None
    last: Frame | None = None
    count: int = 0
    failure: str = ""
    fault: SourceFault | None = None
    damaged: int = 0
    measure_anew: bool = False

    def hear(self, notice: SourceNotice) -> None:
        self.damaged += notice.kind == "damaged"
        if self.patience.at_first_trouble and self.first is None and self._is_hopeless(notice):
            self.ending.set()
        if notice.repeated:
            return
        self.notices.append(notice)
        # The rate to show is the one after the choice, not that of the seconds in which it was made.
        self.measure_anew = self.measure_anew or notice.kind == "decode"
        if notice.kind in _GIVE_UP:
            self.ending.set()

    def _is_hopeless(self, notice: SourceNotice) -> bool:
        return notice.kind in ("lost", "stalled") or self.damaged >= _DAMAGED_AT_MOST

    def run(self) -> None:
        try:
            for frame in self.camera.source(self.hear).frames(self.ending):
                if self.first is None or self.measure_anew:
                    self.first, self.count, self.measure_anew = frame, 0, False
                self.last = frame
                self.count += 1
                if self._has_seen_enough(frame):
                    return
        except GotchaError as error:
            self.failure = str(error)
            self.fault = error.fault if isinstance(error, SourceError) else None
        except Exception as error:  # noqa: BLE001 - the thread's border: one camera's bug must not hide the others
            _log.exception("%s: an unexpected error", self.camera.name)
            self.failure = f"an unexpected error: {type(error).__name__}"
        finally:
            self.done.set()

    def _has_seen_enough(self, frame: Frame) -> bool:
        measured = self.first is not None and frame.at_s - self.first.at_s >= self.patience.measured_s
        said = any(notice.kind == "decode" for notice in self.notices)
        return measured and (said or not self.camera.chooses_decoding)


def cameras_to_check(config: Config) -> tuple[CameraToCheck, ...]:
    """All cameras of a configuration."""
    return tuple(
        CameraToCheck(
            name=name,
            source=functools.partial(_source, config, name),
            zones=config.zones_of(name),
            masks=camera.masks,
            chooses_decoding=isinstance(camera, RtspCamera | FileCamera),
            sleeps_s=default_interval_s(config, name) if isinstance(camera, DeviceCamera) else None,
        )
        for name, camera in config.cameras.items()
    )


def _source(config: Config, name: str, notices: NoticeSink) -> FrameSource:
    camera = config.camera(name)
    if isinstance(camera, RtspCamera | FileCamera):
        # Only `auto` measures how far apart the keyframes are, which is what one wants to know here.
        camera = camera.model_copy(update={"decode": "auto"})
        config = config.model_copy(update={"cameras": {name: camera}})
    return build_source(config, name, notices=notices)


def check_cameras(
    cameras: tuple[CameraToCheck, ...],
    *,
    folder: Path,
    stop: threading.Event,
    within_s: float,
    tell: Callable[[CameraFindings], None],
    patience: Patience | None = None,
) -> None:
    """Look at all cameras at the same time, and tell of each as soon as it is known.

    Args:
        cameras: the cameras.
        folder: where the pictures with zones go.
        stop: ends everything at once.
        within_s: seconds after which a camera has to have answered.
        tell: is called once for each camera, in the order of `cameras`, in the calling thread.
        patience: how long each is looked at.

    Raises:
        GotchaError: a picture cannot be written.
    """
    looks = [_Look(camera=camera, patience=patience or Patience()) for camera in cameras]
    threads = [
        threading.Thread(target=look.run, name=f"check-{look.camera.name}", daemon=True) for look in looks
    ]
    for thread in threads:
        thread.start()
    timer = threading.Timer(within_s, _end, args=(looks,))
    timer.daemon = True
    timer.start()
    try:
        for look, thread in zip(looks, threads, strict=True):
            while not look.done.wait(0.1):
                if stop.is_set():
                    look.ending.set()
            thread.join()
            tell(_findings(look, folder, within_s))
    finally:
        timer.cancel()
        _end(looks)


def _end(looks: list[_Look]) -> None:
    for look in looks:
        look.ending.set()


def _findings(look: _Look, folder: Path, within_s: float) -> CameraFindings:
    if look.first is None or look.last is None:
        return _no_picture(look, within_s)
    try:
        image = look.last.detail.bgr()
    except PictureError as error:
        return CameraFindings(camera=look.camera.name, problem=str(error), notices=tuple(look.notices))
    seconds = look.last.at_s - look.first.at_s
    return CameraFindings(
        camera=look.camera.name,
        problem=look.failure,
        size=look.last.detail.size,
        analysis_size=look.last.picture.size,
        analysed_fps=(look.count - 1) / seconds if seconds > 0 else None,
        notices=tuple(look.notices),
        picture=_drawn(look.camera, image, folder),
    )


def _no_picture(look: _Look, within_s: float) -> CameraFindings:
    last = next((notice for notice in reversed(look.notices) if notice.kind in _TROUBLE), None)
    problem, fault = look.failure, look.fault
    if not problem and look.camera.sleeps_s is not None:
        problem = (
            f"no picture waits, and none came within {within_s:g} s: it sleeps {look.camera.sleeps_s:g} s"
            " between two, and `gotcha device list` says when its last one came"
        )
        fault = SourceFault.SILENT
    elif not problem and last is not None:
        # What a source does about it belongs to `gotcha run`, not here.
        problem = last.text.partition("; trying again")[0]
        fault = SourceFault.NOT_A_PICTURE if last.kind == "damaged" else last.fault
    elif not problem:
        problem, fault = f"no picture within {within_s:g} s", SourceFault.SILENT
    return CameraFindings(camera=look.camera.name, problem=problem, fault=fault, notices=tuple(look.notices))


def _drawn(camera: CameraToCheck, image: Image, folder: Path) -> Path:
    marks = [ZoneMark(polygon=z.polygon, name=f"{z.name} ({z.kind.value})", color=BLUE) for z in camera.zones]
    marks += [ZoneMark(polygon=mask, name="mask", color=AMBER) for mask in camera.masks]
    path = folder / f"{camera.name}.jpg"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_jpeg(draw_zones(image, tuple(marks))))
    except OSError as error:
        raise GotchaError(f"the picture {path} cannot be written: {error.strerror}") from error
    return path
