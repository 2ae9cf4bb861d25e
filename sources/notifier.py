"""Says what happens to a source: to the log and to the sink, without passwords and without floods."""

from __future__ import annotations

import logging

from pipeline.errors import SourceFault
from pipeline.frame import NoticeSink, SourceNotice, StreamFacts
from sources.clocks import Clocks
from sources.redact import redact

_log = logging.getLogger(__name__)
_QUIET = frozenset({"connected", "decode", "settings", "ended"})


class Notifier:
    """One camera's voice.

    Args:
        camera: the camera's name.
        sink: who is told; None tells only the log.
        clocks: where time comes from.
        stream: which of the camera's streams is meant, said before each sentence; empty for its only one.
        repeat_s: an unchanged kind of damage is said again after this many seconds at the earliest.
    """

    def __init__(
        self,
        camera: str,
        sink: NoticeSink | None,
        clocks: Clocks,
        *,
        stream: str = "",
        repeat_s: float = 60.0,
    ) -> None:
        self._prefix = f"{stream}: " if stream else ""
        self._camera = camera
        self._sink = sink
        self._clocks = clocks
        self._repeat_s = repeat_s
        self._damaged_at = float("-inf")
        self._damaged_since = 0

    def say(
        self, kind: str, text: str, *, fault: SourceFault | None = None, facts: StreamFacts | None = None
    ) -> None:
        """Tells the log and the sink; `text` is one sentence."""
        level = logging.INFO if kind in _QUIET else logging.WARNING
        _log.log(level, "%s: %s: %s", self._camera, kind, redact(self._prefix + text))
        self._tell(kind, text, fault=fault, facts=facts or StreamFacts())

    def damaged(self, text: str) -> None:
        """Counts a damaged picture and says so at most once per `repeat_s`; the sink hears of each."""
        self._damaged_since += 1
        now = self._clocks.monotonic()
        if now - self._damaged_at < self._repeat_s:
            self._tell("damaged", text, repeated=True)
            return
        count = "" if self._damaged_since == 1 else f" ({self._damaged_since} since the last such notice)"
        self._damaged_at = now
        self._damaged_since = 0
        self.say("damaged", f"{text}{count}")

    def _tell(
        self,
        kind: str,
        text: str,
        *,
        repeated: bool = False,
        fault: SourceFault | None = None,
        facts: StreamFacts = StreamFacts(),  # noqa: B008 - it is frozen
    ) -> None:
        if self._sink is None:
            return
        clean = redact(self._prefix + text)
        at = self._clocks.now()
        self._sink(
            SourceNotice(
                camera=self._camera,
                at=at,
                kind=kind,
                text=clean,
                repeated=repeated,
                fault=fault,
                facts=facts,
            )
        )
