"""Analyses of videos as the API says them."""

from __future__ import annotations

import json
from datetime import datetime

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, JsonValue

from storage.analyses import Analysis, AnalysisState
from storage.analysis_store import Submitted


class VideoAnswer(BaseModel):
    """An analysis of a video.

    Attributes:
        id: names it.
        state: queued, processing, completed, failed or cancelled.
        known: the same video was sent before, with the same settings: this is its analysis.
        name, sha256, size_bytes: of the file.
        camera: whose zones apply; null is the whole picture.
        created_at, started_at, ended_at: UTC.
        done_s, whole_s: seconds of the video that are analysed, and all of them; 0 of 0 while not known.
        remaining_s: seconds it will still take, about; null while not known.
        error: why it failed, else empty.
        result: events, parked intervals, plates and reports, once it is completed.
    """

    id: str
    state: AnalysisState
    known: bool = False
    name: str
    sha256: str
    size_bytes: int
    camera: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    done_s: float
    whole_s: float
    remaining_s: float | None
    error: str
    result: JsonValue


def video_answer(analysis: Analysis, *, known: bool = False) -> VideoAnswer:
    """An analysis as the API says it."""
    (file,) = analysis.asked.files
    return VideoAnswer(
        id=analysis.id,
        state=analysis.state,
        known=known,
        name=file.name,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        camera=analysis.asked.camera,
        created_at=analysis.created_at,
        started_at=analysis.started_at,
        ended_at=analysis.ended_at,
        done_s=analysis.progress.done_s,
        whole_s=analysis.progress.whole_s,
        remaining_s=analysis.progress.remaining_s,
        error=analysis.error,
        result=None if analysis.result is None else json.loads(analysis.result),
    )


def submitted_answer(submitted: Submitted) -> Response:
    """202 for a new analysis, 200 for one that there was."""
    answer = video_answer(submitted.analysis, known=not submitted.new)
    where = {"Location": f"/videos/{submitted.analysis.id}"}
    return JSONResponse(answer.model_dump(mode="json"), 202 if submitted.new else 200, where)
