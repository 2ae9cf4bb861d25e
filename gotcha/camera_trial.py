"""Opens a camera once for somebody who sets it up: by the program's own source, in a process of its own.

A stream that breaks its decoder breaks that process, and the dashboard goes on. The password goes there
through a pipe and nowhere else.
"""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import JobBusyError, SourceFault
from pipeline.geometry import Size
from web.camera_services import CameraTried

_log = logging.getLogger(__name__)

# Opening takes 10 s at most, two keyframe intervals and a measured rate a few more.
WITHIN_S = 18.0
# The interpreter and the decoders take seconds to load on a busy machine.
_STARTS_IN_S = 20.0
# Who looks for open ports is slow at it.
_AT_ONCE = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraToTry:
    """A camera that is not in the configuration, or not yet as it shall be.

    Attributes:
        name: its name.
        config: a configuration with this one camera, YAML.
        values: of the variables in it.
    """

    name: str
    config: str
    values: Mapping[str, str] = field(repr=False)


def try_camera(camera: CameraToTry) -> CameraTried:
    """What came of it; threads may ask at once.

    Raises:
        JobBusyError: two others are being tried.
    """
    if not _AT_ONCE.acquire(blocking=False):
        raise JobBusyError("other cameras are being tried: try again in a moment")
    try:
        asked = json.dumps({"name": camera.name, "config": camera.config, "values": dict(camera.values)})
        done = subprocess.run(
            [sys.executable, "-m", "gotcha.camera_trial_process"],
            input=asked,
            capture_output=True,
            timeout=WITHIN_S + _STARTS_IN_S,
            check=False,
            text=True,
        )
    except subprocess.TimeoutExpired:
        return CameraTried(problem=f"no picture within {WITHIN_S:g} s", fault=SourceFault.SILENT)
    finally:
        _AT_ONCE.release()
    if done.returncode != 0:
        # What it said stays unsaid: nobody knows whether it holds the password.
        _log.warning("the process that tried the camera %s ended with %d", camera.name, done.returncode)
        return CameraTried(problem="the stream breaks its decoder", fault=SourceFault.NOT_A_PICTURE)
    return _tried(json.loads(done.stdout))


def _tried(found: dict[str, Any]) -> CameraTried:
    return CameraTried(
        problem=found["problem"],
        fault=None if found["fault"] is None else SourceFault(found["fault"]),
        size=None if found["size"] is None else Size(**found["size"]),
        rate=found["rate"],
        keyframe_s=found["keyframe_s"],
        notes=tuple(found["notes"]),
        picture=None if found["picture"] is None else base64.b64decode(found["picture"]),
    )
