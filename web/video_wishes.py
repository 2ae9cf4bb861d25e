"""What a request about videos asks for, and whether its sender may."""

from __future__ import annotations

from datetime import datetime

from fastapi import HTTPException

from jobs.video_intake import VideoAsked
from pipeline.errors import InvalidValueError
from storage.analyses import Analysis, AnalysisKind, AnalysisSource
from web.security import Caller
from web.services import WebServices

_MOST_DIGITS = 18


def asked_of(services: WebServices, caller: Caller, said: dict[str, str]) -> VideoAsked:
    """What a sender wants, from the fields of a form or a query.

    Raises:
        HTTPException: 403, the camera is not one of the caller's.
        InvalidValueError: a field cannot be used.
    """
    unknown = sorted(set(said) - {"name", "camera", "started_at"})
    if unknown:
        raise InvalidValueError(f"expected the fields camera, started_at and file, got {', '.join(unknown)}")
    camera = services.videos.intake.camera(said.get("camera") or None)
    if camera is not None and not caller.may_see(camera):
        raise HTTPException(403, f"the camera {camera} is not one of yours")
    try:
        started_at = datetime.fromisoformat(said["started_at"]) if said.get("started_at") else None
    except ValueError:
        raise InvalidValueError(
            f"expected started_at such as 2026-05-01T09:00:00+09:00, got {said['started_at']!r}"
        ) from None
    return VideoAsked(
        name=said.get("name") or "video",
        camera=camera,
        started_at=started_at,
        source=AnalysisSource.HTTP,
        owner=caller.name,
    )


def of_caller(services: WebServices, caller: Caller, analysis_id: str) -> Analysis:
    """The analysis of a video that the caller may see.

    Raises:
        HTTPException: 404, there is none: whether there is one that is not theirs is not said.
    """
    analysis = services.videos.analyses.get(analysis_id)
    if analysis is not None and analysis.asked.kind is AnalysisKind.VIDEO:
        camera = analysis.asked.camera
        theirs = analysis.asked.owner == caller.name
        if theirs or caller.cameras is None or (camera is not None and caller.may_see(camera)):
            return analysis
    raise HTTPException(404, f"there is no video {analysis_id!r}")


def byte_count(header: str, text: str) -> int:
    """The number of bytes that a header says.

    Raises:
        InvalidValueError: it says none, or an absurd one.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise InvalidValueError(f"expected {header} in bytes, got {text[:40]!r}")
    return int(text)
