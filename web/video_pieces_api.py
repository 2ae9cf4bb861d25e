"""Videos in pieces: a broken upload goes on where it broke, as in the core protocol of tus.io."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from pipeline.errors import InvalidValueError, UploadRefusedError
from storage.partial_uploads import PartialUpload
from web.problem_answers import problems
from web.security import Caller, Right, require
from web.services import WebServices, services_of
from web.streamed_body import pour
from web.video_answers import VideoAnswer, submitted_answer, video_answer
from web.video_wishes import asked_of, byte_count

router = APIRouter(prefix="/videos/uploads", tags=["videos"])

Services = Annotated[WebServices, Depends(services_of)]
Sender = Annotated[Caller, Depends(require(Right.OPERATE))]


@router.head("/{upload_id}", responses=problems(401, 403, 404, 422, 503))
def progress(upload_id: str, services: Services, caller: Sender) -> Response:
    """How many bytes have arrived, in Upload-Offset: where to go on."""
    return Response(status_code=200, headers=_headers(_of_caller(services, caller, upload_id)))


@router.patch(
    "/{upload_id}",
    status_code=204,
    response_class=Response,
    responses={
        202: {"model": VideoAnswer, "description": "that was the last piece: the video is taken"},
        200: {"model": VideoAnswer, "description": "the same video is analysed already"},
        **problems(
            400,
            401,
            403,
            404,
            409,
            413,
            422,
            503,
            s409="so many bytes have not arrived; go on at Upload-Offset",
        ),
    },
    openapi_extra={
        "requestBody": {
            "content": {"application/offset+octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        }
    },
)
async def append(upload_id: str, request: Request, services: Services, caller: Sender) -> Response:
    """The bytes from Upload-Offset on; with the last of them the answer is that of `POST /videos`.

    409 names in Upload-Offset where to go on instead. A piece whose connection breaks is kept as far as it
    came.
    """
    upload = _of_caller(services, caller, upload_id)
    if upload.answer:
        return _known(services, upload)
    offset = byte_count("Upload-Offset", request.headers.get("upload-offset", ""))
    partials = services.videos.partials
    with partials.held(upload_id) as writer:
        if offset != writer.offset:
            detail = f"{writer.offset} bytes have arrived, go on there"
            raise HTTPException(409, detail, headers=_headers(writer.upload))
        await pour(request.stream(), writer)
        if writer.offset < upload.size_bytes:
            return Response(status_code=204, headers={"Upload-Offset": str(writer.offset)})
        return await run_in_threadpool(_finish, services, caller, upload)


@router.delete("/{upload_id}", status_code=204, responses=problems(401, 403, 404, 422, 503))
def give_up(upload_id: str, services: Services, caller: Sender) -> Response:
    """Leave nothing of an unfinished upload behind."""
    services.videos.partials.discard(_of_caller(services, caller, upload_id).id)
    return Response(status_code=204)


def _of_caller(services: WebServices, caller: Caller, upload_id: str) -> PartialUpload:
    upload = services.videos.partials.get(upload_id)
    if upload is None or upload.owner != caller.name:
        raise HTTPException(404, f"there is no upload {upload_id!r}")
    return upload


def _finish(services: WebServices, caller: Caller, upload: PartialUpload) -> Response:
    videos = services.videos
    try:
        asked = asked_of(services, caller, dict(upload.asked))
        with videos.uploads.receive(limit_bytes=videos.limit_bytes) as incoming:
            incoming.write_file(videos.partials.path(upload.id))
            submitted = videos.intake.take(incoming, asked)
    except (UploadRefusedError, InvalidValueError, HTTPException):
        # It will be refused again: nothing of it stays. Where the database is away, it can be finished later.
        videos.partials.discard(upload.id)
        raise
    videos.partials.answered(upload.id, submitted.analysis.id)
    return submitted_answer(submitted)


def _known(services: WebServices, upload: PartialUpload) -> Response:
    """The answer again, for who did not hear it."""
    analysis = services.videos.analyses.get(upload.answer)
    if analysis is None:
        raise HTTPException(404, "the analysis of this upload has expired")
    answer = video_answer(analysis, known=True)
    return JSONResponse(answer.model_dump(mode="json"), headers={"Location": f"/videos/{analysis.id}"})


def _headers(upload: PartialUpload) -> dict[str, str]:
    return {
        "Upload-Offset": str(upload.offset),
        "Upload-Length": str(upload.size_bytes),
        "Cache-Control": "no-store",
    }
