"""Who saw or took out evidence and reports: written down before it is handed out, and never changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine, delete, func
from sqlmodel import col, select

from pipeline.report import EvidenceStore
from storage.tables import AccessRow
from storage.transactions import changing, reading


class AccessAction(StrEnum):
    """What was done."""

    READ = "read"
    EXPORT = "export"
    VERIFY = "verify"
    PURGE = "purge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One entry.

    Attributes:
        at: when, aware UTC.
        who: a user's or program's name.
        action: what was done.
        report_id: of which report, or None.
        key: of which piece of evidence, or None.
        detail: a sentence: the query, how many, what for.
    """

    at: datetime
    who: str
    action: AccessAction
    report_id: str | None = None
    key: str | None = None
    detail: str = ""


class SqlAccessLog:
    """The log in the database; raises as `storage.ports.ReportStore` does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, access: Access) -> None:
        """Write an entry; it is on disk when this returns."""
        with changing(self._engine) as session:
            session.add(
                AccessRow(
                    at=access.at,
                    who=access.who,
                    action=access.action.value,
                    report_id=access.report_id,
                    key=access.key,
                    detail=access.detail,
                )
            )

    def older_than(self, moment: datetime) -> int:
        """How many entries were written before `moment`."""
        old = select(func.count()).select_from(AccessRow).where(col(AccessRow.at) < moment)
        with reading(self._engine) as session:
            return session.exec(old).one()

    def expire(self, before: datetime, *, at: datetime, by: str, why: str) -> int:
        """Delete the entries written before `before`, and write down that this was done; how many they were.

        Args:
            before: at least 30 days ago; what is younger the database refuses to delete (migration 0013).
            at: now, aware UTC.
            by: who does so.
            why: a half sentence, for the entry that says so.

        Raises:
            StorageError: the database refuses, as it does for what is younger.
        """
        with changing(self._engine) as session:
            old = delete(AccessRow).where(col(AccessRow.at) < before).returning(col(AccessRow.id))
            gone = len(session.execute(old).all())
            if gone:
                detail = f"{gone} entries of the access log deleted: {why}"
                session.add(AccessRow(at=at, who=by, action=AccessAction.PURGE.value, detail=detail))
        return gone

    def entries(self, *, report_id: str | None = None, limit: int = 100) -> tuple[Access, ...]:
        """The latest entries first, of one report or of all."""
        query = select(AccessRow).order_by(col(AccessRow.id).desc()).limit(limit)
        if report_id is not None:
            query = query.where(AccessRow.report_id == report_id)
        with reading(self._engine) as session:
            return tuple(
                Access(
                    at=row.at,
                    who=row.who,
                    action=AccessAction(row.action),
                    report_id=row.report_id,
                    key=row.key,
                    detail=row.detail,
                )
                for row in session.exec(query)
            )


class LoggedEvidence:
    """Evidence for people: every read is in the access log before the bytes are given out.

    Args:
        evidence: the store.
        log: where reads are written down.
        who: who reads.
        now: the clock, aware UTC.
    """

    def __init__(
        self, evidence: EvidenceStore, log: SqlAccessLog, *, who: str, now: Callable[[], datetime]
    ) -> None:
        self._evidence = evidence
        self._log = log
        self._who = who
        self._now = now

    def get(self, key: str, *, report_id: str, purpose: str) -> bytes:
        """The bytes stored under `key`.

        Raises:
            EvidenceError: they are not there, or altered.
            StorageError: the read could not be written down; nothing is given out.
        """
        self._log.record(
            Access(
                at=self._now(),
                who=self._who,
                action=AccessAction.READ,
                report_id=report_id,
                key=key,
                detail=purpose,
            )
        )
        return self._evidence.get(key)
