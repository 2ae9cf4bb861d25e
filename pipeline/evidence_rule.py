"""What a report must hold before it may accuse: the evidence rule of its zone, as the report states it."""

from __future__ import annotations

from pipeline.report import Evidence, EvidenceKind, Report

# Photos are timed by media time, which no set clock moves; the times on them are of the wall clock, which a
# time server slews by at most 500 ppm (ntpd(8)): 0.15 s in the longest gap, 5 minutes, and rounding.
TIME_TOLERANCE_S = 1.0


def missing_evidence(report: Report) -> str | None:
    """What `report` lacks to be final, as half a sentence; None when it lacks nothing.

    Two photos, the zone's gap apart by the times on them, of bytes that differ; and a plate that was read
    with certainty, unless the zone accepts a report without one. A report of an older program does not state
    its zone's rule: then photo 2 must be later than photo 1.
    """
    first, second = _newest(report, EvidenceKind.PHOTO_1), _newest(report, EvidenceKind.PHOTO_2)
    if first is None or second is None:
        lacking = EvidenceKind.PHOTO_1 if first is None else EvidenceKind.PHOTO_2
        return f"it has no {lacking.value}"
    if first.sha256 == second.sha256:
        return "its two photos are one and the same picture"
    apart_s = (second.taken_at - first.taken_at).total_seconds()
    if apart_s <= 0:
        return f"photo 2 was not taken after photo 1 but {abs(apart_s):.1f} s before"
    if report.photo_gap_s is not None and apart_s < report.photo_gap_s - TIME_TOLERANCE_S:
        return f"its photos were taken {apart_s:.1f} s apart, and its zone asks for {report.photo_gap_s:g} s"
    if not report.plate.accepted and report.unread_allowed is False:
        return "its plate was not read with certainty, and its zone asks for one (report_unread: false)"
    return None


def _newest(report: Report, kind: EvidenceKind) -> Evidence | None:
    return next((item for item in reversed(report.evidence) if item.kind is kind), None)
