"""Finds every record that was altered, removed or inserted behind Gotcha's back, and names it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from storage.anchor_check import AnchorCheck
from storage.anchors import Anchor
from storage.chain import ChainLink, LinkKind, columns, read_link
from storage.record_hash import FIRST, link_bytes, record_bytes, sha256, tombstone_bytes
from storage.review_tables import ReviewRow
from storage.tables import DoomedEvidenceRow, EvidenceRow, HistoryRow, LinkRow, ReportRow, TombstoneRow
from storage.transactions import snapshot

_AT_ONCE = 500


class Fault(StrEnum):
    """What happened to it; `unnamed`: evidence that nothing is wrong with, and that no record names.

    A watch leaves such behind: the crops and photos it gave up for better ones, and what it was killed over
    before it could report. A file put there by somebody else with a name that fits looks the same; no report
    has anything from it.
    """

    ALTERED = "altered"
    MISSING = "missing"
    INSERTED = "inserted"
    UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it was stored.

    Attributes:
        fault: what happened to it.
        subject: its name: `report <id>`, `link <camera>#<position>`, `evidence <key>`.
        text: one sentence.
    """

    fault: Fault
    subject: str
    text: str


@dataclass(slots=True, kw_only=True)
class RecordCheck:
    """What the database holds, and what is wrong with it.

    Attributes:
        findings: in the order of the chains, then of the reports.
        links, reports, tombstones: how many were checked.
        anchors: how many ends of chains, written down outside the database, the chains still run through.
        heads: the last link of each camera; written down elsewhere, they prove that no chain lost its end.
        evidence: SHA-256 of each piece of evidence, by key, with the report that names it.
        doomed: keys of evidence that waits to be deleted.
    """

    findings: list[Finding] = field(default_factory=list)
    links: int = 0
    reports: int = 0
    tombstones: int = 0
    anchors: int = 0
    heads: dict[str, ChainLink] = field(default_factory=dict)
    evidence: dict[str, tuple[str, str]] = field(default_factory=dict)
    doomed: set[str] = field(default_factory=set)

    def found(self, fault: Fault, subject: str, text: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(fault=fault, subject=subject, text=text))


def verify_records(engine: Engine, anchors: Iterable[Anchor] = ()) -> RecordCheck:
    """Check every chain, report, tombstone and history, in one snapshot; workers may go on meanwhile.

    Args:
        engine: of the database.
        anchors: ends of the chains that were written down elsewhere, before this call.

    Raises:
        StorageUnavailableError, StorageError: the database cannot be read.
    """
    check = RecordCheck()
    with snapshot(engine) as session:
        newest = _check_links(session, check, AnchorCheck(anchors))
        _check_reports(session, check, newest)
        _check_tombstones(session, check, newest)
        for report_id, link in newest.items():
            # What the checks above met has been taken out.
            if link.kind is LinkKind.TOMBSTONE:
                what = "the tombstone of this expired report is gone"
            else:
                what = "its rows are gone, and it had not expired"
            check.found(Fault.MISSING, f"report {report_id}", f"{what} ({_shown(link)})")
        _check_unchained(session, check)
        check.doomed = set(session.exec(select(DoomedEvidenceRow.key)))
    return check


def _check_links(session: Session, check: RecordCheck, anchored: AnchorCheck) -> dict[str, ChainLink]:
    newest: dict[str, ChainLink] = {}
    last: ChainLink | None = None
    query = select(LinkRow).order_by(col(LinkRow.camera), col(LinkRow.position))
    for row in session.exec(query.execution_options(yield_per=_AT_ONCE)):
        link = read_link(row)
        check.links += 1
        if last is None or last.camera != link.camera:
            last = None
        _check_link(check, link, last)
        anchored.meet(link)
        check.heads[link.camera] = newest[link.report_id] = last = link
    check.anchors = anchored.kept
    for camera, position, was_rewritten, said in anchored.broken():
        fault = Fault.ALTERED if was_rewritten else Fault.MISSING
        check.found(fault, f"link {camera}#{position}", said)
    return newest


def _check_link(check: RecordCheck, link: ChainLink, before: ChainLink | None) -> None:
    expected = sha256(
        link_bytes(
            camera=link.camera,
            position=link.position,
            kind=link.kind.value,
            report_id=link.report_id,
            revision=link.revision,
            at=link.at,
            record_sha256=link.record_sha256,
            previous_sha256=link.previous_sha256,
        )
    )
    subject = f"link {link.camera}#{link.position}"
    if expected != link.link_sha256:
        check.found(
            Fault.ALTERED, subject, f"its hash is not that of what it says of report {link.report_id}"
        )
    position, previous = (0, FIRST) if before is None else (before.position, before.link_sha256)
    if link.position != position + 1:
        gone = f"{position + 1}" if link.position == position + 2 else f"{position + 1}-{link.position - 1}"
        check.found(Fault.MISSING, f"link {link.camera}#{gone}", "the chain has a gap there")
    elif link.previous_sha256 != previous:
        check.found(
            Fault.ALTERED, subject, f"it does not follow from the link before it (report {link.report_id})"
        )


