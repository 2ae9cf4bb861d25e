"""What the overview shows: each camera in a word, and first what needs a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from jobs.camera_status import CameraStatus
from jobs.node_status import NodeStatus
from jobs.queue_figures import QueueFigures
from pipeline.report import CameraCondition, ReportState

_LOW_DISK_SHARE, _LOW_DISK_BYTES = 0.05, 2 * 1024**3
_MANY_WAITING = 100


class Tone(StrEnum):
    """How urgent something is; also the name of its colour."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    STILL = "still"


_CONDITIONS: Mapping[CameraCondition, Tone] = {
    CameraCondition.MOVED: Tone.BAD,
    CameraCondition.BLOCKED: Tone.BAD,
    CameraCondition.FROZEN: Tone.BAD,
    CameraCondition.DARK: Tone.WARN,
    CameraCondition.BLURRED: Tone.WARN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraAtAGlance:
    """One camera.

    Attributes:
        name: its name.
        state: `live`, what is wrong, or `unknown`; a key among the words, `camera.STATE`.
        tone: how urgent that is.
        frame_age_s: seconds since the last frame; None when there was none.
        status: what its program says; None when nobody watches it.
    """

    name: str
    state: str
    tone: Tone
    frame_age_s: float | None
    status: CameraStatus | None

    @property
    def sentence(self) -> str | None:
        """What the program says about its trouble, or None."""
        return None if self.status is None else self.status.failure or self.status.trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that needs a person: a key among the words, `need.KEY`, its values, where to see to it."""

    tone: Tone
    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    path: str | None = None
    sentence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A disk, bytes."""

    free: int
    total: int

    @property
    def share(self) -> float:
        """What is free of it, 0-1."""
        return self.free / self.total if self.total else 0.0

    @property
    def is_low(self) -> bool:
        return self.share < _LOW_DISK_SHARE or self.free < _LOW_DISK_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the overview is made of; None of what could not be asked.

    Attributes:
        cameras: names, in the order they are shown.
        statuses: what is told of them.
        nodes: the programs that watch.
        queues: the queues.
        disk: the one with the least left.
        today: reports of today by state.
        to_review: accusations that nobody has confirmed or rejected yet.
    """

    cameras: tuple[str, ...]
    statuses: Mapping[str, CameraStatus] | None
    nodes: tuple[NodeStatus, ...] | None
    queues: tuple[QueueFigures, ...] | None
    disk: Disk
    today: Mapping[ReportState, int]
    to_review: int


def at_a_glance(name: str, figures: Figures, now: datetime) -> CameraAtAGlance:
    """One camera in a word: the worst that is known of it."""
    if figures.statuses is None:
        return CameraAtAGlance(name=name, state="unknown", tone=Tone.STILL, frame_age_s=None, status=None)
    status = figures.statuses.get(name)
    if status is None:
        return CameraAtAGlance(name=name, state="unwatched", tone=Tone.BAD, frame_age_s=None, status=None)
    age_s = None if status.heard_at is None else max(0.0, (now - status.heard_at).total_seconds())
    state, tone = _state(status, age_s)
    return CameraAtAGlance(name=name, state=state, tone=tone, frame_age_s=age_s, status=status)


def _state(status: CameraStatus, age_s: float | None) -> tuple[str, Tone]:
    if status.failure is not None:
        return "failed", Tone.BAD
    if age_s is None:
        return ("unreachable", Tone.BAD) if status.trouble else ("opening", Tone.WARN)
    if age_s > status.late_after_s:
        return "stalled", Tone.BAD
    if status.condition is not None and status.condition in _CONDITIONS:
        return status.condition.value, _CONDITIONS[status.condition]
    if status.dropped_rate > status.analysed_rate:
        return "slow", Tone.WARN
    return "live", Tone.OK


def needs(figures: Figures, cameras: tuple[CameraAtAGlance, ...]) -> tuple[Need, ...]:
    """What needs a person, most urgent first."""
    found: list[Need] = []
    if figures.statuses is None:
        found.append(Need(tone=Tone.BAD, key="queue_away"))
    if figures.disk.is_low:
        found.append(Need(tone=Tone.BAD, key="disk_low", values={"share": round(figures.disk.share * 100)}))
    for queue in figures.queues or ():
        if queue.waiting and not queue.workers:
            found.append(Need(tone=Tone.BAD, key="no_worker", values={"number": queue.waiting}))
        elif queue.waiting > _MANY_WAITING:
            found.append(Need(tone=Tone.WARN, key="many_waiting", values={"number": queue.waiting}))
    refused = sum(node.refused for node in figures.nodes or ())
    refused += sum(queue.failed for queue in figures.queues or ())
    if refused:
        found.append(Need(tone=Tone.BAD, key="refused", values={"number": refused}))
    found += [
        Need(
            tone=camera.tone,
            key=f"camera_{camera.state}",
            values={"camera": camera.name},
            path=f"/live/{camera.name}",
            sentence=camera.sentence,
        )
        for camera in cameras
        if camera.tone in (Tone.WARN, Tone.BAD)
    ]
    if figures.to_review:
        values = {"number": figures.to_review}
        found.append(Need(tone=Tone.OK, key="to_review", values=values, path="/reports?review=open"))
    order = (Tone.BAD, Tone.WARN, Tone.OK, Tone.STILL)
    return tuple(sorted(found, key=lambda need: order.index(need.tone)))
