"""The queues: what failed and why, who works, what waits, and what was refused for good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from jobs.outbox import ItemState
from jobs.queue_board import JobPlace, QueueBoard
from jobs.queue_figures import queue_figures
from pipeline.errors import JobBusyError, JobNotFoundError, QueueError
from web.pages.page import render
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(prefix="/queue", include_in_schema=False)

_SHOWN = 50

Admin = Annotated[Caller, Depends(require(Right.ADMIN))]
Services = Annotated[WebServices, Depends(services_of)]


@router.get("")
def show(request: Request, caller: Admin, services: Services, gone: bool = False) -> Response:
    """The page; `gone` says that what a button was for has happened meanwhile."""
    return render(request, "queue.html", {**_context(services), "gone": gone}, caller=caller)


@router.get("/now")
def now(request: Request, caller: Admin, services: Services) -> Response:
    """Its live part alone, for the page to refresh itself."""
    return render(request, "queue_now.html", _context(services), caller=caller)


@router.get("/jobs/{job_id}")
def job(request: Request, job_id: str, caller: Admin, services: Services) -> Response:
    """One job with its payload and traceback."""
    found = QueueBoard(services.redis).job(job_id)
    return render(request, "queue_job.html", {"job": found}, caller=caller)


@router.post("/jobs/{job_id}/retry")
def retry(job_id: str, _caller: Admin, services: Services) -> Response:
    """Put a failed job back in line."""
    return _back(lambda: QueueBoard(services.redis).retry(job_id))


@router.post("/jobs/{job_id}/delete")
def delete(job_id: str, _caller: Admin, services: Services) -> Response:
    """Take a job out of its queue."""
    return _back(lambda: QueueBoard(services.redis).delete(job_id))


@router.post("/dead-letters/retry")
def revive_all(_caller: Admin, services: Services) -> Response:
    """Put all dead letters back in line."""
    services.outbox.revive()
    return RedirectResponse("/queue", 303)


@router.post("/dead-letters/{item_id}/retry")
def revive(item_id: str, _caller: Admin, services: Services) -> Response:
    """Put a dead letter back in line."""
    return RedirectResponse("/queue" if services.outbox.revive(item_id) else "/queue?gone=true", 303)


def _back(action: Callable[[], None]) -> Response:
    try:
        action()
    except (JobNotFoundError, JobBusyError):
        # Somebody else, or the worker, was quicker than the button.
        return RedirectResponse("/queue?gone=true", 303)
    return RedirectResponse("/queue", 303)


def _context(services: WebServices) -> dict[str, object]:
    outbox = {
        "counts": services.outbox.counts(),
        "dead": services.outbox.items(state=ItemState.DEAD, limit=_SHOWN),
    }
    board = QueueBoard(services.redis)
    try:
        jobs = {place.value: board.jobs(place, limit=_SHOWN) for place in JobPlace}
        return outbox | {
            "away": False,
            "figures": queue_figures(services.redis),
            "workers": board.workers(),
            "jobs": jobs,
        }
    except QueueError:
        # The page says so; what waits on disk is shown all the same.
        return outbox | {"away": True, "figures": (), "workers": (), "jobs": {}}
