"""Videos: sent in one piece or in several, analysed in the background, answered with events and reports."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, JsonValue
from starlette.background import BackgroundTask

from jobs.video_intake import ANNOTATED, VideoAsked
from pipeline.errors import InvalidValueError, UploadTooLargeError
from storage.access_log import Access, AccessAction
from storage.analyses import Analysis, AnalysisKind, AnalysisSource, AnalysisState
from storage.analysis_store import Submitted
from storage.upload_store import shown_size
from web.security import Caller, Right, require
from web.services import WebServices, services_of
from web.streamed_body import UploadForm, pour

router = APIRouter(prefix="/videos", tags=["videos"])

Services = Annotated[WebServices, Depends(services_of)]
Sender = Annotated[Caller, Depends(require(Right.OPERATE))]
Viewer = Annotated[Caller, Depends(require(Right.VIEW))]
Id = Annotated[str, "32 hex digits"]


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


@router.post(
    "",
    status_code=202,
    response_model=VideoAnswer,
    responses={200: {"model": VideoAnswer}, 201: {"description": "begun; send the pieces to Location"}},
    openapi_extra={
        "requestBody": {
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {
                            "file": {"type": "string", "format": "binary"},
                            "camera": {"type": "string"},
                            "started_at": {"type": "string", "format": "date-time"},
                        },
                    }
                },
                "video/mp4": {"schema": {"type": "string", "format": "binary"}},
            }
        }
    },
)
async def send(request: Request, services: Services, caller: Sender) -> Response:
    """Send a video: as a form with the part `file`, as the body itself, or, with Upload-Length, in pieces.

    A form may have the fields `camera` and `started_at`; else they stand in the query, with `name`. With the
    header `Upload-Length` and no body, the answer is 201 and names in Location where the pieces go.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    said = dict(request.query_params)
    if "upload-length" in request.headers and kind != "multipart/form-data":
        return await run_in_threadpool(_begin, request.headers["upload-length"], services, caller, said)
    _refuse_announced(request, services)
    # Before the first byte is taken; a form may say it anew.
    if kind != "multipart/form-data":
        asked_of(services, caller, said)
    with services.videos.uploads.receive(limit_bytes=services.videos.limit_bytes) as incoming:
        if kind == "multipart/form-data":
            form = UploadForm(request, incoming)
            await form.read()
            said = {"name": form.file_name or ""} | said | form.fields
        elif kind.startswith("video/") or kind == "application/octet-stream":
            await pour(request.stream(), incoming)
        else:
            raise HTTPException(415, "expected multipart/form-data, a video/... or application/octet-stream")
        asked = asked_of(services, caller, said)
        submitted = await run_in_threadpool(services.videos.intake.take, incoming, asked)
    return submitted_answer(submitted)


@router.get("/{video_id}")
def look(
    video_id: Id, services: Services, caller: Viewer, result: Annotated[bool, Query()] = True
) -> VideoAnswer:
    """How far the analysis is, and once it is completed what was found; `result=false` leaves that out."""
    analysis = of_caller(services, caller, video_id)
    if analysis.result is not None and result:
        services.access.record(
            Access(
                at=services.now(), who=caller.name, action=AccessAction.READ, detail=f"analysis {analysis.id}"
            )
        )
    answer = video_answer(analysis)
    return answer if result else answer.model_copy(update={"result": None})


@router.post("/{video_id}/cancel")
def cancel(video_id: Id, services: Services, caller: Sender) -> VideoAnswer:
    """End the analysis; one that is being worked on ends within seconds, one that has ended stays."""
    analysis = services.videos.queue.cancel(of_caller(services, caller, video_id).id)
    if analysis is None:
        raise HTTPException(404, f"there is no video {video_id!r}")
    return video_answer(analysis)


@router.get(
    "/{video_id}/annotated",
    responses={202: {"model": VideoAnswer}, 200: {"content": {"video/mp4": {}}}},
    response_class=Response,
)
def annotated(video_id: Id, services: Services, caller: Viewer) -> Response:
    """The video with zones, vehicles and clocks drawn in; 202 while it is made, ask again then.

    It is made when it is first asked for. 409 while the video itself is not analysed.
    """
    analysis = of_caller(services, caller, video_id)
    if analysis.state is not AnalysisState.COMPLETED or ANNOTATED in analysis.asked.settings:
        raise HTTPException(409, f"the video is {analysis.state.value}; ask again once it is completed")
    copy = services.videos.intake.annotate(analysis, owner=caller.name).analysis
    if copy.result is None:
        return JSONResponse(video_answer(copy).model_dump(mode="json"), 202, {"Retry-After": "5"})
    made = json.loads(copy.result)["annotated"]
    services.access.record(
        Access(
            at=services.now(),
            who=caller.name,
            action=AccessAction.READ,
            key=made["key"],
            detail=f"annotated copy of the video of analysis {analysis.id}",
        )
    )
    held = ExitStack()
    path = held.enter_context(services.videos.uploads.opened(made["key"]))
    return FileResponse(
        path,
        media_type="video/mp4",
        filename=f"{made['name'].rsplit('.', 1)[0]}-annotated.mp4",
        # A bucket's file is a copy on this machine for as long as it is sent.
        background=BackgroundTask(held.close),
    )


def _begin(length: str, services: WebServices, caller: Caller, said: dict[str, str]) -> Response:
    if not length.isascii() or not length.isdigit():
        raise InvalidValueError(f"expected Upload-Length in bytes, got {length[:40]!r}")
    asked_of(services, caller, said)
    upload = services.videos.partials.begin(owner=caller.name, size_bytes=int(length), asked=said)
    return Response(
        status_code=201, headers={"Location": f"/videos/uploads/{upload.id}", "Upload-Offset": "0"}
    )


def _refuse_announced(request: Request, services: WebServices) -> None:
    length = request.headers.get("content-length", "")
    # A form is a little longer than its file.
    if length.isdigit() and int(length) > services.videos.limit_bytes + 1_000_000:
        raise UploadTooLargeError(
            f"the file is larger than the {shown_size(services.videos.limit_bytes)} that are taken"
        )
