"""Tells people of what happens: finds what is new, and sends it until it arrives."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.camera_status import CameraStatus
from jobs.notify_channels import Sender
from pipeline.errors import NotificationError
from pipeline.report import CameraCondition, CameraEvent, ReportState
from storage.notifications import Channel, Notification, SqlNotifications, notification_id
from storage.ports import ReportStore, StoredReport

_log = logging.getLogger(__name__)

# Seconds until it is tried again, after the first, second, ... failure; then it is given up: in a day and a
# half somebody has seen that nothing comes.
AGAIN_S = (10.0, 60.0, 300.0, 1800.0, 7200.0, 6 * 3600.0, 24 * 3600.0)
_KEPT = timedelta(days=30)
_NEEDS_A_PERSON = frozenset({CameraCondition.MOVED, CameraCondition.BLOCKED, CameraCondition.DARK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An event: what names it each time it is seen, the report it is about or None, and what is told."""

    name: str
    report_id: str | None
    body: Mapping[str, str]


class Notifier:
    """Several may run at once, in any program that reaches the database: each event is told once.

    Args:
        notifications: what was told and is to be told.
        reports: where reports and events of cameras are.
        now: the clock, aware UTC.
    """

    def __init__(
        self, notifications: SqlNotifications, reports: ReportStore, now: Callable[[], datetime]
    ) -> None:
        self._notifications = notifications
        self._reports = reports
        self._now = now

    def note(self, happened: Iterable[Happened], channels: Iterable[Channel]) -> int:
        """Have each event told over each channel, once; how many are new.

        Raises:
            StorageError: the database does not take it.
        """
        now, ways = self._now(), tuple(channels)
        return sum(
            self._notifications.add(
                [
                    Notification(
                        id=notification_id(event.name, channel),
                        channel=channel,
                        report_id=event.report_id,
                        body=event.body,
                    )
                    for channel in ways
                ],
                at=now,
            )
            for event in happened
        )

    def finals(self, *, plates: bool, address: str | None) -> Iterator[Happened]:
        """Reports that became final; those taken back since are left out.

        Args:
            plates: whether their plates are told.
            address: of the dashboard, or None.

        Raises:
            StorageError: the database does not answer.
        """
        for report_id in self._notifications.new_finals():
            stored = self._reports.get(report_id)
            if stored is not None and stored.state in (ReportState.FINAL, ReportState.EXPORTED):
                yield Happened(
                    name=f"report/{report_id}",
                    report_id=report_id,
                    body=_report_body(stored, plates=plates, address=address),
                )

    def changed_views(self, cameras: Iterable[str]) -> Iterator[Happened]:
        """Those of `cameras` whose view is moved, blocked or dark: zones are suspended until it is well.

        However long ago that began, in case nothing could be told then; where it is so for longer than what
        was told is kept (30 days), it is told again.

        Raises:
            StorageError: the database does not answer.
        """
        for camera in cameras:
            for event in self._reports.camera_events(camera=camera, limit=1):
                if event.condition in _NEEDS_A_PERSON:
                    yield Happened(name=f"view/{event.id}", report_id=None, body=_view_body(event))

    def deliver(self, senders: Mapping[Channel, Sender], most: int = 50) -> int:
        """Try what is due; how many arrived. One over a channel that is off by now is given up.

        Raises:
            StorageError: the database does not answer.
        """
        arrived = 0
        for _ in range(most):
            taken = self._notifications.take(self._now())
            if taken is None:
                break
            arrived += self._sent(taken, senders.get(taken.channel))
        self._notifications.forget(created_before=self._now() - _KEPT)
        return arrived

    def _sent(self, taken: Notification, sender: Sender | None) -> bool:
        now = self._now()
        if sender is None:
            self._notifications.failed(taken.id, error="the channel was turned off", again_at=None)
            return False
        try:
            sender.send(taken.id, taken.body, now)
        except NotificationError as error:
            again = AGAIN_S[taken.attempts - 1] if taken.attempts <= len(AGAIN_S) else None
            again_at = None if again is None else now + timedelta(seconds=again)
            _log.warning("a notification did not arrive over %s: %s", taken.channel.value, error)
            self._notifications.failed(taken.id, error=str(error), again_at=again_at)
            return False
        self._notifications.sent(taken.id, at=self._now())
        return True


def silent_cameras(statuses: Mapping[str, CameraStatus], now: datetime) -> Iterator[Happened]:
    """Cameras of which no frame comes; once for each silence, or once a day where none ever came."""
    for name, status in statuses.items():
        if status.heard_at is None:
            if status.trouble is None and status.failure is None:
                continue
            what, since = "unreachable", now.date().isoformat()
        elif status.is_late(now):
            what, since = "stalled", status.heard_at.isoformat()
        else:
            continue
        cause = status.failure or status.trouble or "no frame comes"
        body = {
            "event": f"camera.{what}",
            "camera": name,
            "since": since,
            "cause": cause,
            "text": f"camera {name} is {what}: {cause}",
        }
        yield Happened(name=f"{what}/{name}/{since}", report_id=None, body=body)


def _view_body(event: CameraEvent) -> dict[str, str]:
    return {
        "event": f"camera.{event.condition.value}",
        "camera": event.camera,
        "since": event.at.isoformat(),
        "cause": event.text,
        "text": f"camera {event.camera} is {event.condition.value}: {event.text}",
    }


def _report_body(stored: StoredReport, *, plates: bool, address: str | None) -> dict[str, str]:
    report = stored.report
    body = {
        "event": "report.final",
        "report": report.id,
        "camera": report.camera,
        "zone": report.zone,
        "zone_kind": report.zone_kind,
        "vehicle": report.label.value,
        "parked_at": report.parked_at.isoformat(),
        "text": f"a {report.label.value} stands in {report.zone} ({report.camera}) for too long",
    }
    if plates:
        body["plate"] = report.plate.text
    if address is not None:
        body["url"] = f"{address}/reports/{report.id}"
    return body
