"""A minute of a typical street and the one before it as a camera sends them: 1080p30 H.264, 1 s keyframes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
from rich.progress import track

from pipeline.geometry import Size
from simulator.demo import simulated_day
from simulator.scene import Scene
from simulator.truth import ZoneTruth

SIZE = Size(width=1920, height=1080)
FPS = 30
# A camera that has just been started looks often and closely at what stands there; that is over by then.
LEAD_S = 60.0
LENGTH_S = 60.0
_SEED, _HOURS = 2, 0.2
_MOVING_SHARE = 0.25  # of a typical street's time something moves
_NEAR = 0.03
_STEP_S = 0.5
_MOVED_PX = 2.0


def street() -> Scene:
    """The street of which the minute is taken."""
    return simulated_day(_SEED, _HOURS, size=SIZE, fps=FPS)


def zones() -> tuple[ZoneTruth, ...]:
    """Its no-parking zones."""
    return street().truth(fps=1.0).zones


def write_minute(path: Path) -> float:
    """Encode a minute in which something moves about a quarter of the time and most is parked; that share.

    The minute begins `LEAD_S` after the video does.
    """
    scene = street()
    begin_s, share = _typical_minute(scene)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = SIZE.width, SIZE.height, "yuv420p"
        stream.codec_context.gop_size = FPS
        stream.codec_context.thread_count = 1
        # What cameras send: no B-frames, keyframes at equal distances.
        stream.options = {
            "crf": "23",
            "preset": "veryfast",
            "bf": "0",
            "sc_threshold": "0",
            "tune": "zerolatency",
        }
        for index in track(range(int((LEAD_S + LENGTH_S) * FPS)), description="Drawing the street"):
            at_s = begin_s - LEAD_S + index / FPS
            frame = av.VideoFrame.from_ndarray(scene.frame(at_s), format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return share


def _typical_minute(scene: Scene) -> tuple[float, float]:
    moves: list[bool] = []
    before: dict[str, tuple[float, float]] = {}
    for step in range(int(scene.duration_s / _STEP_S)):
        seen = {v.name: (v.box.center.x, v.box.center.y) for v in scene.boxes(step * _STEP_S)}
        moves.append(seen.keys() != before.keys() or any(_apart(seen[n], before[n]) for n in seen))
        before = seen
    length = int(LENGTH_S / _STEP_S)
    shares = [sum(moves[i : i + length]) / length for i in range(len(moves) - length)]
    lead = int(LEAD_S / _STEP_S)
    typical = [i for i, share in enumerate(shares) if i >= lead and abs(share - _MOVING_SHARE) <= _NEAR]
    halts = scene.truth(fps=1.0).stationary

    def parked(first: int) -> float:
        begin_s = first * _STEP_S
        return sum(max(0.0, min(h.t1, begin_s + LENGTH_S) - max(h.t0, begin_s)) for h in halts)

    best = max(typical, key=parked)
    return best * _STEP_S, shares[best]


def _apart(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return abs(a[0] - b[0]) + abs(a[1] - b[1]) > _MOVED_PX
