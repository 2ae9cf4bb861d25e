"""Between a source and its analysis: files wait for the analysis, live cameras drop the oldest frame."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator

from pipeline.frame import Frame, FrameSource
from sources.hand_over import HandOver, in_thread

# A camera that blocks in its library must not keep its state from being saved at the program's end.
_JOIN_S = 0.5
FRAMES_WAITING = 4


class FrameBuffer:
    """Reads a source in a thread of its own, so that a slow analysis never stalls a camera.

    Args:
        source: where the frames come from.
        live: True drops the oldest frame when the analysis is too slow, and counts it; False waits.
        capacity: how many frames may wait; each may hold a decoded picture (3 MB at 1080p).
        name: the thread's name.
    """

    def __init__(
        self, source: FrameSource, *, live: bool, capacity: int = FRAMES_WAITING, name: str = "source"
    ) -> None:
        self._source = source
        self._name = name
        self._hand_over: HandOver[Frame] = HandOver(
            capacity=capacity, drop_oldest=live, inherit=_after_dropped
        )

    @property
    def dropped(self) -> int:
        """How many frames the analysis never saw because it was too slow."""
        return self._hand_over.dropped

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """The source's frames in order; ends at once when `stop` is set. To be called once.

        Raises:
            SourcePermanentError: the source can never be read.
        """
        return in_thread(self._read, stop, self._hand_over, name=self._name, join_s=_JOIN_S)

    def _read(self, hand_over: HandOver[Frame], ending: threading.Event) -> None:
        for frame in self._source.frames(ending):
            if not hand_over.put(frame):
                return


def _after_dropped(dropped: Frame, following: Frame) -> Frame:
    """The gap before a dropped frame lies before its successor too."""
    if not dropped.discontinuity:
        return following
    return dataclasses.replace(following, discontinuity=True)
