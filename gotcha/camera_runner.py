"""One camera while the program runs: its source, its watch, its memory."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace

from gotcha.camera_setup import CameraSetup, StepObserver
from pipeline.errors import InvalidValueError, PictureError, SourcePermanentError, StorageError
from pipeline.frame import Frame, FrameSource, SourceNotice
from pipeline.watch import CameraWatch
from pipeline.watch_state import dump_watch, load_watch
from pipeline.watch_step import WatchStep
from sources.frame_buffer import FrameBuffer

_log = logging.getLogger(__name__)

# The memory is written with every report, so that a restart goes on with it, and this often besides.
SAVE_EVERY_S = 10.0
# After an error nobody foresaw a camera starts over, so that one camera's trouble is nobody else's.
RESTART_AFTER_S = 10.0
_TROUBLE = frozenset({"refused", "lost", "stalled"})
# A full disk is said again after this long, not at every frame.
REPEAT_AFTER_S = 60.0
SEND_AGAIN_S = 5.0


@dataclass(slots=True)
class CameraCounts:
    """What one camera did, for people to look at."""

    frames: int = 0
    detected: int = 0
    damaged: int = 0
    dropped: int = 0
    restarts: int = 0


class CameraRunner:
    """Watches one camera until told to stop; to be run in a thread of its own."""

    def __init__(self, setup: CameraSetup, observe: StepObserver) -> None:
        self._setup = setup
        self._observe = observe
        self.counts = CameraCounts()
        self.failure: str | None = None
        # The source ended by itself: there is nothing more to see.
        self.footage_over = False
        self.trouble: str | None = None
        self._told_s: dict[str, float] = {}
        self._last_step: WatchStep | None = None

    @property
    def late_after_s(self) -> float:
        """Seconds without a frame after which somebody has to look."""
        return self._setup.late_after_s()

    def run(self, stop: threading.Event) -> None:
        """Watch until the source ends or `stop` is set; never raises."""
        while not stop.is_set():
            try:
                while self._watch(stop):
                    _log.info("%s: its source is opened anew for the changed zones", self._setup.name)
            except SourcePermanentError as error:
                self.failure = str(error)
                _log.error("%s: %s", self._setup.name, error)
            except Exception:  # noqa: BLE001 - the thread's border: one camera's bug must not end the others
                self.counts.restarts += 1
                _log.exception(
                    "%s: an unexpected error; this camera starts over in %g s",
                    self._setup.name,
                    RESTART_AFTER_S,
                )
                stop.wait(RESTART_AFTER_S)
                continue
            return

    def _watch(self, stop: threading.Event) -> bool:
        """Watch until there is nothing more to see; whether its source has to be another one."""
        revision = self._setup.revision()
        source = self._setup.source(self._hear)
        watch = self._setup.watch(source)
        buffer = FrameBuffer(
            source,
            live=self._setup.live,
            capacity=self._setup.waiting,
            name=f"source-{self._setup.name}",
        )
        last: Frame | None = None
        saved_s = 0.0
        dropped_before = self.counts.dropped
        try:
            for frame in buffer.frames(stop):
                if last is None and not self._opens(frame):
                    continue
                if last is None and self._setup.may_watch():
                    self._told_s.clear()
                    self._recall(watch, frame)
                    self._accept_view(watch)
                    saved_s = frame.at_s
                if not self._setup.may_watch():
                    return False
                if (now := self._setup.revision()) != revision:
                    if not self._opens(frame):
                        continue
                    if now.source != revision.source and self._setup.memory is not None:
                        return True
                    revision, watch = now, self._with_new_rules(watch, source, frame)
                last = frame
                moved_on = self._step(watch, frame)
                self.counts.dropped = dropped_before + buffer.dropped
                # A case that was opened or reported is kept at once: whoever goes on from here, this program
                # or another, knows it under the same id.
                if moved_on or frame.at_s - saved_s >= SAVE_EVERY_S:
                    saved_s = frame.at_s
                    self._save(watch)
                    self._accept_view(watch)
        finally:
            # Whatever ended the loop, what is known of this camera is worth keeping.
            self._save(watch)
        self.footage_over = not stop.is_set()
        if last is not None and self.footage_over:
            self._finish(watch, last, stop)
        return False

    def _with_new_rules(self, watch: CameraWatch, source: FrameSource, frame: Frame) -> CameraWatch:
        """A watch with the zones of now that knows what the one before it knew."""
        state = dump_watch(watch)
        new = self._setup.watch(source)
        if state is not None:
            load_watch(new, state, frame)
        return new

    def _finish(self, watch: CameraWatch, last: Frame, stop: threading.Event) -> None:
        """A file has ended: judge what is open, and stay until the sink has taken it."""
        reports = watch.finish()
        if reports and self._last_step is not None:
            step = replace(self._last_step, detections=None, departed=(), changes=(), reports=reports)
            self._observe(self._setup.name, last, step)
        while not watch.send_unsent() and not stop.wait(SEND_AGAIN_S):
            _log.error("%s: reports wait, since the outbox does not take them", self._setup.name)

    def _hear(self, notice: SourceNotice) -> None:
        if notice.kind == "damaged":
            # A picture that the source itself refused: it never came as a frame.
            self.counts.damaged += 1
        if notice.kind == "connected":
            self.trouble = None
        elif notice.kind in _TROUBLE:
            # What the source does about it matters while it runs, not in a summary.
            self.trouble = notice.text.partition("; trying again")[0]

    def _opens(self, frame: Frame) -> bool:
        """Whether the picture can be decoded: a kept state is compared with the first that can."""
        told = self.counts.damaged
        try:
            return frame.picture.size.width > 0
        except PictureError:
            self._count_damaged(told)
            return False

    def _count_damaged(self, before: int) -> None:
        """Count a damaged picture, unless it was opened on demand: then its source has just told of it."""
        if self.counts.damaged == before:
            self.counts.damaged += 1

    def _step(self, watch: CameraWatch, frame: Frame) -> bool:
        """Take in a frame; whether cases or reports were made that a restart must know of."""
        self.counts.frames += 1
        told = self.counts.damaged
        try:
            step = watch.step(frame)
        except PictureError as error:
            self._count_damaged(told)
            _log.debug("%s: %s", self._setup.name, error)
            return False
        self.counts.detected += step.detections is not None
        self._last_step = step
        for problem in step.problems:
            self._tell(problem, frame.at_s)
        self._observe(self._setup.name, frame, step)
        return bool(step.changes or step.reports)

    def _tell(self, problem: str, at_s: float) -> None:
        """Log what went wrong; the same sentence at most once in `REPEAT_AFTER_S`."""
        if at_s - self._told_s.get(problem, float("-inf")) >= REPEAT_AFTER_S:
            self._told_s = {kept: told for kept, told in self._told_s.items() if at_s - told < REPEAT_AFTER_S}
            self._told_s[problem] = at_s
            _log.error("%s: %s", self._setup.name, problem)

    def _recall(self, watch: CameraWatch, frame: Frame) -> None:
        if self._setup.memory is None:
            return
        try:
            state = self._setup.memory.load(self._setup.name)
            if state is not None:
                load_watch(watch, state, frame)
        except (StorageError, InvalidValueError) as error:
            _log.error("%s: %s Its vehicles are counted anew.", self._setup.name, error)
            self._setup.memory.set_aside(self._setup.name)

    def _accept_view(self, watch: CameraWatch) -> None:
        if self._setup.memory is not None and self._setup.memory.take_accepted_view(self._setup.name):
            watch.accept_view()
            _log.info("%s: the view as it is now was accepted", self._setup.name)

    def _save(self, watch: CameraWatch) -> None:
        if self._setup.memory is None:
            return
        state = dump_watch(watch)
        if state is None:
            return
        try:
            self._setup.memory.save(self._setup.name, state)
        except StorageError as error:
            _log.error("%s", error)
