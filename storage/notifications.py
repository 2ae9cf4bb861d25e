"""Notifications in the database: each once, sent until it arrives or is given up."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Engine, delete, func, or_
from sqlmodel import Session, col, select

from pipeline.report import ReportState
from storage.notification_table import NotificationRow
from storage.tables import HistoryRow
from storage.transactions import changing, reading

# Not a notification: remembers from which step of the reports' history on there is something to say.
_MARK = "mark"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Steps are numbered when they are written and seen when they are committed: a later one may be seen first.
_LOOK_BACK = 1000
# Who took a notification and was killed: another one tries after this.
_HELD = timedelta(minutes=2)


class Channel(StrEnum):
    """The way a notification takes."""

    WEBHOOK = "webhook"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A message over one channel.

    Attributes:
        id: 32 hex digits, the same for the same event and channel: what makes it arrive once.
        channel: its way.
        report_id: the report it tells of, or None.
        body: what it says, by key.
        attempts: how often it was tried.
    """

    id: str
    channel: Channel
    report_id: str | None
    body: Mapping[str, str]
    attempts: int = 0


def notification_id(event: str, channel: Channel) -> str:
    """The id of the notification of an event, which is named by what is the same each time it is seen."""
    return hashlib.sha256(f"{channel.value}/{event}".encode()).hexdigest()[:32]


class SqlNotifications:
    """The notifications of a database; threads and programs may share it.

    All methods raise as `storage.ports.ReportStore` does.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def new_finals(self, limit: int = 200) -> tuple[str, ...]:
        """Ids of reports that became final since notifications are on; the first call begins with the next.

        Those that were told of are left out; one that became final twice comes once.
        """
        with changing(self._engine, _MARK) as session:
            newest = session.exec(select(func.max(HistoryRow.id))).one() or 0
            mark = session.get(NotificationRow, _MARK)
            if mark is None:
                body = {"from": str(newest), "seen": str(newest)}
                # `due_at` is null, so it is never sent.
                mark = NotificationRow(id=_MARK, channel=_MARK, body=body, created_at=_EPOCH)
                session.add(mark)
                return ()
            begin, seen = int(mark.body["from"]), int(mark.body["seen"])
            told = (
                select(NotificationRow.id).where(NotificationRow.report_id == HistoryRow.report_id).exists()
            )
            rows = session.exec(
                select(HistoryRow)
                .where(
                    col(HistoryRow.id) > max(begin, seen - _LOOK_BACK),
                    HistoryRow.to_state == ReportState.FINAL.value,
                    # News of a final report is no other step.
                    or_(
                        col(HistoryRow.from_state).is_(None),
                        col(HistoryRow.from_state) != ReportState.FINAL.value,
                    ),
                    ~told,
                )
                .order_by(col(HistoryRow.id))
                .limit(limit + _LOOK_BACK)
            ).all()
            last = rows[-1].id if len(rows) == limit + _LOOK_BACK else newest
            mark.body = {**mark.body, "seen": str(last or newest)}
            return tuple(dict.fromkeys(row.report_id for row in rows))

    def forget_mark(self) -> None:
        """Notifications are off: what happens until they are on again is not told afterwards."""
        with changing(self._engine, _MARK) as session:
            session.execute(delete(NotificationRow).where(col(NotificationRow.id) == _MARK))

    def add(self, wanted: Sequence[Notification], *, at: datetime) -> int:
        """Have those sent that are not known yet, all or none of them; how many that are.

        An event's messages over all its channels are to be added at once: a report that one of them tells
        of is not looked for again (`new_finals`).
        """
        ids = [one.id for one in wanted]
        with reading(self._engine) as session:
            # Most were told of before: no writer need wait for that.
            if len(_known(session, ids)) == len(ids):
                return 0
        with changing(self._engine, *ids) as session:
            known = _known(session, ids)
            new = [
                NotificationRow(
                    id=one.id,
                    channel=one.channel.value,
                    report_id=one.report_id,
                    body=dict(one.body),
                    created_at=at,
                    due_at=at,
                )
                for one in wanted
                if one.id not in known
            ]
            session.add_all(new)
            return len(new)

    def take(self, now: datetime) -> Notification | None:
        """The next one to be tried, held for this caller for two minutes; None: none is due."""
        with changing(self._engine, "notifications") as session:
            row = session.exec(
                select(NotificationRow)
                .where(col(NotificationRow.due_at) <= now)
                .order_by(col(NotificationRow.due_at))
                .limit(1)
            ).first()
            if row is None:
                return None
            row.due_at = now + _HELD
            row.attempts += 1
            session.add(row)
            return Notification(
                id=row.id,
                channel=Channel(row.channel),
                report_id=row.report_id,
                body=dict(row.body),
                attempts=row.attempts,
            )

    def sent(self, notification_id: str, *, at: datetime) -> None:
        """It has arrived."""
        with changing(self._engine, notification_id) as session:
            row = session.get(NotificationRow, notification_id)
            if row is not None:
                row.due_at, row.sent_at, row.error = None, at, ""
                session.add(row)

    def failed(self, notification_id: str, *, error: str, again_at: datetime | None) -> None:
        """It did not arrive; None: it is given up."""
        with changing(self._engine, notification_id) as session:
            row = session.get(NotificationRow, notification_id)
            if row is not None:
                row.due_at, row.error = again_at, error[:500]
                session.add(row)

    def waiting(self) -> tuple[int, str]:
        """How many are still to be sent, and why the last one that was tried did not arrive."""
        unsent = col(NotificationRow.due_at).is_not(None)
        with reading(self._engine) as session:
            count = session.exec(select(func.count()).select_from(NotificationRow).where(unsent)).one()
            error = session.exec(
                select(NotificationRow.error)
                .where(NotificationRow.error != "")
                .order_by(col(NotificationRow.created_at).desc())
                .limit(1)
            ).first()
        return count, error or ""

    def forget(self, *, created_before: datetime) -> int:
        """Delete old ones that are about no report; how many. Those of reports go with their reports."""
        with changing(self._engine) as session:
            done = session.execute(
                delete(NotificationRow).where(
                    col(NotificationRow.report_id).is_(None),
                    col(NotificationRow.id) != _MARK,
                    col(NotificationRow.due_at).is_(None),
                    col(NotificationRow.created_at) < created_before,
                )
            )
            return int(getattr(done, "rowcount", 0))


def _known(session: Session, ids: Sequence[str]) -> set[str]:
    return set(session.exec(select(NotificationRow.id).where(col(NotificationRow.id).in_(ids))))
