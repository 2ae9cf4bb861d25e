"""Which of a scene's halts a watch can fairly be held to, and for how long each stands in plain view.

A halt counts when the vehicle lies wholly in the picture, is at least 24 px wide in a picture of width 640,
and stands in plain view for the dwell: at least half of its outline not behind something nearer, and the
camera without a fault that blinds or turns it. The others are neither wanted nor false, and what a frozen
picture shows truly stands in it. Times are compared where arrival or departure is in plain view.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.event_truth import ClipTruth, TrueHalt
from pipeline.geometry import Box
from simulator.damage import FaultKind
from simulator.scene import Scene
from simulator.truth import SceneTruth, StandingTruth, VisibleBox

LEAST_VISIBLE, LEAST_WIDTH_AT_640 = 0.5, 24.0
BLINDING = frozenset(
    {FaultKind.MOVED, FaultKind.BLOCKED, FaultKind.DARK, FaultKind.BLURRED, FaultKind.FROZEN}
)
# An arrival or departure that is not in plain view within this time cannot be dated by anybody, seconds.
_DATED_S = 1.0
# Visibility is looked up this often, seconds.
STEP_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewedHalt:
    """A halt and when it can be seen.

    Attributes:
        halt: as the scene's truth has it.
        whole: wholly in the picture and wide enough.
        open_s: the moments at which it stands in plain view.
        step_s: seconds between the moments that were looked up.
    """

    halt: StandingTruth
    whole: bool
    open_s: tuple[float, ...]
    step_s: float = STEP_S

    @property
    def box(self) -> Box:
        """Where it stands, pixels."""
        x1, y1, x2, y2 = self.halt.bbox_xyxy
        return Box(x1=x1, y1=y1, x2=x2, y2=y2)

    @property
    def stood_s(self) -> float:
        """How long it stands within the scene, seconds."""
        return self.halt.t1 - self.halt.t0

    def is_fair(self, dwell_s: float) -> bool:
        """Whether a watch with a dwell of `dwell_s` can be held to it; halts shorter than that always can."""
        return self.whole and (self.stood_s < dwell_s or self.open_for(0.0) >= dwell_s - self.step_s)

    @property
    def arrival_seen(self) -> bool:
        """Whether it arrives within the scene, in plain view."""
        near = any(abs(at_s - self.halt.t0) <= _DATED_S for at_s in self.open_s)
        return near and not self.halt.stationary_at_start

    @property
    def departure_seen(self) -> bool:
        """Whether it leaves within the scene, in plain view."""
        near = any(abs(at_s - self.halt.t1) <= _DATED_S for at_s in self.open_s)
        return near and not self.halt.stationary_at_end

    def open_for(self, after_s: float) -> float:
        """Seconds in plain view from `after_s` after its begin."""
        return self.step_s * sum(at_s >= self.halt.t0 + after_s for at_s in self.open_s)


def viewed_halts(scene: Scene, truth: SceneTruth, step_s: float = STEP_S) -> tuple[ViewedHalt, ...]:
    """Every halt of `truth`, with what of it can be seen, looked up every `step_s` seconds."""
    seen: dict[str, list[tuple[float, VisibleBox]]] = {entry.id: [] for entry in truth.stationary}
    for number in range(int(scene.duration_s / step_s) + 1):
        at_s = number * step_s
        standing = [entry for entry in truth.stationary if entry.t0 <= at_s <= entry.t1]
        blind = any(fault.kind in BLINDING and fault.active(at_s) for fault in scene.script.faults)
        if not standing or blind:
            continue
        here = {box.name: box for box in scene.boxes(at_s)}
        for entry in standing:
            if entry.vehicle in here:
                seen[entry.id].append((at_s, here[entry.vehicle]))
    return tuple(
        ViewedHalt(
            halt=entry,
            whole=_is_whole(entry, [box for _, box in seen[entry.id]], truth.width),
            open_s=tuple(at_s for at_s, box in seen[entry.id] if box.visible >= LEAST_VISIBLE),
            step_s=step_s,
        )
        for entry in truth.stationary
    )


def frozen_places(scene: Scene) -> tuple[Box, ...]:
    """Where vehicles appear to stand because the picture is frozen."""
    frozen = (fault for fault in scene.script.faults if fault.kind is FaultKind.FROZEN)
    return tuple(box.box for fault in frozen for box in scene.boxes(fault.t0))


def clip_truth(
    name: str, halts: tuple[ViewedHalt, ...], dwell_s: float, unlisted: tuple[Box, ...] = ()
) -> ClipTruth:
    """The fair halts as `bench.event_scoring` takes them; events on others count for nothing."""
    fair = [viewed for viewed in halts if viewed.is_fair(dwell_s)]
    return ClipTruth(
        name=name,
        video=Path(f"{name}.mp4"),
        halts=tuple(
            TrueHalt(
                id=viewed.halt.id,
                box=viewed.box,
                t0=viewed.halt.t0,
                t1=viewed.halt.t1,
                at_start=not viewed.arrival_seen,
                at_end=not viewed.departure_seen,
            )
            for viewed in fair
        ),
        unlisted=tuple(viewed.box for viewed in halts if viewed not in fair) + unlisted,
    )


def _is_whole(entry: StandingTruth, boxes: list[VisibleBox], width: int) -> bool:
    # A swaying camera may cut the outline for a moment: most of the looks decide.
    wide = (entry.bbox_xyxy[2] - entry.bbox_xyxy[0]) * 640 / width >= LEAST_WIDTH_AT_640
    return wide and 2 * sum(box.whole for box in boxes) >= len(boxes) > 0
