"""Draws live pictures in the cameras' threads while somebody looks, about one a second each."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from gotcha.config import Config
from jobs.live_view import LivePicture, StandingNow, View, ViewKind
from pipeline.errors import GotchaError
from pipeline.frame import Frame
from pipeline.report import Report
from pipeline.watch_step import WatchStep
from vision.encode import encode_jpeg

_log = logging.getLogger(__name__)

_EVERY_S = 0.8
_LONG_SIDE = 960
_QUALITY = {ViewKind.DRAWN: 78, ViewKind.PLAIN: 88}
# Vehicles that stand at once in a picture are fewer; what has left is of no use.
_REPORTS_KEPT = 200


class LivePictures:
    """What is drawn and not yet handed on.

    Args:
        config: what holds now, for zones and time zones.
    """

    def __init__(self, config: Callable[[], Config]) -> None:
        self._config = config
        self._wanted: frozenset[View] = frozenset()
        self._reports: dict[str, OrderedDict[str, Report]] = {}
        self._drawn_s: dict[View, float] = {}
        self._made: dict[View, LivePicture] = {}
        self._lock = threading.Lock()

    def want(self, views: frozenset[View]) -> None:
        """Draw these from now on, and no others."""
        if views and not self._wanted:
            # What draws takes half a second to import: not at every start, and not in a camera's thread.
            import gotcha.drawn_watch  # noqa: F401 - the camera's thread finds it loaded
        self._wanted = views

    def take(self) -> dict[View, LivePicture]:
        """What was drawn since it was last asked."""
        with self._lock:
            made, self._made = self._made, {}
        return made

    def step(self, camera: str, frame: Frame, step: WatchStep) -> None:
        """Draw the frame if somebody looks and it is time; called in the camera's thread, never raises."""
        reports = self._reports.setdefault(camera, OrderedDict())
        for report in step.reports:
            reports[report.vehicle_id] = report
            reports.move_to_end(report.vehicle_id)
        while len(reports) > _REPORTS_KEPT:
            reports.popitem(last=False)
        for view in self._wanted:
            if view.camera == camera and monotonic() - self._drawn_s.get(view, 0.0) >= _EVERY_S:
                self._drawn_s[view] = monotonic()
                self._draw(view, frame, step, reports)

    def _draw(self, view: View, frame: Frame, step: WatchStep, reports: OrderedDict[str, Report]) -> None:
        from gotcha.drawn_watch import drawn, zone_marks

        try:
            if view.kind is ViewKind.PLAIN:
                image = frame.picture.bgr(frame.picture.size.fitted(_LONG_SIDE))
            else:
                image = drawn(
                    frame,
                    step,
                    reports.values(),
                    zones=zone_marks(self._config().zones_of(view.camera)),
                    time_zone=self._config().time_zone_of(view.camera),
                    long_side=_LONG_SIDE,
                )
            jpeg = encode_jpeg(image, quality=_QUALITY[view.kind])
        except GotchaError as error:
            _log.debug("%s: no live picture: %s", view.camera, error)
            return
        with self._lock:
            self._made[view] = LivePicture(
                jpeg=jpeg, taken_at=frame.taken_at, standing=_standing(frame, step, reports)
            )


def _standing(frame: Frame, step: WatchStep, reports: OrderedDict[str, Report]) -> tuple[StandingNow, ...]:
    """What is drawn as clocks, for those who read it as text."""
    found = []
    for vehicle in step.standing:
        report = reports.get(vehicle.id)
        found.append(
            StandingNow(
                label=vehicle.label.value,
                plate=report.plate.text if report is not None and report.plate.accepted else "",
                stood_s=max(0.0, frame.at_s - vehicle.arrived_s),
            )
        )
    return tuple(found)
