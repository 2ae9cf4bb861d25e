"""Scenes as H.264 files with their truth beside them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av

from pipeline.errors import InvalidValueError
from simulator.scene import Scene
from simulator.truth import SceneTruth


def write_video(
    scene: Scene,
    path: Path,
    *,
    fps: float | None = None,
    crf: int = 25,
    gop_s: float = 1.0,
    preset: str = "veryfast",
    on_frame: Callable[[int, int], None] | None = None,
) -> SceneTruth:
    """Render `scene` to an H.264 file at `path` and write its truth beside it as `<stem>.json`.

    Baseline of what cameras send: yuv420p, no B-frames, closed groups of pictures of equal length.

    Args:
        scene: what to draw, from 0 s to its duration.
        path: an .mp4 or .mkv file; its folder must exist.
        fps: frames a second; the scene's own by default.
        crf: quality of x264, 0-51, smaller is better.
        gop_s: seconds between key frames.
        preset: x264's speed.
        on_frame: told (frames written, frames in all) after each.

    Returns:
        The truth as written.

    Raises:
        InvalidValueError: the size is odd, which yuv420p cannot hold.
        av.FFmpegError: the file cannot be written.
    """
    if scene.size.width % 2 or scene.size.height % 2:
        raise InvalidValueError(f"expected an even size for H.264, got {scene.size}")
    rate = Fraction(fps if fps is not None else scene.fps).limit_denominator(1001)
    count = max(1, round(scene.duration_s * rate))
    truth = scene.truth(file=path.name, fps=float(rate), gop_s=gop_s)
    with av.open(
        str(path), "w", options={"movflags": "+faststart"} if path.suffix == ".mp4" else {}
    ) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = scene.size.width, scene.size.height, "yuv420p"
        stream.codec_context.gop_size = max(1, round(gop_s * rate))
        stream.codec_context.thread_count = 1
        stream.options = {
            "crf": str(crf),
            "preset": preset,
            "bf": "0",
            "sc_threshold": "0",
            "tune": "zerolatency",
        }
        for index in range(count):
            frame = av.VideoFrame.from_ndarray(scene.frame(float(index / rate)), format="bgr24")
            frame.pts = index
            frame.time_base = 1 / rate
            container.mux(stream.encode(frame))
            if on_frame is not None:
                on_frame(index + 1, count)
        container.mux(stream.encode(None))
    truth.write(path.with_suffix(".json"))
    return truth
