"""`gotcha demo`: a simulated street served as an RTSP camera and watched by the real program."""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from gotcha.config import Config, parse_config
from gotcha.demo_comparison import compare
from gotcha.runtime import Runtime
from pipeline.frame import Frame
from pipeline.watch_step import WatchStep
from simulator.demo import demo_street
from simulator.rtsp_server import RtspServer
from simulator.truth import SceneTruth
from simulator.video import write_video

FOLDER = Path("var/demo")
DWELL_S, PHOTO_GAP_S = 10.0, 5.0
# After the stream's end the program gets this long to store what it still has in hand.
_FINISH_S = 30.0
_USER, _PASSWORD = "viewer", "street"


@dataclass(slots=True)
class _Clock:
    """Media time of the street, as the frames bring it."""

    began_at: datetime | None = None
    at_s: float = 0.0

    def __call__(self, _camera: str, frame: Frame, _step: WatchStep) -> None:
        if self.began_at is None:
            self.began_at = frame.started_at
        self.at_s = frame.at_s


def run_demo(console: Console, folder: Path = FOLDER, *, seed: int = 1) -> int:
    """Render the street, watch it, print the stored reports beside the truth.

    Args:
        console: where to print.
        folder: for the video, the state and the evidence; what an earlier demo left there is removed.
        seed: of the street.

    Returns:
        0 when every report agrees with the truth and none is missing, else 1.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    scene = demo_street(seed)
    with _progress(console) as progress:
        task = progress.add_task("drawing the street", total=None)
        truth = write_video(
            scene,
            folder / "street.mp4",
            on_frame=lambda done, total: progress.update(task, completed=done, total=total),
        )
    with RtspServer(folder / "street.mp4", user=_USER, password=_PASSWORD, loop=False) as server:
        config = _config(server.url, truth, folder)
        console.print(
            f"Watching [bold]{server.url}[/] with the settings in [bold]{folder / 'config.yaml'}[/]: "
            f"no parking for more than {DWELL_S:g} s."
        )
        clock = _watch(config, truth, console)
    if clock.began_at is None:
        console.print("[red]The camera sent no picture.[/]")
        return 1
    return compare(config, truth, began_at=clock.began_at, dwell_s=DWELL_S, console=console)


def _config(url: str, truth: SceneTruth, folder: Path) -> Config:
    lines = [
        "# Made by `gotcha demo`: one RTSP camera and its no-parking zones.",
        "state_dir: state",
        "evidence: {clip_before_s: 2, clip_after_s: 2}",
        "web: {enabled: false}",
        "cameras:",
        "  street:",
        "    kind: rtsp",
        f"    url: {url.replace('rtsp://', f'rtsp://{_USER}:${{STREET_PASSWORD}}@')}",
        "    zones:",
    ]
    for zone in truth.zones:
        corners = ", ".join(f"[{p.x:.4f}, {p.y:.4f}]" for p in zone.polygon.points)
        lines += [
            f"      - name: {zone.name}",
            f"        kind: {zone.kind}",
            f"        polygon: [{corners}]",
            f"        dwell_s: {DWELL_S:g}",
            f"        photo_gap_s: {PHOTO_GAP_S:g}",
        ]
    path = folder / "config.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return parse_config(
        path.read_text(encoding="utf-8"),
        name=str(path),
        folder=folder.resolve(),
        environment={"STREET_PASSWORD": _PASSWORD},
    )


def _watch(config: Config, truth: SceneTruth, console: Console) -> _Clock:
    """Run the program until the street ends and everything it reported is stored."""
    clock, stop = _Clock(), threading.Event()
    runtime = Runtime(config, observe=clock)
    ended = threading.Event()

    def end_with_the_street() -> None:
        # The last second of a live stream may get lost with its connection; nothing happens in it.
        last_s = truth.duration_s - 1.0
        with _progress(console) as progress:
            task = progress.add_task("watching", total=last_s)
            waited_s = 0.0
            while clock.at_s < last_s and waited_s < last_s + _FINISH_S and not ended.wait(0.2):
                waited_s += 0.2
                progress.update(task, completed=clock.at_s)
        waited_s = 0.0
        while runtime.waiting and waited_s < _FINISH_S and not ended.wait(0.2):
            waited_s += 0.2
        stop.set()

    watcher = threading.Thread(target=end_with_the_street, name="demo-end", daemon=True)
    watcher.start()
    try:
        runtime.run_with_worker(stop)
    finally:
        ended.set()
        watcher.join()
    return clock


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True
    )
