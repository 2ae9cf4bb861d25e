"""Looks at a video that a stranger handed in, in a process of its own with little memory and little time.

A file made to break FFmpeg's readers breaks that process, and whoever asked goes on.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from pipeline.errors import UploadRefusedError, UploadTooLargeError, UploadUnavailableError
from pipeline.geometry import Size
from sources.video_facts import VideoFacts, VideoLimits, video_facts

# Reading the stamps of six hours of video takes 2 s; FFmpeg and NumPy take 0.4 GB of addresses by themselves.
_WITHIN_S = 60
# Every packet is read: a video of 4 GB that is no longer in memory takes minutes on a slow disk, though the
# processor has little to do, whose time stays limited.
_LEAST_BYTES_PER_S = 5_000_000
_MEMORY_BYTES = 3 << 30
_REFUSED, _TOO_LARGE = 3, 4
# Each takes a core for half a second and 100 MB: a hundred uploads at once look two at a time.
_AT_ONCE = threading.BoundedSemaphore(2)


def probed(path: Path, limits: VideoLimits) -> VideoFacts:
    """`sources.video_facts.video_facts` of `path`, in a process of its own; threads may call it at once.

    Raises:
        UploadRefusedError: it is no video, holds no picture, lies about its length, or breaks its reader.
        UploadTooLargeError: it is over a limit.
        UploadUnavailableError: the machine has no memory for the process, or its disk does not answer.
    """
    command = [sys.executable, "-m", "sources.video_probe", str(path), json.dumps(asdict(limits))]
    try:
        within_s = _WITHIN_S + path.stat().st_size / _LEAST_BYTES_PER_S
        with _AT_ONCE:
            done = subprocess.run(command, capture_output=True, timeout=within_s, check=False, text=True)
    except OSError as error:
        raise UploadUnavailableError(
            f"the video cannot be looked at now: {error.strerror or error}"
        ) from error
    except subprocess.TimeoutExpired:
        raise UploadRefusedError(f"the video could not be read within {within_s:.0f} s") from None
    if done.returncode == _TOO_LARGE:
        raise UploadTooLargeError(done.stdout.strip())
    if done.returncode == _REFUSED:
        raise UploadRefusedError(done.stdout.strip())
    if done.returncode != 0:
        raise UploadRefusedError("the file cannot be read as a video: it breaks its reader")
    facts = json.loads(done.stdout)
    return VideoFacts(
        length_s=facts["length_s"],
        size=Size(**facts["size"]),
        codec=facts["codec"],
        ends_early_s=facts["ends_early_s"],
        filmed_at=None if facts["filmed_at"] is None else datetime.fromisoformat(facts["filmed_at"]),
    )


def _main(path: str, limits: str) -> int:
    """What the process does: facts as JSON, or the reason of the refusal, on standard output."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (_WITHIN_S, _WITHIN_S))
        # It has nothing to write.
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        facts = video_facts(Path(path), VideoLimits(**json.loads(limits)))
    except UploadRefusedError as error:
        sys.stdout.write(str(error))
        return _TOO_LARGE if isinstance(error, UploadTooLargeError) else _REFUSED
    sys.stdout.write(json.dumps(asdict(facts), default=datetime.isoformat))
    return 0


if __name__ == "__main__":
    raise SystemExit(_main(*sys.argv[1:]))
