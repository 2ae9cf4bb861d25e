"""Figures for Prometheus: cameras, queues, outboxes, disk and today's reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from jobs.camera_status import CameraStatus, StatusBoard
from jobs.node_status import NodeBoard
from jobs.queue_figures import queue_figures
from pipeline.errors import QueueError
from pipeline.report import CameraCondition
from web.security import Caller, Right, require
from web.services import WebServices, services_of

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=Response)
def metrics(
    caller: Annotated[Caller, Depends(require(Right.VIEW))],
    services: Annotated[WebServices, Depends(services_of)],
) -> Response:
    """Prometheus' text format. Give Prometheus an API key of role viewer: camera names are nobody else's."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(services, caller))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Figures(Collector):
    def __init__(self, services: WebServices, caller: Caller) -> None:
        self._services = services
        self._caller = caller

    def collect(self) -> Iterator[Metric]:
        disk = self._services.disk()
        yield GaugeMetricFamily("gotcha_disk_free_bytes", "Disk left where the state lies.", value=disk.free)
        try:
            names = [name for name in self._services.settings.cameras if self._caller.may_see(name)]
            yield from self._cameras(names, StatusBoard(self._services.redis).read(names))
            yield from self._waiting()
        except QueueError:
            yield _away(1)
        else:
            yield _away(0)

    def _cameras(self, names: list[str], statuses: Mapping[str, CameraStatus]) -> Iterator[Metric]:
        watched = GaugeMetricFamily(
            "gotcha_camera_watched", "1 where a program watches it.", labels=["camera"]
        )
        usable = _gauge("gotcha_camera_usable", "1 while its view is as usual.", "camera")
        age = _gauge("gotcha_camera_frame_age_seconds", "Since its last frame.", "camera")
        frames = GaugeMetricFamily(
            "gotcha_camera_frames", "Frames looked at since the start.", labels=["camera"]
        )
        dropped = _gauge("gotcha_camera_dropped_frames", "Frames left out.", "camera")
        now = self._services.now()
        for name in names:
            status = statuses.get(name)
            watched.add_metric([name], float(status is not None and status.failure is None))
            if status is None:
                continue
            usable.add_metric([name], float(status.condition is CameraCondition.OK))
            frames.add_metric([name], status.frames)
            dropped.add_metric([name], status.dropped)
            if status.heard_at is not None:
                age.add_metric([name], max(0.0, (now - status.heard_at).total_seconds()))
        yield from (watched, usable, age, frames, dropped)

    def _waiting(self) -> Iterator[Metric]:
        jobs = _gauge("gotcha_queue_jobs", "Jobs by state.", "queue", "state")
        workers = _gauge("gotcha_workers", "Workers that live.", "queue")
        for queue in queue_figures(self._services.redis):
            jobs.add_metric([queue.name.value, "waiting"], queue.waiting)
            jobs.add_metric([queue.name.value, "failed"], queue.failed)
            workers.add_metric([queue.name.value], queue.workers)
        outbox = GaugeMetricFamily(
            "gotcha_outbox_items", "On disk, not stored yet.", labels=["node", "state"]
        )
        for node in NodeBoard(self._services.redis).read():
            outbox.add_metric([node.node, "waiting"], node.waiting)
            outbox.add_metric([node.node, "refused"], node.refused)
        yield from (jobs, workers, outbox)


def _away(value: float) -> Metric:
    return GaugeMetricFamily("gotcha_redis_away", "1 while the queue's Redis does not answer.", value=value)


def _gauge(name: str, meaning: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, labels=labels)
