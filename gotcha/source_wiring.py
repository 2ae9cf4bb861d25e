"""From a camera's settings to the source that reads it."""

from __future__ import annotations

import dataclasses
import math

from gotcha.config import Config
from gotcha.config_cameras import (
    Camera,
    DeviceCamera,
    Esp32Camera,
    FileCamera,
    RtspCamera,
    StillsCamera,
    WebcamCamera,
)
from gotcha.device_inbox import DatabaseInbox
from pipeline.frame import FrameSource, NoticeSink
from pipeline.zone import Zone
from sources.clip_ring import ClipOptions
from sources.decode_mode import DecodeOptions
from sources.device import DeviceOptions, DeviceSource
from sources.esp32 import Esp32CamSource, Esp32Options
from sources.frame_buffer import FRAMES_WAITING
from sources.jpeg_frames import JpegOptions
from sources.paired import PairedSource
from sources.rtsp import RtspSource
from sources.rtsp_reader import RtspOptions
from sources.still import StillOptions, StillSource
from sources.video_file import FileOptions, FileSource
from sources.webcam import WebcamOptions, WebcamSource

# Keyframes serve where they come ten times in the shortest dwell, and at least every two seconds: vehicles
# are dated by the pictures in which they do not stand yet (docs/benchmarks.md, "Keyframes").
_KEYFRAMES_PER_DWELL = 10
_LONGEST_KEYFRAME_INTERVAL_S = 2.0
# An arrival is known when it is confirmed; until its clip is cut the stream is kept, with this margin.
_CLIP_MARGIN_S = 30.0
# So long encoding a clip keeps a camera unwatched: six seconds of ten pictures each take 0.5 s of a core at
# SVGA and 2.1 s at UXGA (half as much again on a busy one).
_CLIP_TAKES_S = 3.0


def build_source(
    config: Config, name: str, *, notices: NoticeSink | None = None, inbox: DatabaseInbox | None = None
) -> FrameSource:
    """The source of the camera `name`; it opens when its frames are asked for.

    Args:
        config: the whole configuration.
        name: the camera.
        notices: is told what happens to it.
        inbox: where a device's frames lie, when who gives them has to know which were judged.

    Raises:
        ConfigError: there is no camera of that name.
    """
    camera = config.camera(name)
    zones = config.zones_of(name)
    clip = _clip(config, zones)
    match camera:
        case RtspCamera():
            return _rtsp(name, camera, zones, clip, notices)
        case Esp32Camera():
            esp32 = Esp32Options(
                base_url=camera.url.reveal().rstrip("/"),
                stream_port=camera.stream_port,
                frame_size=camera.framesize.lower(),
                quality=camera.quality,
                stall_s=camera.stall_s,
                jpeg=JpegOptions(analysis_fps=camera.analysis_fps, clip=clip),
            )
            return Esp32CamSource(name, esp32, sink=notices)
        case StillsCamera():
            still = StillOptions(
                url=camera.url.reveal(),
                interval_s=camera.interval_s,
                jpeg=JpegOptions(analysis_fps=None, clip=clip),
            )
            return StillSource(name, still, sink=notices)
        case DeviceCamera():
            device = DeviceOptions(jpeg=JpegOptions(analysis_fps=None, clip=clip))
            return DeviceSource(name, device, inbox or DatabaseInbox(config, name), sink=notices)
        case FileCamera():
            file = FileOptions(
                path=camera.path,
                started_at=camera.started_at,
                decode=decode_options(camera, zones),
                at_own_pace=camera.pace == "real",
            )
            return FileSource(name, file, sink=notices)
        case WebcamCamera():
            webcam = WebcamOptions(
                path=camera.device,
                size=camera.size,
                fps=camera.fps,
                analysis_fps=camera.analysis_fps,
                clip=clip,
            )
            return WebcamSource(name, webcam, sink=notices)


def frames_waiting(camera: Camera) -> int:
    """How many of its frames may wait for the analysis before the oldest is dropped.

    A camera that sends JPEGs is unwatched while a clip of it is encoded: none of its frames may get lost by
    that, and as they wait undecoded, 0.2 MB each, all of them may wait.
    """
    match camera:
        case Esp32Camera():
            return max(FRAMES_WAITING, math.ceil(_CLIP_TAKES_S * camera.analysis_fps))
        case StillsCamera():
            return max(FRAMES_WAITING, math.ceil(_CLIP_TAKES_S / camera.interval_s))
        case _:
            return FRAMES_WAITING


def is_live(camera: Camera) -> bool:
    """Whether its frames come whether or not anybody takes them; a fast file's and a device's wait."""
    return not (
        isinstance(camera, DeviceCamera) or (isinstance(camera, FileCamera) and camera.pace == "fast")
    )


def decode_options(camera: RtspCamera | FileCamera, zones: tuple[Zone, ...]) -> DecodeOptions:
    """How much of a video stream is decoded; `auto` is bound by the shortest dwell time of the zones."""
    shortest = min((zone.dwell_s for zone in zones), default=float("inf"))
    return DecodeOptions(
        mode=camera.decode,
        analysis_fps=camera.analysis_fps,
        longest_keyframe_interval_s=min(_LONGEST_KEYFRAME_INTERVAL_S, shortest / _KEYFRAMES_PER_DWELL),
        on_demand=True,
    )


def source_needs(config: Config, name: str) -> tuple[DecodeOptions | None, ClipOptions]:
    """What zones ask of a camera's source: how much it decodes, how long it keeps its stream."""
    camera, zones = config.camera(name), config.zones_of(name)
    decoded = decode_options(camera, zones) if isinstance(camera, RtspCamera | FileCamera) else None
    return decoded, _clip(config, zones)


def _rtsp(
    name: str, camera: RtspCamera, zones: tuple[Zone, ...], clip: ClipOptions, notices: NoticeSink | None
) -> FrameSource:
    main = RtspOptions(
        url=camera.url.reveal(), decode=decode_options(camera, zones), clip=clip, stall_s=camera.stall_s
    )
    if camera.analysis_url is None:
        return RtspSource(name, main, sink=notices)
    analysis = dataclasses.replace(main, url=camera.analysis_url.reveal(), clip=None)
    return PairedSource(name, main, analysis, sink=notices)


def _clip(config: Config, zones: tuple[Zone, ...]) -> ClipOptions:
    confirm_s = max((zone.confirm_s for zone in zones), default=0.0)
    spans_s = config.evidence.clip_before_s + config.evidence.clip_after_s
    return ClipOptions(keep_s=confirm_s + spans_s + _CLIP_MARGIN_S)
