"""The overview: what needs a person, today's figures, every camera at a glance."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from jobs.camera_status import StatusBoard
from jobs.node_status import NodeBoard
from jobs.queue_figures import queue_figures
from pipeline.errors import QueueError
from pipeline.report import ReportState
from storage.report_query import ReportQuery
from web.overview import Disk, Figures, Tone, at_a_glance, needs
from web.pages.page import render
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(include_in_schema=False)

_log = logging.getLogger(__name__)
_Asked = TypeVar("_Asked")
# More than this many are many.
_COUNTED = 200
_SHOWN = (ReportState.FINAL, ReportState.TEMPORARY, ReportState.DUPLICATE, ReportState.REJECTED)

Viewer = Annotated[Caller, Depends(require(Right.VIEW))]
Services = Annotated[WebServices, Depends(services_of)]


@router.get("/")
def show(request: Request, caller: Viewer, services: Services) -> Response:
    """The page."""
    return render(request, "home.html", _context(caller, services), caller=caller)


@router.get("/home/now")
def now(request: Request, caller: Viewer, services: Services) -> Response:
    """Its live part alone, for the page to refresh itself."""
    return render(request, "home_now.html", _context(caller, services), caller=caller)


def _context(caller: Caller, services: WebServices) -> dict[str, object]:
    at = services.now()
    figures = _figures(caller, services, at)
    cameras = tuple(at_a_glance(name, figures, at) for name in figures.cameras)
    order = (Tone.BAD, Tone.WARN, Tone.STILL, Tone.OK)
    found = needs(figures, cameras)
    return {
        "needs": found,
        "quiet": all(need.tone is Tone.OK for need in found),
        "cameras": sorted(cameras, key=lambda camera: order.index(camera.tone)),
        "today": [(state.value, figures.today.get(state, 0)) for state in _SHOWN],
        "waiting": None if figures.queues is None else _waiting(figures),
        "workers": None if figures.queues is None else sum(queue.workers for queue in figures.queues),
        "disk": figures.disk,
    }


def _figures(caller: Caller, services: WebServices, at: datetime) -> Figures:
    cameras = tuple(name for name in services.settings.cameras if caller.may_see(name))
    nodes = _asked(NodeBoard(services.redis).read)
    disks = [services.disk(), *(Disk(free=node.disk_free, total=node.disk_total) for node in nodes or ())]
    # What nobody has confirmed or rejected yet.
    waiting = ReportQuery(states=frozenset({ReportState.FINAL}), verdict="open", cameras=caller.cameras)
    midnight = at.astimezone(services.settings.time_zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return Figures(
        cameras=cameras,
        statuses=_asked(lambda: StatusBoard(services.redis).read(cameras)),
        nodes=nodes,
        queues=_asked(lambda: queue_figures(services.redis)),
        disk=min(disks, key=lambda disk: disk.share),
        today=services.tally.by_state(since=midnight.astimezone(UTC), cameras=caller.cameras),
        to_review=services.report_pages.count_up_to(waiting, _COUNTED),
    )


def _waiting(figures: Figures) -> int:
    in_queues = sum(queue.waiting for queue in figures.queues or ())
    # What lies in an outbox counts until it is stored, queued or not: not both.
    return max(in_queues, sum(node.waiting for node in figures.nodes or ()))


def _asked(question: Callable[[], _Asked]) -> _Asked | None:
    """The answer; None when Redis is away: the page says so and shows the rest."""
    try:
        return question()
    except QueueError as error:
        _log.debug("%s", error)
        return None
