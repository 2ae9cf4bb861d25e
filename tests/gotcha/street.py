"""A small simulated street for the tests of the whole program, with exact truth."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from pipeline.geometry import Size
from pipeline.picture import Image
from simulator.casting import Cast
from simulator.light_courses import light_track
from simulator.scene import Scene, SceneScript
from simulator.scenes import CLOSE_PLACES, CLOSE_SIZE, kerb_zones, viewpoint
from simulator.street import make_layout
from simulator.truth import StandingTruth
from simulator.vehicle_model import VehicleKind

(_, RIGHT), (_, LEFT) = CLOSE_PLACES


@dataclass(frozen=True, slots=True, kw_only=True)
class Parker:
    """A vehicle that parks: at which kerb ("right", "left"), from when to when, and what it is."""

    side: str
    from_s: float
    to_s: float
    kind: VehicleKind = VehicleKind.SEDAN


def street(
    *, length_s: float, parkers: tuple[Parker, ...], fps: float = 5.0, size: Size = CLOSE_SIZE
) -> Scene:
    """A close view with a no-parking zone along each kerb; plates are readable at the full size.

    Args:
        length_s: seconds.
        parkers: who parks.
        fps: frames a second.
        size: of its pictures.
    """
    rng = random.Random("end to end")
    layout = make_layout(rng.randrange(1 << 30), one_way=True, crossing_y=None)
    view = viewpoint(size, layout, rng, close=True)
    cast = Cast(layout, rng, flow=1)
    for one in parkers:
        cast.park(one.side, RIGHT if one.side == "right" else LEFT, one.from_s, one.to_s, one.kind)
    return Scene(
        SceneScript(
            kind="test",
            seed=1,
            fps=fps,
            duration_s=length_s,
            view=view,
            layout=layout,
            light=light_track("overcast", rng, length_s),
            actors=tuple(cast.actors),
            zones=kerb_zones(view, layout, cast),
            note="a street for tests",
        )
    )


def zones_of(scene: Scene, *, dwell_s: float, photo_gap_s: float, more: str = "") -> str:
    """The zones of `scene` as the value of `zones:` in config.yaml; `more` are further keys of each."""
    zones = []
    for zone in scene.truth().zones:
        polygon = [[round(p.x, 4), round(p.y, 4)] for p in zone.polygon.points]
        zones.append(
            f"{{name: {zone.name}, kind: {zone.kind}, polygon: {polygon}, "
            f"dwell_s: {dwell_s}, photo_gap_s: {photo_gap_s}{more}}}"
        )
    return f"[{', '.join(zones)}]"


def offenders(scene: Scene, dwell_s: float) -> list[StandingTruth]:
    """The halts that are to be reported."""
    return [halt for halt in scene.truth().stationary if halt.zone and halt.t1 - halt.t0 >= dwell_s]


def pictures(video: Path) -> list[Image]:
    """Every picture of a video, BGR."""
    with av.open(str(video)) as container:
        return [
            np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
            for frame in container.decode(video=0)
        ]


def write_long_parking(scene: Scene, path: Path, *, length_s: float) -> None:
    """`scene`, and then its second half again and again: a long time in which a parked vehicle stays.

    Drawing costs far more than encoding, and the pictures of a parked vehicle differ by their noise alone.

    Args:
        scene: in whose second half nothing moves.
        path: the .mp4 to make.
        length_s: how long it gets.
    """
    drawn = [scene.frame(index / scene.fps) for index in range(round(scene.duration_s * scene.fps))]
    quiet = drawn[len(drawn) // 2 :]
    # With its index first, as recorders write it, so that a cut copy is still a video.
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as output:
        stream = output.add_stream("libx264", rate=Fraction(scene.fps), options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = scene.size.width, scene.size.height, "yuv420p"
        # A keyframe a second, so that a viewer who comes back joins soon.
        stream.codec_context.gop_size = round(scene.fps)
        stream.codec_context.thread_count = 1
        stream.codec_context.max_b_frames = 0
        for index in range(round(length_s * scene.fps)):
            picture = drawn[index] if index < len(drawn) else quiet[(index - len(drawn)) % len(quiet)]
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
        output.mux(stream.encode(None))
