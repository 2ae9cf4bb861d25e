"""Analyses as the API says them, and who may see which."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from time import monotonic

from fastapi import HTTPException
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, JsonValue

from storage.access_log import Access, AccessAction
from storage.analyses import Analysis, AnalysisKind, AnalysisSource, AnalysisState
from storage.analysis_store import Submitted
from web.security import Caller
from web.services import WebServices

_LOOK_S = (0.1, 0.5)


class FileAnswer(BaseModel):
    """A file of an analysis."""

    name: str
    sha256: str
    size_bytes: int
    media_type: str


class AnalysisAnswer(BaseModel):
    """An analysis of uploaded files.

    Attributes:
        id: names it.
        kind: photo, video, detect, compare or export.
        state: queued, processing, completed, failed or cancelled.
        known: the same files were sent before, with the same settings: this is their analysis.
        files: what was sent.
        camera: whose zones apply, if the sender named one.
        source: http, cli, bucket or device.
        created_at, started_at, ended_at: UTC.
        done, whole: how far it is, of how much: photos of a photo analysis, seconds of a video.
        remaining_s: seconds it will still take, about; null while not known.
        error: why it failed, else empty.
        result: what was found, once it is completed.
    """

    id: str
    kind: AnalysisKind
    state: AnalysisState
    known: bool = False
    files: list[FileAnswer]
    camera: str | None
    source: AnalysisSource
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    done: float
    whole: float
    remaining_s: float | None
    error: str
    result: JsonValue


def analysis_answer(analysis: Analysis, *, known: bool = False, result: bool = True) -> AnalysisAnswer:
    """An analysis as the API says it; `result=False` leaves out what was found."""
    found = analysis.result if result else None
    return AnalysisAnswer(
        id=analysis.id,
        kind=analysis.asked.kind,
        state=analysis.state,
        known=known,
        files=[
            FileAnswer(
                name=file.name, sha256=file.sha256, size_bytes=file.size_bytes, media_type=file.media_type
            )
            for file in analysis.asked.files
        ],
        camera=analysis.asked.camera,
        source=analysis.asked.source,
        created_at=analysis.created_at,
        started_at=analysis.started_at,
        ended_at=analysis.ended_at,
        done=analysis.progress.done_s,
        whole=analysis.progress.whole_s,
        remaining_s=analysis.progress.remaining_s,
        error=analysis.error,
        result=None if found is None else json.loads(found),
    )


def submitted_response(submitted: Submitted, *, done: Analysis | None = None) -> JSONResponse:
    """202 for what is still to be done, 200 for what has ended; `done` is the newest look at it."""
    analysis = done or submitted.analysis
    answer = analysis_answer(analysis, known=not submitted.new)
    status = 200 if analysis.ended else 202
    return JSONResponse(
        answer.model_dump(mode="json"), status, {"Location": f"/analyses/{submitted.analysis.id}"}
    )


def visible_to(analysis: Analysis, caller: Caller) -> bool:
    """Whether `caller` may see it: their own, or of cameras that are theirs."""
    camera = analysis.asked.camera
    mine = analysis.asked.owner == caller.name
    return mine or caller.cameras is None or (camera is not None and caller.may_see(camera))


def analysis_of(services: WebServices, caller: Caller, analysis_id: str) -> Analysis:
    """An analysis that `caller` may see.

    Raises:
        HTTPException: 404, there is none: whether there is one that is not theirs is not said.
    """
    analysis = services.photos.analyses.get(analysis_id)
    if analysis is None or not visible_to(analysis, caller):
        raise HTTPException(404, f"there is no analysis {analysis_id!r}")
    return analysis


def record_read(services: WebServices, caller: Caller, analysis: Analysis, key: str | None = None) -> None:
    """Write down that what an analysis found is shown."""
    services.access.record(
        Access(
            at=services.now(),
            who=caller.name,
            action=AccessAction.READ,
            key=key,
            detail=f"analysis {analysis.id}",
        )
    )


async def waited_for(services: WebServices, submitted: Submitted, wait_s: float) -> Analysis:
    """The analysis once it has ended, or as it is after `wait_s`."""
    analysis, deadline, pause_s = submitted.analysis, monotonic() + wait_s, _LOOK_S[0]
    while not analysis.ended and monotonic() < deadline:
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LOOK_S[1])
        found = await run_in_threadpool(services.photos.analyses.get, analysis.id)
        analysis = analysis if found is None else found
    return analysis
