"""Videos: sent in one piece or in several, analysed in the background, answered with events and reports."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse
from starlette.background import BackgroundTask

from jobs.video_intake import ANNOTATED
from pipeline.errors import UploadTooLargeError
from storage.access_log import Access, AccessAction
from storage.analyses import Analysis, AnalysisFilter, AnalysisKind, AnalysisState
from storage.upload_store import shown_size
from web.problem_answers import problems
from web.security import Caller, Right, require
from web.services import WebServices, services_of
from web.streamed_body import UploadForm, pour
from web.video_answers import VideoAnswer, submitted_answer, video_answer
from web.video_wishes import asked_of, byte_count, of_caller

_AFTER_FAILURE = timedelta(minutes=10)

router = APIRouter(prefix="/videos", tags=["videos"])

Services = Annotated[WebServices, Depends(services_of)]
Sender = Annotated[Caller, Depends(require(Right.OPERATE))]
Viewer = Annotated[Caller, Depends(require(Right.VIEW))]
Id = Annotated[str, "32 hex digits"]


@router.post(
    "",
    status_code=202,
    response_model=VideoAnswer,
    responses={
        200: {"model": VideoAnswer, "description": "the same video is analysed already"},
        201: {"description": "begun; send the pieces to Location"},
        **problems(400, 401, 403, 413, 415, 422, 503),
    },
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


@router.get("/{video_id}", responses=problems(401, 403, 404, 422, 503))
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


@router.post("/{video_id}/cancel", responses=problems(401, 403, 404, 422, 503))
def cancel(video_id: Id, services: Services, caller: Sender) -> VideoAnswer:
    """End the analysis; one that is being worked on ends within seconds, one that has ended stays."""
    analysis = services.videos.queue.cancel(of_caller(services, caller, video_id).id)
    if analysis is None:
        raise HTTPException(404, f"there is no video {video_id!r}")
    return video_answer(analysis)


@router.get(
    "/{video_id}/annotated",
    responses={
        202: {"model": VideoAnswer, "description": "it is being made"},
        200: {"content": {"video/mp4": {}}},
        **problems(401, 403, 404, 409, 422, 503),
    },
    response_class=Response,
)
def annotated(video_id: Id, services: Services, caller: Viewer) -> Response:
    """The video with zones, vehicles and clocks drawn in; 202 while it is made, ask again then.

    It is made when it is first asked for. 409 while the video itself is not analysed.
    """
    analysis = of_caller(services, caller, video_id)
    if analysis.state is not AnalysisState.COMPLETED or ANNOTATED in analysis.asked.settings:
        raise HTTPException(409, f"the video is {analysis.state.value}; ask again once it is completed")
    _refuse_soon_after_failure(services, analysis)
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


def _refuse_soon_after_failure(services: WebServices, analysis: Analysis) -> None:
    """Who asks every few seconds must not have a copy that cannot be made begun every few seconds.

    Raises:
        HTTPException: 409 when it failed a moment ago; says why.
    """
    failed = AnalysisFilter(
        kinds=frozenset({AnalysisKind.VIDEO}),
        states=frozenset({AnalysisState.FAILED}),
        camera=analysis.asked.camera,
    )
    for one in services.videos.analyses.list(failed):
        is_copy = one.asked.settings.get(ANNOTATED) == analysis.id
        if is_copy and one.ended_at is not None and services.now() - one.ended_at < _AFTER_FAILURE:
            raise HTTPException(409, f"the copy could not be made: {one.error}; ask again in ten minutes")


def _begin(length: str, services: WebServices, caller: Caller, said: dict[str, str]) -> Response:
    size_bytes = byte_count("Upload-Length", length)
    asked_of(services, caller, said)
    upload = services.videos.partials.begin(owner=caller.name, size_bytes=size_bytes, asked=said)
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
