"""Evidence packs of reports for programs: asked for, followed, downloaded."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask

from jobs.export_intake import ExportWish
from storage.access_log import Access, AccessAction
from storage.reviews import MAX_REASON
from web.export_view import ShownExport, export_view, made_pack
from web.report_access import seen_report
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(prefix="/api/reports", tags=["reports"])

Operator = Annotated[Caller, Depends(require(Right.OPERATE))]
Services = Annotated[WebServices, Depends(services_of)]

_NONE = "the report has no such evidence pack"


class ExportRequest(BaseModel):
    """What the pack is for, which goes into the history, and whether its clips go with it."""

    # A misspelt `clips` would send them out.
    model_config = ConfigDict(extra="forbid")

    clips: bool = True
    why: str = Field("", max_length=MAX_REASON)


class PackAnswer(BaseModel):
    """A pack that is made; `path` gives the zip."""

    path: str
    name: str
    sha256: str
    size_bytes: int


class ExportAnswer(BaseModel):
    """A report's evidence pack.

    Attributes:
        id: names it; `/analyses/{id}/events` follows it, `/analyses/{id}/cancel` ends it.
        state: queued, processing, completed, failed or cancelled.
        by: who asked for it.
        ended_at: UTC.
        done, whole: how many of its pieces are done; 0 of 0 while not known.
        error: why it failed, else empty.
        current: nothing has changed that a new one would say.
        pack: the zip, once it is completed.
    """

    id: str
    state: str
    by: str
    ended_at: datetime | None
    done: int
    whole: int
    error: str
    current: bool
    pack: PackAnswer | None


@router.post(
    "/{report_id}/export",
    status_code=202,
    response_model=ExportAnswer,
    responses={
        200: {"model": ExportAnswer, "description": "the pack was made before, and nothing changed since"},
        404: {"description": "there is no such report, or it is another camera's"},
        409: {"description": "the report is not final, or a person has rejected or merged it"},
    },
)
def ask(report_id: str, body: ExportRequest, caller: Operator, services: Services) -> Response:
    """Have the pack made, as `gotcha export` does; the report becomes exported."""
    stored = seen_report(services, caller, report_id)
    asked = services.exports.ask(stored, ExportWish(by=caller.name, clips=body.clips, why=body.why))
    answer = _answer(export_view(asked.analysis, current=True))
    status = 200 if asked.analysis.ended else 202
    return JSONResponse(
        answer.model_dump(mode="json"), status, {"Location": f"/api/reports/{report_id}/export"}
    )


@router.get(
    "/{report_id}/export",
    responses={404: {"description": "there is no such report, or nobody asked for its pack"}},
)
def look(report_id: str, caller: Operator, services: Services) -> ExportAnswer:
    """The pack that was asked for last, and how far it is."""
    stored = seen_report(services, caller, report_id)
    export = services.exports.newest(report_id)
    if export is None:
        raise HTTPException(404, _NONE)
    return _answer(export_view(export, current=services.exports.is_current(stored, export)))


@router.get(
    "/{report_id}/export/{export_id}/pack",
    response_class=Response,
    responses={
        200: {"content": {"application/zip": {}}},
        404: {"description": "there is no such pack, or it is another camera's"},
        409: {"description": "the pack is not made yet, or its report may not leave any more"},
    },
)
def download(report_id: str, export_id: str, caller: Operator, services: Services) -> Response:
    """The zip. Each download is in the access log before the first byte is given out."""
    stored = seen_report(services, caller, report_id)
    export = services.exports.get(report_id, export_id)
    if export is None:
        raise HTTPException(404, _NONE)
    pack = made_pack(export)
    if pack is None:
        raise HTTPException(409, f"the pack is {export.state.value}; ask again once it is completed")
    # Somebody may have rejected the report since the pack was made.
    services.exports.check(stored)
    held = ExitStack()
    path = held.enter_context(services.photos.uploads.opened(pack.key))
    try:
        services.access.record(
            Access(
                at=services.now(),
                who=caller.name,
                action=AccessAction.EXPORT,
                report_id=report_id,
                detail=f"evidence pack {pack.name} downloaded",
            )
        )
    except BaseException:
        held.close()
        raise
    return FileResponse(
        path,
        media_type="application/zip",
        filename=pack.name,
        # A bucket's file is a copy on this machine for as long as it is sent.
        background=BackgroundTask(held.close),
    )


def _answer(export: ShownExport) -> ExportAnswer:
    pack = export.pack
    return ExportAnswer(
        id=export.id,
        state=export.state.value,
        by=export.by,
        ended_at=export.ended_at,
        done=export.done,
        whole=export.whole,
        error=export.error,
        current=export.current,
        pack=None
        if pack is None
        else PackAnswer(path=pack.path, name=pack.name, sha256=pack.sha256, size_bytes=pack.size_bytes),
    )
