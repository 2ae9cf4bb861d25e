"""A video through each entrance of the program: an RTSP camera, HTTP, the command, a bucket."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from bench.bucket_server import BUCKET, REGION, bucket_server
from gotcha.analyzing import analyze_uploads
from gotcha.config import Config, load_config
from gotcha.ingest_wiring import ingest
from gotcha.models import Models
from gotcha.runtime import Runtime
from gotcha.video_findings import Findings
from gotcha.web_wiring import opened_services
from jobs.context import utc_now
from jobs.embedded_redis import open_redis
from jobs.queue_name import QueueName
from pipeline.errors import ConfigError
from pipeline.frame import Frame
from pipeline.watch_step import WatchStep
from simulator.rtsp_server import RtspServer
from storage.account_values import Login, Role
from storage.analyses import AnalysisFilter
from storage.analysis_store import AnalysisStore
from storage.database import open_database
from web.app import create_app

_PATIENCE_S = 600.0
_LOOK_S = 0.25
# The footage has ended; what its last pictures led to comes within this.
_AFTER_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A vehicle's time in a zone: x and y of its middle as shares of the picture, media times in seconds.

    `parked_s` is when it was confirmed.
    """

    zone: str
    x: float
    y: float
    from_s: float
    to_s: float | None
    parked_s: float


@dataclass(slots=True)
class LiveView:
    """What one camera's run showed, and the longest time between two of its frames."""

    found: Findings
    last_s: float | None = None
    longest_gap_s: float = 0.0
    size: tuple[int, int] = (1, 1)

    def intervals(self) -> tuple[Interval, ...]:
        """The vehicles that were confirmed parked, by arrival."""
        return tuple(
            Interval(
                zone=one.zone,
                x=one.box.center.x / self.size[0],
                y=one.box.center.y / self.size[1],
                from_s=one.from_s,
                to_s=one.to_s,
                parked_s=one.from_s if one.parked_s is None else one.parked_s,
            )
            for one in self.found.parked()
        )


@dataclass(slots=True)
class LiveRun:
    """Is told of every frame of every camera; see `gotcha.camera_setup.StepObserver`."""

    views: dict[str, LiveView] = field(default_factory=dict)

    def __call__(self, camera: str, frame: Frame, step: WatchStep) -> None:
        view = self.views.get(camera)
        if view is None:
            view = self.views[camera] = LiveView(Findings(camera))
            view.found.begin(frame.started_at)
            size = frame.picture.size
            view.size = (size.width, size.height)
        if view.last_s is not None:
            view.longest_gap_s = max(view.longest_gap_s, frame.at_s - view.last_s)
        view.last_s = frame.at_s
        view.found.step(step)


def as_cameras(config: Config, lengths_s: Mapping[str, float], models: Models) -> dict[str, LiveView]:
    """Watch the cameras of `config`, one after the other, until their footage, of `lengths_s`, has ended."""
    views: dict[str, LiveView] = {}
    for name, length_s in lengths_s.items():
        alone = config.model_copy(update={"cameras": {name: config.camera(name)}})
        views |= _as_camera(alone, length_s, models)
    return views


def _as_camera(config: Config, length_s: float, models: Models) -> dict[str, LiveView]:
    seen, stop = LiveRun(), threading.Event()
    # An observer is told in the camera's own thread; each has a view of its own.
    runtime = Runtime(config, models=models, observe=seen)

    def end_with_the_footage() -> None:
        began_s, waits = time.monotonic(), threading.Event()
        while not seen.views and time.monotonic() - began_s < _PATIENCE_S:
            waits.wait(0.1)
        waits.wait(length_s + _AFTER_S)
        stop.set()

    threading.Thread(target=end_with_the_footage, name="footage-end", daemon=True).start()
    runtime.run(stop)
    return seen.views


