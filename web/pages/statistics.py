"""The statistics: when, where, how long, how well read, how often wrong; drawn, and as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from storage.camera_health import CameraHealth
from storage.report_statistics import Period
from web.bar_chart import bar_chart
from web.pages.page import render
from web.security import Caller, Right, require
from web.services import WebServices, services_of
from web.statistics_api import figures_of
from web.statistics_period import DAYS, Asked
from web.statistics_tables import dwell_labels

router = APIRouter(include_in_schema=False)

# Units of the drawing that a camera's period is wide.
_STRIP = 1000.0

Viewer = Annotated[Caller, Depends(require(Right.VIEW))]
Services = Annotated[WebServices, Depends(services_of)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A camera's condition over a part of the strip, in the drawing's own units."""

    condition: str
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A camera's period from left to right."""

    camera: str
    usual: float
    changes: int
    spells: tuple[Spell, ...]


@router.get("/statistics")
def show(request: Request, caller: Viewer, services: Services, asked: Asked) -> Response:
    """The page."""
    period, figures, health = figures_of(asked, caller, services)
    address = {name: value for name, value in asked.model_dump(mode="json").items() if value is not None}
    context = {
        "asked": asked,
        "address": urlencode(address),
        "choices": [(days, urlencode({"days": days} | _camera(asked.camera))) for days in DAYS],
        "cameras": [name for name in services.settings.cameras if caller.may_see(name)],
        "figures": figures,
        "hours": bar_chart([(f"{hour:02}", count) for hour, count in enumerate(figures.by_hour)]),
        "days": bar_chart([(day.strftime("%m-%d"), count) for day, count in figures.by_day.items()]),
        "dwell": bar_chart(list(zip(dwell_labels(), figures.dwell, strict=True))),
        "strips": [_strip(one, period) for one in health],
        "strip_width": _STRIP,
    }
    return render(request, "statistics.html", context, caller=caller)


def _camera(name: str | None) -> dict[str, object]:
    return {} if name is None else {"camera": name}


def _strip(health: CameraHealth, period: Period) -> Strip:
    usual = next((share for condition, share in health.shares.items() if condition.value == "ok"), 0.0)
    return Strip(
        camera=health.camera, usual=usual, changes=health.changes, spells=tuple(_spells(health, period))
    )


def _spells(health: CameraHealth, period: Period) -> Iterator[Spell]:
    whole_s = (period.until - period.since).total_seconds()
    ends = [*health.spells, (period.until, health.spells[-1][1])]
    for (begin, condition), (end, _) in pairwise(ends):
        yield Spell(
            condition=condition.value,
            x=round((begin - period.since).total_seconds() / whole_s * _STRIP, 2),
            width=round((end - begin).total_seconds() / whole_s * _STRIP, 2),
        )
