"""The result of analysing a video as JSON: the same for the command line, HTTP and buckets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gotcha.cli.report_json import Json, moment_json, report_json
from pipeline.geometry import Box

if TYPE_CHECKING:
    from gotcha.analysis import AnalysisResult
    from gotcha.video_findings import Halt, ParkedInterval, ZoneEvent


def analysis_json(result: AnalysisResult, *, evidence: Path | None = None) -> dict[str, Json]:
    """The result with all it holds; seconds are media time, boxes pixels of the full frame.

    Args:
        result: of the analysis.
        evidence: the folder of photos and clips, where they have one of their own.
    """
    found: dict[str, Json] = {
        "video": result.path.name if evidence is None else str(result.path),
        "started_at": moment_json(result.started_at),
        "started_at_is_from": result.started_from.value,
        "analysed_s": round(result.analysed_s, 3),
        "frames": result.frames,
        "events": [_event(event) for event in result.events],
        "parked": [_parked(interval) for interval in result.parked],
        "plates": [
            {
                "text": one.plate.text,
                "accepted": one.plate.accepted,
                "track": one.vehicle_id,
                "report": one.id,
            }
            for one in result.reports
            if one.plate.text
        ],
        "reports": [report_json(report) for report in result.reports],
        "standing": [_halt(halt) for halt in result.halts],
        "camera_events": [
            {"at": moment_json(event.at), "condition": event.condition.value, "text": event.text}
            for event in result.camera_events
        ],
        "notices": list(result.notices),
    }
    return found if evidence is None else found | {"evidence": str(evidence)}


def _event(event: ZoneEvent) -> Json:
    return {
        "event": event.state.value,
        "zone": event.zone,
        "track": event.track,
        "class": event.label.value,
        "confidence": round(event.score, 4),
        "box": _corners(event.box),
        "at_s": _seconds(event.at_s),
        "at": moment_json(event.at),
    }


def _parked(interval: ParkedInterval) -> Json:
    return {
        "zone": interval.zone,
        "track": interval.track,
        "class": interval.label.value,
        "confidence": round(interval.score, 4),
        "box": _corners(interval.box),
        "from_s": _seconds(interval.from_s),
        "to_s": _seconds(interval.to_s),
        "parked_s": _seconds(interval.parked_s),
        "violating_s": _seconds(interval.violating_s),
        "since_start": interval.since_start,
    }


def _halt(halt: Halt) -> Json:
    return {
        "vehicle_id": halt.vehicle_id,
        "vehicle_class": halt.label.value,
        "score": round(halt.score, 4),
        "box": _corners(halt.box),
        "from_s": _seconds(halt.from_s),
        "to_s": _seconds(halt.to_s),
        "since_start": halt.since_start,
    }


def _corners(box: Box) -> Json:
    return [round(v, 1) for v in (box.x1, box.y1, box.x2, box.y2)]


def _seconds(value: float | None) -> Json:
    return None if value is None else round(value, 3)
