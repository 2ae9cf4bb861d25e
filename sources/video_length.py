"""How long a video says it is."""

from __future__ import annotations

from pathlib import Path

import av

_MICROSECONDS = 1_000_000


def video_length_s(path: Path) -> float:
    """The length in seconds that the header of `path` claims; 0 when it claims none or cannot be read.

    Only good for showing progress: headers lie, and truncated files keep theirs.
    """
    try:
        with av.open(str(path)) as container:
            return max(0.0, (container.duration or 0) / _MICROSECONDS)
    except (av.FFmpegError, OSError):
        return 0.0
