"""Analyses of files, whichever entrance they came by: how far they are, as it happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.background import BackgroundTask

from storage.analyses import MAX_LISTED, AnalysisFilter, AnalysisKind, AnalysisState, SeenBy
from web.analysis_answers import (
    AnalysisAnswer,
    analysis_answer,
    analysis_of,
    record_read,
)
from web.known_query import known_query
from web.problem_answers import problems
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(prefix="/analyses", tags=["analyses"])

Services = Annotated[WebServices, Depends(services_of)]
Viewer = Annotated[Caller, Depends(require(Right.VIEW))]
Sender = Annotated[Caller, Depends(require(Right.OPERATE))]

_LOOK_EVERY_S = 0.5


@router.get("", responses=problems(401, 403, 422, 503), dependencies=[Depends(known_query)])
def listed(
    services: Services,
    caller: Viewer,
    kind: AnalysisKind | None = None,
    state: AnalysisState | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> list[AnalysisAnswer]:
    """The analyses, newest first, without their results."""
    wanted = AnalysisFilter(
        # Evidence packs are on the pages of their reports.
        kinds=frozenset(AnalysisKind) - {AnalysisKind.EXPORT} if kind is None else frozenset({kind}),
        states=frozenset() if state is None else frozenset({state}),
        seen_by=None if caller.cameras is None else SeenBy(name=caller.name, cameras=caller.cameras),
        limit=limit,
        offset=offset,
    )
    return [analysis_answer(one, result=False) for one in services.photos.analyses.list(wanted)]


@router.get("/{analysis_id}", responses=problems(401, 403, 404, 422, 503))
def look(analysis_id: str, services: Services, caller: Viewer) -> AnalysisAnswer:
    """How far an analysis is, and once it is completed what was found."""
    analysis = analysis_of(services, caller, analysis_id)
    if analysis.result is not None:
        record_read(services, caller, analysis)
    return analysis_answer(analysis)


@router.post("/{analysis_id}/cancel", responses=problems(401, 403, 404, 422, 503))
def cancel(analysis_id: str, services: Services, caller: Sender) -> AnalysisAnswer:
    """End an analysis; one that is being worked on ends within seconds, one that has ended stays."""
    analysis = services.photos.queue.cancel(analysis_of(services, caller, analysis_id).id)
    if analysis is None:
        raise HTTPException(404, f"there is no analysis {analysis_id!r}")
    return analysis_answer(analysis, result=False)


@router.post("/{analysis_id}/retry", responses=problems(401, 403, 404, 409, 422, 503))
def begin_again(analysis_id: str, services: Services, caller: Sender) -> AnalysisAnswer:
    """Begin one again that failed or was cancelled, with the files that were sent; any other stays as it is.

    Where the same files were sent again meanwhile, the answer is their analysis. 409 for an evidence pack:
    ask for a new one on its report.
    """
    analysis = analysis_of(services, caller, analysis_id)
    if analysis.asked.kind is AnalysisKind.EXPORT:
        raise HTTPException(409, "an evidence pack is not begun again: ask for a new one on its report")
    submitted = services.photos.queue.begin_again(analysis.id)
    if submitted is None:
        raise HTTPException(404, f"there is no analysis {analysis_id!r}")
    return analysis_answer(submitted.analysis, known=not submitted.new, result=False)


@router.get(
    "/{analysis_id}/events",
    response_class=EventSourceResponse,
    responses=problems(401, 403, 404, 422, 503),
)
async def follow(analysis_id: str, services: Services, caller: Viewer) -> EventSourceResponse:
    """Server-sent events `analysis`: each change of state and progress, until it has ended."""
    await run_in_threadpool(analysis_of, services, caller, analysis_id)

    async def events() -> AsyncIterator[ServerSentEvent]:
        said = ""
        while True:
            analysis = await run_in_threadpool(services.photos.analyses.get, analysis_id)
            if analysis is None:
                return
            now = json.dumps(analysis_answer(analysis, result=False).model_dump(mode="json"))
            if now != said:
                said = now
                yield ServerSentEvent(now, event="analysis")
            if analysis.ended:
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    return EventSourceResponse(events())


@router.get(
    "/{analysis_id}/picture",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}},
        **problems(401, 403, 404, 422, 503, s404="there is no such picture"),
    },
)
def picture(analysis_id: str, services: Services, caller: Viewer) -> Response:
    """The picture of a `detect` analysis with vehicles and plates drawn in."""
    analysis = analysis_of(services, caller, analysis_id)
    if analysis.asked.kind is not AnalysisKind.DETECT or analysis.result is None:
        raise HTTPException(404, f"the analysis {analysis_id} has no picture")
    key = str(json.loads(analysis.result)["annotated"]["key"])
    record_read(services, caller, analysis, key)
    held = services.photos.uploads.opened(key)
    path = held.__enter__()
    return FileResponse(
        path, media_type="image/jpeg", background=BackgroundTask(held.__exit__, None, None, None)
    )
