"""A hash chain for each camera: who alters, removes or inserts a record breaks it (`storage.verification`).

Every step of a report appends a link in the transaction of the step. A link holds the SHA-256 of the record
(report, evidence with its SHA-256s, history, reviews) and of the link before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine, func, text
from sqlmodel import Session, SQLModel, col, select

from pipeline.errors import StorageError
from storage.record_hash import FIRST, link_bytes, record_bytes, sha256, tombstone_bytes
from storage.review_tables import ReviewRow
from storage.tables import EvidenceRow, HistoryRow, LinkRow, ReportRow, TombstoneRow
from storage.transactions import snapshot


class LinkKind(StrEnum):
    """What a link stands for; `adopted`: a record that was there before the chain was."""

    RECORD = "record"
    TOMBSTONE = "tombstone"
    ADOPTED = "adopted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLink:
    """One link, as stored.

    Attributes:
        camera: whose chain.
        position: 1, 2, ... in that chain.
        kind: what it stands for.
        report_id, revision: of the record.
        at: when it was stored, aware UTC.
        record_sha256: of `storage.record_hash.record_bytes` or `tombstone_bytes`.
        previous_sha256: the `link_sha256` of the link before; 64 zeros for the first.
        link_sha256: of `storage.record_hash.link_bytes` of all of the above.
    """

    camera: str
    position: int
    kind: LinkKind
    report_id: str
    revision: int
    at: datetime
    record_sha256: str
    previous_sha256: str
    link_sha256: str


def append_record(
    session: Session,
    report: ReportRow,
    *,
    at: datetime,
    evidence: Sequence[EvidenceRow] | None = None,
    history: Sequence[HistoryRow] | None = None,
    reviews: Sequence[ReviewRow] | None = None,
) -> None:
    """Chain what the session's transaction has just made of `report`.

    `evidence`, `history` and `reviews` are all its rows, in order, where the caller has them; else they are
    read.
    """
    _append(
        session,
        camera=report.camera,
        kind=LinkKind.RECORD,
        report_id=report.id,
        revision=report.revision,
        at=at,
        record=record_of(session, report, evidence, history, reviews),
    )


def append_tombstone(session: Session, tombstone: TombstoneRow, *, at: datetime) -> None:
    """Chain the end of an expired report."""
    _append(
        session,
        camera=tombstone.camera,
        kind=LinkKind.TOMBSTONE,
        report_id=tombstone.id,
        revision=tombstone.revision,
        at=at,
        record=tombstone_bytes(columns(tombstone), history_of(session, tombstone.id)),
    )


def record_of(
    session: Session,
    report: ReportRow,
    evidence: Sequence[EvidenceRow] | None = None,
    history: Sequence[HistoryRow] | None = None,
    reviews: Sequence[ReviewRow] | None = None,
) -> bytes:
    """The bytes that stand for `report` in the chain, as it is stored now; see `append_record`."""
    if evidence is None:
        evidence = session.exec(
            select(EvidenceRow).where(EvidenceRow.report_id == report.id).order_by(col(EvidenceRow.position))
        ).all()
    steps = history_of(session, report.id) if history is None else [columns(step) for step in history]
    if reviews is None:
        reviews = session.exec(
            select(ReviewRow).where(ReviewRow.report_id == report.id).order_by(col(ReviewRow.id))
        ).all()
    return record_bytes(columns(report), map(columns, evidence), steps, map(columns, reviews))


def history_of(session: Session, report_id: str) -> list[dict[str, object]]:
    """The steps of a report, oldest first, by column names."""
    steps = session.exec(
        select(HistoryRow).where(HistoryRow.report_id == report_id).order_by(col(HistoryRow.id))
    ).all()
    return [columns(step) for step in steps]


def newest_link(session: Session, report_id: str) -> ChainLink | None:
    """The last link of a report, or None."""
    row = session.exec(
        select(LinkRow).where(LinkRow.report_id == report_id).order_by(col(LinkRow.position).desc()).limit(1)
    ).first()
    return None if row is None else read_link(row)


def heads(engine: Engine) -> tuple[ChainLink, ...]:
    """The last link of each camera's chain.

    Raises:
        StorageUnavailableError, StorageError: the database cannot be read.
    """
    last = (
        select(col(LinkRow.camera).label("camera"), func.max(LinkRow.position).label("position"))
        .group_by(col(LinkRow.camera))
        .subquery()
    )
    query = select(LinkRow).join(
        last, (col(LinkRow.camera) == last.c.camera) & (col(LinkRow.position) == last.c.position)
    )
    with snapshot(engine) as session:
        return tuple(read_link(row) for row in session.exec(query.order_by(col(LinkRow.camera))))


def read_link(row: LinkRow) -> ChainLink:
    """The link of a row."""
    return ChainLink(
        camera=row.camera,
        position=row.position,
        kind=LinkKind(row.kind),
        report_id=row.report_id,
        revision=row.revision,
        at=row.at,
        record_sha256=row.record_sha256,
        previous_sha256=row.previous_sha256,
        link_sha256=row.link_sha256,
    )


def columns(row: SQLModel) -> dict[str, object]:
    """A row's values by column names."""
    return {name: getattr(row, name) for name in type(row).model_fields}


def _append(
    session: Session,
    *,
    camera: str,
    kind: LinkKind,
    report_id: str,
    revision: int,
    at: datetime,
    record: bytes,
) -> None:
    if session.get_bind().dialect.name == "postgresql":
        # Until the end of the transaction one writer alone extends this camera's chain, so that it never
        # forks (the primary key would refuse that); SQLite has one writer anyway. Always taken last.
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 1))"), {"name": camera})
    last = session.exec(
        select(LinkRow).where(LinkRow.camera == camera).order_by(col(LinkRow.position).desc()).limit(1)
    ).first()
    position, previous = (1, FIRST) if last is None else (last.position + 1, last.link_sha256)
    digest = sha256(record)
    link = link_bytes(
        camera=camera,
        position=position,
        kind=kind.value,
        report_id=report_id,
        revision=revision,
        at=at,
        record_sha256=digest,
        previous_sha256=previous,
    )
    session.add(
        LinkRow(
            camera=camera,
            position=position,
            kind=kind.value,
            report_id=report_id,
            revision=revision,
            at=at,
            record_sha256=digest,
            previous_sha256=previous,
            link_sha256=sha256(link),
        )
    )
    session.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What shows that a report is as it was stored: `link.record_sha256` is the SHA-256 of `record`."""

    link: ChainLink
    record: bytes


def proof_of(engine: Engine, report_id: str) -> Proof:
    """The proof of a stored report.

    Raises:
        StorageError: there is no such report, or it is not what its chain says.
    """
    with snapshot(engine) as session:
        row, link = session.get(ReportRow, report_id), newest_link(session, report_id)
        if row is None:
            raise StorageError(f"there is no report {report_id}")
        record = record_of(session, row)
    if link is None or sha256(record) != link.record_sha256:
        raise StorageError(
            f"report {report_id} is not what was stored: it was altered; `gotcha verify` says more"
        )
    return Proof(link=link, record=record)
