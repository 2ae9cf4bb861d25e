"""The whole state of a watch as bytes, so that a restart goes on where the last run was."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from pipeline.case import Case
from pipeline.dwell_state import DwellSnapshot
from pipeline.errors import InvalidValueError
from pipeline.frame import Frame
from pipeline.geometry import Size
from pipeline.repeats import ReportedVehicle
from pipeline.report import CameraEvent, Report
from pipeline.view_watch import ViewSnapshot
from pipeline.watch import CameraWatch

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchState:
    """What a watch knows, as it lies on disk.

    Attributes:
        version: of this layout.
        size: full resolution that boxes refer to.
        view: the usual view.
        tracker: standing vehicles, the tracker's own format, base64.
        dwell: vehicles in zones.
        cases: open cases.
        reported: vehicles reported before.
        unsent, unsent_events: what the sink did not take yet.
    """

    version: int
    size: Size
    view: ViewSnapshot
    tracker: str
    dwell: DwellSnapshot
    cases: tuple[Case, ...]
    reported: tuple[ReportedVehicle, ...]
    unsent: tuple[Report, ...]
    unsent_events: tuple[CameraEvent, ...]


_ADAPTER = TypeAdapter(WatchState)


def dump_watch(watch: CameraWatch) -> bytes | None:
    """The state of `watch` as JSON, or None before its first frame."""
    if watch.size is None:
        return None
    parts = watch.parts
    return _ADAPTER.dump_json(
        WatchState(
            version=VERSION,
            size=watch.size,
            view=parts.view.snapshot(),
            tracker=base64.b64encode(parts.tracker.snapshot()).decode("ascii"),
            dwell=parts.dwell.snapshot(),
            cases=parts.casework.cases,
            reported=parts.casework.repeats.snapshot(),
            unsent=parts.casework.unsent,
            unsent_events=watch.unsent_events,
        )
    )


def load_watch(watch: CameraWatch, state: bytes, frame: Frame) -> None:
    """Continue from `state`, kept by an earlier run, at the first `frame` of this one.

    Raises:
        InvalidValueError: the state is damaged or of another version. Reports that were not sent yet, open
            cases and vehicles reported before are taken over all the same where they can be read.
    """
    try:
        kept = _ADAPTER.validate_json(state)
    except ValidationError as error:
        raise InvalidValueError(f"The kept state cannot be read ({error.error_count()} faults).") from error
    if kept.version != VERSION:
        raise InvalidValueError(f"Expected kept state of version {VERSION}, got {kept.version}.")
    parts = watch.parts
    watch.adopt(kept.size, kept.unsent_events)
    parts.casework.repeats.restore(kept.reported)
    parts.casework.restore(kept.cases, kept.unsent, offset_s=_offset_s(kept.dwell, frame))
    ended = parts.dwell.restore(kept.dwell, frame.at_s, frame.taken_at)
    watch.pass_on(frame, ended)
    try:
        parts.view.restore(kept.view)
        watch.adopt_condition()
        parts.tracker.restore(base64.b64decode(kept.tracker, validate=True), watch.fitted(frame))
    except ValueError as error:
        raise InvalidValueError(f"The kept view or places cannot be read: {error}.") from error


def _offset_s(dwell: DwellSnapshot, frame: Frame) -> float:
    """Media time of this run minus that of the earlier one; a clock set back in between counts as no time."""
    if dwell.taken_at is None:
        return 0.0
    passed_s = max(0.0, (frame.taken_at - dwell.taken_at).total_seconds())
    return frame.at_s - (dwell.at_s + passed_s)