def _check_reports(session: Session, check: RecordCheck, newest: dict[str, ChainLink]) -> None:
    repeats = _all_repeats(session)
    for rows in _pages(session):
        ids = [row.id for row in rows]
        evidence = _evidence_of(session, ids)
        history = _history_of(session, ids)
        reviews = _reviews_of(session, ids)
        for row in rows:
            check.reports += 1
            link = newest.pop(row.id, None)
            subject = f"report {row.id}"
            for item in evidence[row.id]:
                check.evidence[item.key] = (item.sha256, row.id)
            if link is None:
                check.found(Fault.INSERTED, subject, "no chain knows it")
                continue
            if link.kind is LinkKind.TOMBSTONE:
                check.found(Fault.INSERTED, subject, f"it had expired, and is there again ({_shown(link)})")
                continue
            record = record_bytes(
                columns(row),
                map(columns, evidence[row.id]),
                map(columns, history[row.id]),
                map(columns, reviews[row.id]),
            )
            if sha256(record) != link.record_sha256:
                check.found(
                    Fault.ALTERED,
                    subject,
                    "the report, its evidence's entries, its history or its reviews are not what was stored"
                    f" ({_shown(link)})",
                )
            elif row.plate_tail != row.plate_text[-4:]:
                # Not in the hash, since it follows from what is; a search would miss the report.
                text = f"it is looked for by {row.plate_tail!r}, which its plate does not end with"
                check.found(Fault.ALTERED, subject, text)
            count, seen = repeats.get(row.id, (0, row.own_last_seen_at))
            if (row.repeats, row.last_seen_at) != (count, max(seen, row.own_last_seen_at)):
                check.found(Fault.ALTERED, subject, f"its count of repeats is {row.repeats}, not {count}")


def _check_tombstones(session: Session, check: RecordCheck, newest: dict[str, ChainLink]) -> None:
    rows = session.exec(select(TombstoneRow).order_by(col(TombstoneRow.id))).all()
    history = _history_of(session, [row.id for row in rows])
    for row in rows:
        check.tombstones += 1
        subject = f"report {row.id}"
        link = newest.get(row.id)
        if link is None or link.kind is not LinkKind.TOMBSTONE:
            check.found(Fault.INSERTED, subject, "a tombstone says it expired, which no chain knows")
            continue
        del newest[row.id]
        if sha256(tombstone_bytes(columns(row), map(columns, history[row.id]))) != link.record_sha256:
            check.found(
                Fault.ALTERED, subject, f"its tombstone or history is not what was stored ({_shown(link)})"
            )


def _check_unchained(session: Session, check: RecordCheck) -> None:
    """What hangs on reports that are in no chain at all: all else of them was removed, or it is new."""
    chained = select(LinkRow.report_id).where(LinkRow.report_id == HistoryRow.report_id).exists()
    named = {finding.subject for finding in check.findings}
    for report_id in session.exec(select(HistoryRow.report_id).where(~chained).distinct()):
        if f"report {report_id}" not in named:
            check.found(
                Fault.MISSING, f"report {report_id}", "the history knows it, but it is in no chain any more"
            )
    there = select(ReportRow.id).where(ReportRow.id == EvidenceRow.report_id).exists()
    for row in session.exec(select(EvidenceRow).where(~there)):
        check.found(Fault.INSERTED, f"evidence {row.key}", f"it is entered for no report ({row.report_id})")
    there = select(ReportRow.id).where(ReportRow.id == ReviewRow.report_id).exists()
    for report_id in session.exec(select(ReviewRow.report_id).where(~there).distinct()):
        check.found(Fault.INSERTED, f"reviews of report {report_id}", "they are entered for no report")


def _all_repeats(session: Session) -> dict[str, tuple[int, datetime]]:
    found: dict[str, tuple[int, datetime]] = {}
    for table, seen in ((ReportRow, ReportRow.own_last_seen_at), (TombstoneRow, TombstoneRow.last_seen_at)):
        rows = session.exec(
            select(table.duplicate_of, func.count(), func.max(seen))
            .where(col(table.duplicate_of).is_not(None))
            .group_by(col(table.duplicate_of))
        )
        for original, count, last in rows:
            before, seen_before = found.get(str(original), (0, last))
            found[str(original)] = (before + count, max(last, seen_before))
    return found


def _pages(session: Session) -> Iterator[Sequence[ReportRow]]:
    after = ""
    while rows := session.exec(
        select(ReportRow).where(col(ReportRow.id) > after).order_by(col(ReportRow.id)).limit(_AT_ONCE)
    ).all():
        yield rows
        after = rows[-1].id
        session.expunge_all()


def _evidence_of(session: Session, ids: list[str]) -> dict[str, list[EvidenceRow]]:
    found: dict[str, list[EvidenceRow]] = defaultdict(list)
    query = select(EvidenceRow).where(col(EvidenceRow.report_id).in_(ids)).order_by(col(EvidenceRow.position))
    for row in session.exec(query):
        found[row.report_id].append(row)
    return found


def _history_of(session: Session, ids: list[str]) -> dict[str, list[HistoryRow]]:
    found: dict[str, list[HistoryRow]] = defaultdict(list)
    for start in range(0, len(ids), _AT_ONCE):
        query = select(HistoryRow).where(col(HistoryRow.report_id).in_(ids[start : start + _AT_ONCE]))
        for row in session.exec(query.order_by(col(HistoryRow.id))):
            found[row.report_id].append(row)
    return found


def _reviews_of(session: Session, ids: list[str]) -> dict[str, list[ReviewRow]]:
    found: dict[str, list[ReviewRow]] = defaultdict(list)
    query = select(ReviewRow).where(col(ReviewRow.report_id).in_(ids)).order_by(col(ReviewRow.id))
    for row in session.exec(query):
        found[row.report_id].append(row)
    return found


def _shown(link: ChainLink) -> str:
    return f"link {link.camera}#{link.position} of {link.at:%Y-%m-%d %H:%M:%S} UTC"
