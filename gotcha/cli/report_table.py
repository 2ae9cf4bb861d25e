"""Reports on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.plate import PlateText
from pipeline.report import Report, ReportState
from storage.ports import HistoryEntry, StoredReport

if TYPE_CHECKING:
    from storage.access_log import Access

ZoneOf = Callable[[str], ZoneInfo]
# From a key to where its evidence lies, as it is shown.
Located = Callable[[str], Text]
_STYLES = {
    ReportState.TEMPORARY: "yellow",
    ReportState.FINAL: "bold red",
    ReportState.DUPLICATE: "blue",
    ReportState.REJECTED: "dim",
    ReportState.EXPORTED: "green",
    ReportState.EXPIRED: "dim",
}


def reports_table(
    reports: Iterable[tuple[Report, ReportState]],
    time_zone_of: ZoneOf,
    merged_into: Mapping[str, str] = MappingProxyType({}),
) -> Table:
    """Reports as rows.

    Args:
        reports: each with the state its life has come to.
        time_zone_of: the time zone of a camera, by its name.
        merged_into: the reports that count in the place of those that people have merged, by their ids.
    """
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("id", "state", "camera", "zone", "plate", "vehicle", "arrived", "stood", "remark"):
        table.add_column(
            column, overflow="fold" if column == "remark" else "ellipsis", no_wrap=column != "remark"
        )
    for report, state in reports:
        table.add_row(
            report.id[:8],
            Text(state.value, style=_STYLES[state]),
            Text(report.camera),
            Text(report.zone),
            Text(plate_shown(report.plate)),
            report.label.value,
            arrival_shown(report, time_zone_of(report.camera)),
            stood(report),
            Text(remark(report, merged_into.get(report.id))),
        )
    return table


def report_details(
    stored: StoredReport,
    history: Iterable[HistoryEntry],
    time_zone: ZoneInfo,
    located: Located,
    *,
    merged_into: str | None = None,
) -> RenderableType:
    """One report with its evidence and history.

    Args:
        stored: the report.
        history: its steps, oldest first.
        time_zone: of the times shown.
        located: where the evidence of a key lies.
        merged_into: the report that counts in its place, where people have merged it.
    """
    report = stored.report
    facts = Table(box=None, show_header=False, pad_edge=False)
    for name, value in (
        ("report", report.id),
        ("state", Text(stored.state.value, style=_STYLES[stored.state])),
        ("where", Text(f"{report.camera}, zone {report.zone} ({report.zone_kind})")),
        ("plate", Text(_plate_in_detail(report.plate))),
        ("vehicle", f"{report.label.value}, detector score {report.score:.2f}"),
        ("arrived", arrival_shown(report, time_zone)),
        ("photo 1", moment_shown(report.parked_at, time_zone)),
        ("violating", moment_shown(report.violating_at, time_zone)),
        ("departed", moment_shown(report.departed_at, time_zone)),
        ("stood", f"{stood(report)} (allowed: {duration_shown(report.dwell_limit_s)})"),
        ("last seen", moment_shown(stored.last_seen_at, time_zone)),
        ("same view", "" if report.same_view is None else f"{report.same_view:.2f} (SSIM, 0 to 1)"),
        ("repeats", str(stored.repeats)),
        ("remark", Text(remark(report, merged_into))),
    ):
        facts.add_row(name, value)
    return Group(
        facts, "", _evidence_table(report, time_zone, located), "", _history_table(history, time_zone)
    )


def access_table(entries: Iterable[Access], time_zone: ZoneInfo) -> Table:
    """Entries of the access log as rows."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("at", "who", "action", "report", "what"):
        table.add_column(column, overflow="fold" if column == "what" else "ellipsis")
    for entry in entries:
        what = " ".join(filter(None, (entry.detail, entry.key)))
        table.add_row(
            moment_shown(entry.at, time_zone),
            Text(entry.who),
            entry.action.value,
            (entry.report_id or "")[:8],
            Text(what),
        )
    return table


def plate_shown(plate: PlateText) -> str:
    """The plate; in brackets while it is not accepted, a dash when nothing was read."""
    if not plate.text:
        return "-"
    return plate.text if plate.accepted else f"({plate.text})"


def remark(report: Report, merged_into: str | None = None) -> str:
    """What an operator should know beyond the columns; `merged_into` counts in its place."""
    parts = [] if merged_into is None else [f"merged into {merged_into[:8]}"]
    if report.rejection:
        parts.append(report.rejection.value.replace("_", " "))
    if report.duplicate_of:
        parts.append(f"repeats {report.duplicate_of[:8]}")
    if report.note:
        parts.append(report.note)
    return "; ".join(parts)


def stood(report: Report) -> str:
    """How long the vehicle stood, as far as it was seen."""
    until = report.departed_at or report.last_seen_at
    length = duration_shown(max(0.0, (until - report.arrived_at).total_seconds()))
    return f"at least {length}" if report.since_start else length


def arrival_shown(report: Report, time_zone: ZoneInfo) -> str:
    """The arrival; that of a vehicle found standing is only its first sight."""
    return ("before " if report.since_start else "") + moment_shown(report.arrived_at, time_zone)


def moment_shown(moment: datetime | None, time_zone: ZoneInfo) -> str:
    """Local time to the second, empty for None."""
    return f"{moment.astimezone(time_zone):%Y-%m-%d %H:%M:%S}" if moment else ""


def duration_shown(seconds: float) -> str:
    """Such as 45 s, 1:05 min or 2:03:04 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02} h"


def _plate_in_detail(plate: PlateText) -> str:
    if not plate.text:
        return "not read"
    sure = " ".join(f"{c}={p:.2f}" for c, p in zip(plate.text, plate.confidences, strict=True))
    readings = "1 reading" if plate.readings == 1 else f"{plate.readings} readings"
    return f"{plate_shown(plate)}, {readings}: {sure}"


def _evidence_table(report: Report, time_zone: ZoneInfo, located: Located) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("evidence", "taken", "size", "file"):
        table.add_column(column, overflow="fold")
    for item in report.evidence:
        size = f"{item.size_bytes / 1024:.0f} kB"
        table.add_row(item.kind.value, moment_shown(item.taken_at, time_zone), size, located(item.key))
    return table


def _history_table(history: Iterable[HistoryEntry], time_zone: ZoneInfo) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("history", "at", "by", "why"):
        table.add_column(column)
    for step in history:
        came = f"{step.from_state.value} → " if step.from_state else ""
        moment = moment_shown(step.at, time_zone)
        table.add_row(f"{came}{step.to_state.value}", moment, Text(step.by), Text(step.why))
    return table