def by_http(config: Config, videos: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """Send each video for the camera of its name to a running dashboard; the results by camera."""
    results: dict[str, dict[str, Any]] = {}
    with (
        _working(config) as redis_url,
        opened_services(config, redis_url) as services,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        login = Login(name="bench", role=Role.OPERATOR, cameras=None)
        headers = {"X-API-Key": services.api_keys.add(login, at=utc_now())}
        server = uvicorn.Server(uvicorn.Config(create_app(services), log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            with httpx.Client(base_url=address, headers=headers, timeout=60.0) as client:
                ids = {name: _sent(client, name, path) for name, path in videos.items()}
                for name, video_id in ids.items():
                    results[name] = _waited(client, video_id)
        finally:
            server.should_exit = True
            thread.join()
    return results


def by_command(config_path: Path, videos: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """`gotcha analyze` for each video; the results by camera."""
    results = {}
    for name, path in videos.items():
        command = [sys.executable, "-c", "from gotcha.cli import main; main()", "--config", str(config_path)]
        command += ["analyze", str(path), "--camera", name, "--json", "-"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ConfigError(f"gotcha analyze {path.name} failed: {done.stderr.strip().splitlines()[-1]}")
        results[name] = json.loads(done.stdout)
    return results


def by_bucket(config_path: Path, videos: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """Put each video into a bucket whose notices go to a queue that is taken in; the results by camera.

    Args:
        config_path: without `ingest`, which is added to a copy beside it.
        videos: by camera.
    """
    with bucket_server() as server:
        folders = "".join(
            f"    - {{bucket: {BUCKET}, prefix: '{camera}/', camera: {camera}}}\n" for camera in videos
        )
        text = (
            f"ingest:\n  queue_url: {server.queue_url}\n  dead_letter_url: {server.dead_url}\n"
            f"  endpoint: {server.endpoint}\n  region: {REGION}\n  folders:\n{folders}"
        )
        path = config_path.with_name("bucket.yaml")
        path.write_text(config_path.read_text(encoding="utf-8") + text, encoding="utf-8")
        config = load_config(path).model_copy(update={"state_dir": path.parent / "bucket-state"})
        stop = threading.Event()
        with _working(config):
            taking = threading.Thread(target=ingest, args=(config, stop))
            taking.start()
            try:
                for camera, video in videos.items():
                    server.s3.upload_file(str(video), BUCKET, f"{camera}/a+b {video.name}")
                return _all_results(config, len(videos))
            finally:
                stop.set()
                taking.join()


def intervals(result: Mapping[str, Any], size: tuple[int, int]) -> tuple[Interval, ...]:
    """The parked intervals of a result in JSON, of a video of `size` (width, height)."""
    return tuple(
        Interval(
            zone=one["zone"],
            x=(one["box"][0] + one["box"][2]) / 2 / size[0],
            y=(one["box"][1] + one["box"][3]) / 2 / size[1],
            from_s=one["from_s"],
            to_s=one["to_s"],
            parked_s=one["parked_s"],
        )
        for one in result["parked"]
    )


@contextlib.contextmanager
def served(videos: Mapping[str, Path]) -> Iterator[dict[str, str]]:
    """Each video as an RTSP camera that begins with its first viewer: the addresses by name."""
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(RtspServer(path, loop=False)).url for name, path in videos.items()}


@contextlib.contextmanager
def _working(config: Config) -> Iterator[str]:
    """Redis and a worker with models, while the block lasts; the address of Redis."""
    config.state_dir.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    with open_redis(None, config.state_dir) as service:
        worker = threading.Thread(
            target=analyze_uploads, args=(config, service.url, stop), kwargs={"queue": QueueName.VIDEOS}
        )
        worker.start()
        try:
            yield service.url
        finally:
            stop.set()
            worker.join()


def _sent(client: httpx.Client, name: str, path: Path) -> str:
    with path.open("rb") as file:
        answer = client.post("/videos", files={"file": (path.name, file)}, data={"camera": name})
    answer.raise_for_status()
    return str(answer.json()["id"])


def _waited(client: httpx.Client, video_id: str) -> dict[str, Any]:
    ends_s, waits = time.monotonic() + _PATIENCE_S, threading.Event()
    while time.monotonic() < ends_s:
        answer = client.get(f"/videos/{video_id}").raise_for_status().json()
        if answer["state"] == "completed":
            return dict(answer["result"])
        if answer["state"] in ("failed", "cancelled"):
            raise ConfigError(f"the analysis over HTTP {answer['state']}: {answer['error']}")
        waits.wait(_LOOK_S)
    raise ConfigError(f"the analysis over HTTP took more than {_PATIENCE_S:.0f} s")


def _all_results(config: Config, number: int) -> dict[str, dict[str, Any]]:
    ends_s, waits = time.monotonic() + _PATIENCE_S, threading.Event()
    engine = open_database(config.database_url)
    try:
        while time.monotonic() < ends_s:
            rows = AnalysisStore(engine).list(AnalysisFilter())
            if len(rows) == number and all(row.ended for row in rows):
                failed = [row.error for row in rows if row.result is None]
                if failed:
                    raise ConfigError(f"an analysis from the bucket failed: {failed[0]}")
                return {str(row.asked.camera): json.loads(row.result or "{}") for row in rows}
            waits.wait(_LOOK_S)
    finally:
        engine.dispose()
    raise ConfigError(f"the bucket's files were not analysed within {_PATIENCE_S:.0f} s")


def matched(
    ones: Iterable[Interval], others: Iterable[Interval]
) -> tuple[list[tuple[Interval, Interval]], list[Interval]]:
    """Pairs of intervals of the same zone and place, nearest in time first, and those left alone."""
    left = list(others)
    pairs, alone = [], []
    for one in ones:
        near = [o for o in left if o.zone == one.zone and abs(o.x - one.x) + abs(o.y - one.y) < 0.1]
        if near:
            other = min(near, key=lambda o: abs(o.from_s - one.from_s))
            left.remove(other)
            pairs.append((one, other))
        else:
            alone.append(one)
    return pairs, alone + left
