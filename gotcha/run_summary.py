"""What a run did, told at its end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSummary:
    """What one camera did: frames seen, detector runs, damaged and dropped frames, reports offered, restarts.

    `failure` is why it could not be watched at all, `trouble` what its source complained of last and has not
    overcome; both one sentence, or None.
    """

    name: str
    frames: int
    detected: int
    damaged: int
    dropped: int
    reports: int
    restarts: int
    failure: str | None
    trouble: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """What a run did, how many reports still wait on disk, and how many were refused for good."""

    cameras: tuple[CameraSummary, ...]
    waiting: int
    dead: int
