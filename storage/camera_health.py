"""How the cameras fared over a period: which share of the time each was in which condition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from pipeline.report import CameraCondition
from storage.report_statistics import Period
from storage.tables import CameraEventRow
from storage.transactions import reading


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraHealth:
    """One camera's period.

    Attributes:
        camera: its name.
        spells: (begin, condition) in order; the first begins with the period, each lasts until the next.
        shares: of the period's time by condition, 0-1, in all 1.
        changes: how often the condition changed.
    """

    camera: str
    spells: tuple[tuple[datetime, CameraCondition], ...]
    shares: Mapping[CameraCondition, float]
    changes: int


class CameraHealthHistory:
    """Reads the camera events; raises as `storage.ports.ReportStore` does. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, period: Period, cameras: Iterable[str]) -> tuple[CameraHealth, ...]:
        """The health of `cameras`, in their order; one of which nothing was said shows its usual view."""
        wanted = tuple(cameras)
        with reading(self._engine) as session:
            before = _before(session, period.since, wanted)
            within = _within(session, period, wanted)
        return tuple(
            _health(name, before.get(name, CameraCondition.OK), within[name], period) for name in wanted
        )


def _before(session: Session, moment: datetime, cameras: tuple[str, ...]) -> Mapping[str, CameraCondition]:
    latest = (
        select(CameraEventRow.camera, func.max(CameraEventRow.at).label("at"))
        .where(col(CameraEventRow.at) < moment, col(CameraEventRow.camera).in_(cameras))
        .group_by(col(CameraEventRow.camera))
        .subquery()
    )
    query = select(CameraEventRow.camera, CameraEventRow.condition).join(
        latest, (col(CameraEventRow.camera) == latest.c.camera) & (col(CameraEventRow.at) == latest.c.at)
    )
    return {camera: CameraCondition(condition) for camera, condition in session.exec(query)}


def _within(
    session: Session, period: Period, cameras: tuple[str, ...]
) -> Mapping[str, list[tuple[datetime, CameraCondition]]]:
    query = (
        select(CameraEventRow.camera, CameraEventRow.at, CameraEventRow.condition)
        .where(
            col(CameraEventRow.at) >= period.since,
            col(CameraEventRow.at) < period.until,
            col(CameraEventRow.camera).in_(cameras),
        )
        .order_by(col(CameraEventRow.at))
    )
    found: defaultdict[str, list[tuple[datetime, CameraCondition]]] = defaultdict(list)
    for camera, at, condition in session.exec(query):
        found[camera].append((at, CameraCondition(condition)))
    return found


def _health(
    camera: str, first: CameraCondition, events: list[tuple[datetime, CameraCondition]], period: Period
) -> CameraHealth:
    spells = [(period.since, first)]
    for at, condition in events:
        if condition is not spells[-1][1]:
            spells.append((at, condition))
    whole_s = (period.until - period.since).total_seconds()
    shares: defaultdict[CameraCondition, float] = defaultdict(float)
    for (begin, condition), (end, _) in pairwise([*spells, (period.until, first)]):
        shares[condition] += (end - begin).total_seconds() / whole_s
    return CameraHealth(camera=camera, spells=tuple(spells), shares=dict(shares), changes=len(spells) - 1)
