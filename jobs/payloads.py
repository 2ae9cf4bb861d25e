"""Reports and camera events as JSON for the queue: versioned, strict, explicit.

The shape is a contract with payloads that already lie in a queue or an outbox, perhaps for weeks: a change
adds a version and keeps reading the old ones. Golden files in tests/golden/payloads hold it fast.
"""

from __future__ import annotations

from pydantic import ValidationError

from jobs.look_payload import look_of, look_v3
from jobs.payload_shapes import CameraEventV1, EvidenceV1, Header, PlateV1, ReportV1, ReportV2, ReportV3
from pipeline.errors import InvalidValueError, PayloadError
from pipeline.geometry import Box, Size
from pipeline.plate import PlateText
from pipeline.report import CameraEvent, Evidence, Report

MAX_PAYLOAD_BYTES = 128 * 1024

_MODELS: dict[tuple[int, str], type[ReportV1 | CameraEventV1]] = {
    (1, "report"): ReportV1,
    (2, "report"): ReportV2,
    (3, "report"): ReportV3,
    (1, "camera_event"): CameraEventV1,
}
_VERSIONS = tuple(sorted({version for version, _kind in _MODELS}))


def encode(item: Report | CameraEvent) -> str:
    """The payload of `item`, JSON of the oldest version that tells all of it.

    Raises:
        PayloadError: a field is larger than the contract allows, or the whole is; names the field.
    """
    try:
        text = (_newest(item) if isinstance(item, Report) else _camera_event_v1(item)).model_dump_json()
    except ValidationError as error:
        raise PayloadError(f"{type(item).__name__} {item.id} cannot be queued: {_first(error)}") from None
    _check_size(text)
    return text


def decode(text: str) -> Report | CameraEvent:
    """The item a payload was made of.

    Raises:
        PayloadError: an unknown version (says what to do), a malformed or an oversized payload.
    """
    _check_size(text)
    try:
        header = Header.model_validate_json(text)
        if header.version not in _VERSIONS:
            raise PayloadError(
                f"the payload has version {header.version}, this program reads {_VERSIONS}: another version"
                " of Gotcha queued it; update the worker, then put it back with the dead letters' retry"
            )
        model = _MODELS.get((header.version, header.kind))
        if model is None:
            raise PayloadError("the payload is malformed: kind: expected report or camera_event")
        payload = model.model_validate_json(text)
        return _report(payload) if isinstance(payload, ReportV1) else _camera_event(payload)
    except ValidationError as error:
        raise PayloadError(f"the payload is malformed: {_first(error)}") from None
    except InvalidValueError as error:
        raise PayloadError(f"the payload is malformed: {error}") from error


def _check_size(text: str) -> None:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_PAYLOAD_BYTES:
        raise PayloadError(f"the payload has {size} bytes, at most {MAX_PAYLOAD_BYTES} are taken")


def _first(error: ValidationError) -> str:
    # Not the library's own text: it quotes the input, which holds plates.
    details = error.errors(include_url=False, include_input=False, include_context=False)
    where = ".".join(str(part) for part in details[0]["loc"]) or "the whole"
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return f"{where}: {details[0]['msg']}{more}"


def _newest(report: Report) -> ReportV2:
    told = _report_v2(report)
    if report.look is None:
        return told
    return ReportV3(**{**dict(told), "version": 3}, look=look_v3(report.look))


def _report_v2(report: Report) -> ReportV2:
    return ReportV2(
        version=2,
        kind="report",
        id=report.id,
        revision=report.revision,
        state=report.state,
        camera=report.camera,
        zone=report.zone,
        zone_kind=report.zone_kind,
        vehicle_id=report.vehicle_id,
        label=report.label,
        box=(report.box.x1, report.box.y1, report.box.x2, report.box.y2),
        frame_size=(report.frame_size.width, report.frame_size.height),
        score=report.score,
        arrived_at=report.arrived_at,
        since_start=report.since_start,
        parked_at=report.parked_at,
        violating_at=report.violating_at,
        departed_at=report.departed_at,
        last_seen_at=report.last_seen_at,
        dwell_limit_s=report.dwell_limit_s,
        plate=PlateV1(
            text=report.plate.text,
            confidences=report.plate.confidences,
            accepted=report.plate.accepted,
            readings=report.plate.readings,
        ),
        evidence=tuple(
            EvidenceV1(
                kind=item.kind,
                key=item.key,
                sha256=item.sha256,
                media_type=item.media_type,
                taken_at=item.taken_at,
                size_bytes=item.size_bytes,
            )
            for item in report.evidence
        ),
        same_view=report.same_view,
        duplicate_of=report.duplicate_of,
        rejection=report.rejection,
        note=report.note,
        photo_gap_s=report.photo_gap_s,
        unread_allowed=report.unread_allowed,
    )


def _report(payload: ReportV1) -> Report:
    x1, y1, x2, y2 = payload.box
    width, height = payload.frame_size
    return Report(
        id=payload.id,
        revision=payload.revision,
        state=payload.state,
        camera=payload.camera,
        zone=payload.zone,
        zone_kind=payload.zone_kind,
        vehicle_id=payload.vehicle_id,
        label=payload.label,
        box=Box(x1=x1, y1=y1, x2=x2, y2=y2),
        frame_size=Size(width=width, height=height),
        score=payload.score,
        arrived_at=payload.arrived_at,
        since_start=payload.since_start,
        parked_at=payload.parked_at,
        violating_at=payload.violating_at,
        departed_at=payload.departed_at,
        last_seen_at=payload.last_seen_at,
        dwell_limit_s=payload.dwell_limit_s,
        plate=PlateText(
            text=payload.plate.text,
            confidences=payload.plate.confidences,
            accepted=payload.plate.accepted,
            readings=payload.plate.readings,
        ),
        evidence=tuple(
            Evidence(
                kind=item.kind,
                key=item.key,
                sha256=item.sha256,
                media_type=item.media_type,
                taken_at=item.taken_at,
                size_bytes=item.size_bytes,
            )
            for item in payload.evidence
        ),
        same_view=payload.same_view,
        duplicate_of=payload.duplicate_of,
        rejection=payload.rejection,
        note=payload.note,
        photo_gap_s=payload.photo_gap_s if isinstance(payload, ReportV2) else None,
        unread_allowed=payload.unread_allowed if isinstance(payload, ReportV2) else None,
        look=look_of(payload.look) if isinstance(payload, ReportV3) else None,
    )


def _camera_event_v1(event: CameraEvent) -> CameraEventV1:
    return CameraEventV1(
        version=1,
        kind="camera_event",
        id=event.id,
        camera=event.camera,
        condition=event.condition,
        at=event.at,
        text=event.text,
    )


def _camera_event(payload: CameraEventV1) -> CameraEvent:
    return CameraEvent(
        id=payload.id,
        camera=payload.camera,
        condition=payload.condition,
        at=payload.at,
        text=payload.text,
    )
