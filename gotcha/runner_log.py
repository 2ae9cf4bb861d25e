"""The cameras' runners of one run of the program: who watches now, and what all of them did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from gotcha.camera_runner import CameraRunner
from gotcha.run_summary import CameraSummary


class RunnerLog:
    """A camera that comes and goes among nodes, or is changed, has a runner each time."""

    def __init__(self) -> None:
        self.watched: dict[str, list[CameraRunner]] = {}
        self.reports: Counter[str] = Counter()
        self._removed: dict[str, list[CameraRunner]] = {}

    def begin(self, camera: str, runner: CameraRunner) -> None:
        """A camera is watched from now on."""
        self.watched.setdefault(camera, []).append(runner)

    def drop(self, camera: str) -> None:
        """A camera was removed: what it did still counts."""
        self._removed.setdefault(camera, []).extend(self.watched.pop(camera, []))

    def summary(self, cameras: Iterable[str]) -> tuple[CameraSummary, ...]:
        """What `cameras`, and all others that were watched, did."""
        names = dict.fromkeys([*cameras, *self._removed, *self.watched])
        return tuple(self._camera(name) for name in names)

    def _camera(self, name: str) -> CameraSummary:
        runners = [*self._removed.get(name, []), *self.watched.get(name, [])]
        return CameraSummary(
            name=name,
            frames=sum(runner.counts.frames for runner in runners),
            detected=sum(runner.counts.detected for runner in runners),
            damaged=sum(runner.counts.damaged for runner in runners),
            dropped=sum(runner.counts.dropped for runner in runners),
            reports=self.reports[name],
            restarts=sum(runner.counts.restarts for runner in runners),
            failure=runners[-1].failure if runners else None,
            trouble=runners[-1].trouble if runners else None,
        )
