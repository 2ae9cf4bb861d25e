"""One camera's judgement: a frame goes in, reports and camera events come out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.casework import Casework
from pipeline.detection import VEHICLES, Detection, Detector
from pipeline.dwell import DwellTimer
from pipeline.dwell_state import DwellChange, DwellEnd, DwellState
from pipeline.errors import PictureError, QueueError
from pipeline.frame import Frame
from pipeline.frame_detector import FrameDetector
from pipeline.geometry import Polygon, Size
from pipeline.idle_pace import IdlePace
from pipeline.picture import FittedPicture
from pipeline.report import CameraCondition, CameraEvent, Report, ReportSink
from pipeline.standing import StandingUpdate, StandingVehicle, StandingVehicles
from pipeline.view_signature import VIEW_SIZE
from pipeline.view_watch import ViewWatch
from pipeline.watch_step import WatchStep, together
from pipeline.zone import Zone

# The view is compared this often; a nudged camera is noticed seconds later, at a thousandth of the cost.
VIEW_EVERY_S = 0.5
# Doubt about the view that lasts this long suspends the zones before anything is declared.
SUSPEND_AFTER_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchParts:
    """The parts of a watch, made by the wiring; all belong to this one camera.

    `new_id` gives the id of a record; it is told what the record is of, the same in every run of a file.
    """

    detector: Detector
    tracker: StandingVehicles
    dwell: DwellTimer
    view: ViewWatch
    casework: Casework
    sink: ReportSink
    new_id: Callable[[str], str]


class CameraWatch:
    """Watches one camera. Not thread-safe: one thread owns it.

    Args:
        camera: its name.
        zones: its no-parking zones.
        masks: polygons (0-1) in which nothing is a vehicle (containers, posters).
        analysis_long_side: longer side of the picture the detector looks at, pixels.
        parts: what it works with.
        pace: lets frames wait while nothing moves; None judges every frame.
    """

    def __init__(
        self,
        *,
        camera: str,
        zones: tuple[Zone, ...],
        masks: tuple[Polygon, ...],
        analysis_long_side: int,
        parts: WatchParts,
        pace: IdlePace | None = None,
    ) -> None:
        self._camera = camera
        self._zones = {zone.name: zone for zone in zones}
        self._parts = parts
        self._detector = FrameDetector(parts.detector, long_side=analysis_long_side, masks=masks)
        self._pace = pace or IdlePace(longest_s=0.0)
        self._looked_before = False
        self._standing: tuple[StandingVehicle, ...] = ()
        self._size: Size | None = None
        self._condition = CameraCondition.OK
        self._suspended = False
        self._doubt_since_s: float | None = None
        self._view_due_s = 0.0
        self._unsent: list[CameraEvent] = []
        self._problems: list[str] = []

    @property
    def parts(self) -> WatchParts:
        """The parts, for keeping and restoring their state (see `pipeline.watch_state`)."""
        return self._parts

    @property
    def size(self) -> Size | None:
        """Full resolution that every box and zone refers to: that of the first frame."""
        return self._size

    @property
    def unsent_events(self) -> tuple[CameraEvent, ...]:
        """Camera events that the sink did not take yet."""
        return tuple(self._unsent)

    def adopt(self, size: Size, unsent: tuple[CameraEvent, ...]) -> None:
        """Continue with the full resolution and the unsent events of an earlier run."""
        self._size = size
        self._unsent.extend(unsent)

    def adopt_condition(self) -> None:
        """Continue with the condition that the view, restored from an earlier run, is in."""
        self._condition = self._parts.view.condition

    def accept_view(self) -> None:
        """The operator says that the view is right as it is now (the camera was turned on purpose)."""
        self._parts.view.accept_view()
        # The next frame says at once that the zones are in force again.
        self._view_due_s = 0.0
        self._pace.wake()

    def step(self, frame: Frame) -> WatchStep:
        """Take in the next frame; while nothing moves it may be put by, and is judged once something does.

        Returns:
            What this frame led to, and with it those that waited before it.

        Raises:
            PictureError: the frame's picture is damaged; nothing changed, the next frame may be fine.
        """
        if self._pace.holds(frame):
            return self._step_result(None, StandingUpdate(standing=self._standing, departed=()), (), ())
        waited = self._pace.take_changed(frame)
        before = self._judge_all(waited)
        try:
            step = self._judge(frame)
        except PictureError as error:
            if not before:
                raise
            # What those before it led to must be told all the same.
            step = replace(before[-1], departed=(), changes=(), reports=(), problems=(str(error),))
        return together((*before, step)) if before else step

    def _judge_all(self, frames: tuple[Frame, ...]) -> tuple[WatchStep, ...]:
        steps: list[WatchStep] = []
        for frame in frames:
            with contextlib.suppress(PictureError):  # Its source says so.
                steps.append(self._judge(frame))
        return tuple(steps)

    def _judge(self, frame: Frame) -> WatchStep:
        """Take in a frame now."""
        self._pace.wake()
        frame = self.fitted(frame)
        size = frame.picture.size
        self._watch_view(frame)
        self._send_events()
        if self._parts.view.in_doubt:
            self._doubt(frame)
            return self._step_result(None, StandingUpdate(standing=(), departed=()), (), ())
        self._doubt_since_s = None
        if self._suspended:
            self._suspended = False
            self._parts.tracker.resume(frame)
            self._parts.dwell.resume(frame.at_s)
        detections = self._detect(frame) if self._parts.tracker.needs_detection(frame) else None
        update = self._parts.tracker.update(frame, detections)
        changes = self._parts.dwell.update(frame.at_s, frame.taken_at, update.standing, update.departed, size)
        self.pass_on(frame, changes)
        others = tuple(d.box for d in detections or () if d.label in VEHICLES)
        others += tuple(vehicle.box for vehicle in update.standing)
        reports = self._parts.casework.work(frame, update.standing, others)
        self._standing = update.standing
        # One look alone is routine; a second one in a row is meant to decide something.
        busy = detections is not None and self._looked_before
        self._looked_before = detections is not None
        if not (busy or changes or reports or update.departed or self._unsent):
            self._pace.rest_until(min(self._parts.dwell.due_s(), self._parts.casework.due_s()))
        return self._step_result(detections, update, changes, reports)

    def finish(self) -> tuple[Report, ...]:
        """The footage has ended: judge what is open by what is known."""
        steps = self._judge_all(self._pace.take_waiting())
        return (*(report for step in steps for report in step.reports), *self._parts.casework.finish())

    def send_unsent(self) -> bool:
        """Offer again what the sink did not take; whether all of it is now taken."""
        self._send_events()
        self._parts.casework.send_unsent()
        return not self._unsent and not self._parts.casework.unsent

    def _doubt(self, frame: Frame) -> None:
        """Skip a doubtful picture: a hand on the lens must not look like vehicles leaving.

        A single one is a gap that the memory of places tolerates. Only when the doubt lasts, or a condition
        is declared, are the zones suspended and the places asked anew afterwards: a camera that flickers
        would otherwise never see a vehicle stand still.
        """
        if self._doubt_since_s is None:
            self._doubt_since_s = frame.at_s
        lasts = frame.at_s - self._doubt_since_s >= SUSPEND_AFTER_S
        if lasts or self._condition is not CameraCondition.OK:
            self._suspended = True
            self._parts.dwell.suspend()

    def _step_result(
        self,
        detections: tuple[Detection, ...] | None,
        update: StandingUpdate,
        changes: tuple[DwellChange, ...],
        reports: tuple[Report, ...],
    ) -> WatchStep:
        problems = (*self._problems, *self._parts.casework.take_problems())
        self._problems = []
        return WatchStep(
            condition=self._condition,
            detections=detections,
            standing=update.standing,
            departed=update.departed,
            changes=changes,
            reports=reports,
            problems=problems,
        )

    def fitted(self, frame: Frame) -> Frame:
        """`frame` at the size of the first one, so that boxes and zones keep their pixels."""
        if self._size is None:
            self._size = frame.detail.size
        if frame.picture.size == self._size:
            return frame
        # Only what is analysed is fitted: photos and plates want every pixel of `detail`, at its own size.
        return replace(frame, picture=FittedPicture(frame.picture, self._size))

    def _watch_view(self, frame: Frame) -> None:
        if frame.at_s < self._view_due_s and not frame.discontinuity:
            return
        self._view_due_s = frame.at_s + VIEW_EVERY_S
        condition = self._parts.view.update(frame.picture.gray(VIEW_SIZE), frame.at_s)
        if condition is self._condition:
            return
        self._condition = condition
        self._unsent.append(
            CameraEvent(
                id=self._parts.new_id(f"{condition.value}/{frame.at_s:.2f}"),
                camera=self._camera,
                condition=condition,
                at=frame.taken_at,
                text=self._parts.view.explanation,
            )
        )

    def _send_events(self) -> None:
        while self._unsent:
            try:
                self._parts.sink.offer(self._unsent[0])
            except QueueError as error:
                self._problems.append(str(error))
                return
            self._unsent.pop(0)

    def _detect(self, frame: Frame) -> tuple[Detection, ...]:
        whole = self._detector.whole(frame)
        return self._detector.closer(frame, self._parts.tracker.close_ups(frame, whole), whole)

    def pass_on(self, frame: Frame, changes: tuple[DwellChange, ...]) -> None:
        """Open, advance and end cases as `changes` say."""
        casework = self._parts.casework
        for change in changes:
            zone = self._zones.get(change.zone)
            if zone is None:
                # A zone that an earlier run had and the configuration no longer has.
                continue
            if change.state is DwellState.PARKED:
                casework.open(frame, change.vehicle, zone, frame.picture.size)
            elif change.state is DwellState.VIOLATING:
                casework.violate(frame, change.vehicle, zone)
            elif change.state is DwellState.DEPARTED:
                casework.depart(
                    change.vehicle, change.zone, change.at, hours_over=change.end is DwellEnd.HOURS_ENDED
                )
