"""The classic calls, kept for clients that know them."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jobs.bucket_notices import BucketNotice
from jobs.photo_intake import ReportRevision
from pipeline.errors import InvalidValueError, SourceError, SourcePermanentError, UploadRefusedError
from storage.analyses import AnalysisKind, AnalysisSource
from storage.analysis_store import Submitted
from web.analysis_answers import AnalysisAnswer, submitted_response, waited_for
from web.detect_api import Wait
from web.photo_requests import FORM, submitted_photos
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(tags=["classic"])

Services = Annotated[WebServices, Depends(services_of)]
Sender = Annotated[Caller, Depends(require(Right.OPERATE))]

_MOST_BODY_BYTES = 10_000
_Body = TypeVar("_Body", bound=BaseModel)
_LATER: dict[int | str, dict[str, Any]] = {
    202: {"model": AnalysisAnswer, "description": "not done in time; look at Location"}
}


class BucketObject(BaseModel):
    """A photo in a bucket that the configuration names under `ingest.folders`."""

    model_config = ConfigDict(extra="forbid")

    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    key: Annotated[str, Field(min_length=1, max_length=1024)]


class TwoReports(BaseModel):
    """Two reports to compare the pictures of."""

    model_config = ConfigDict(extra="forbid")

    first: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    second: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


def _form_or(schema: type[BaseModel]) -> dict[str, object]:
    content = FORM["requestBody"]["content"]
    json_body = {"application/json": {"schema": schema.model_json_schema()}}
    return {"requestBody": {"required": True, "content": {**content, **json_body}}}  # type: ignore[dict-item]


@router.post(
    "/process_metadata",
    response_model=AnalysisAnswer,
    responses=_LATER,
    openapi_extra=_form_or(BucketObject),
)
async def process_metadata(
    request: Request, services: Services, caller: Sender, wait_s: Wait = 30.0
) -> JSONResponse:
    """Time, place, vehicles and plates of one photo: a form with it, or `{"bucket", "key"}` where it lies.

    Vehicles in a zone are stored as temporary reports, which a second photo completes, as with /photos.
    """
    if _is_json(request):
        wanted = await _body(request, BucketObject)
        submitted = await run_in_threadpool(_from_bucket, services, caller, wanted)
    else:
        submitted = await submitted_photos(request, services, caller, AnalysisKind.PHOTO, expected=1)
    return submitted_response(submitted, done=await waited_for(services, submitted, wait_s))


@router.post(
    "/compare_background",
    response_model=AnalysisAnswer,
    responses=_LATER,
    openapi_extra=_form_or(TwoReports),
)
async def compare_background(
    request: Request, services: Services, caller: Sender, wait_s: Wait = 30.0
) -> JSONResponse:
    """Whether two images show the same view and the same vehicle: a form with both, or two reports' ids.

    The result has SSIM, the share of the background that matches, and both verdicts.
    """
    if _is_json(request):
        wanted = await _body(request, TwoReports)
        submitted = await run_in_threadpool(_of_reports, services, caller, wanted)
    else:
        submitted = await submitted_photos(request, services, caller, AnalysisKind.COMPARE, expected=2)
    return submitted_response(submitted, done=await waited_for(services, submitted, wait_s))


def _from_bucket(services: WebServices, caller: Caller, wanted: BucketObject) -> Submitted:
    buckets = services.photos.buckets
    if buckets is None:
        raise HTTPException(409, "no bucket is configured: name it under ingest.folders")
    if caller.cameras is not None:
        raise HTTPException(403, "files of buckets are for users of all cameras")
    try:
        taken = buckets.take(BucketNotice(bucket=wanted.bucket, key=wanted.key))
    except SourcePermanentError as error:
        raise HTTPException(404, str(error)) from error
    except SourceError as error:
        raise HTTPException(502, str(error)) from error
    analysis = None if taken.analysis_id is None else services.photos.analyses.get(taken.analysis_id)
    if analysis is None:
        raise UploadRefusedError(taken.reason or f"{taken.notice} is {taken.taking.value}")
    return Submitted(analysis=analysis, new=taken.taking.value == "new")


def _of_reports(services: WebServices, caller: Caller, wanted: TwoReports) -> Submitted:
    first, second = (_revision(services, caller, one) for one in (wanted.first, wanted.second))
    return services.photos.intake.compare(first, second, source=AnalysisSource.HTTP, owner=caller.name)


def _revision(services: WebServices, caller: Caller, report_id: str) -> ReportRevision:
    stored = services.reports.get(report_id)
    if stored is None or not caller.may_see(stored.report.camera):
        raise HTTPException(404, f"there is no report {report_id}")
    return ReportRevision(id=report_id, revision=stored.report.revision)


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


async def _body(request: Request, kind: type[_Body]) -> _Body:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _MOST_BODY_BYTES:
            raise HTTPException(413, f"expected a body of at most {_MOST_BODY_BYTES} bytes")
    try:
        return kind.model_validate_json(bytes(raw))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise InvalidValueError(f"{place}: {fault['msg']}" if place else str(fault["msg"])) from None
