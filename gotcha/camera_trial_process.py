"""The process that tries a camera: a camera as JSON on its input, findings as JSON on its output."""

from __future__ import annotations

import base64
import json
import sys
import tempfile
import threading
from pathlib import Path

from gotcha.camera_trial import WITHIN_S
from gotcha.check import CameraFindings, Patience, cameras_to_check, check_cameras
from gotcha.config import Config, parse_config
from gotcha.config_cameras import DeviceCamera, RtspCamera, StillsCamera

_MEMORY_BYTES = 3 << 30
_MEASURED_S = 1.5
# Every picture that is sent is counted, for the rate.
_FASTEST = 30.0
_MOST_NOTES = 4


def _main() -> int:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    asked = json.load(sys.stdin)
    config = _counting(parse_config(asked["config"], environment=asked["values"]), asked["name"])
    found: list[CameraFindings] = []
    with tempfile.TemporaryDirectory() as folder:
        check_cameras(
            cameras_to_check(config),
            folder=Path(folder),
            stop=threading.Event(),
            within_s=WITHIN_S,
            tell=found.append,
            patience=Patience(measured_s=_MEASURED_S, at_first_trouble=True),
        )
        (findings,) = found
        picture = None if findings.picture is None else findings.picture.read_bytes()
    sys.stdout.write(json.dumps(_answer(findings, picture, config)))
    return 0


def _counting(config: Config, name: str) -> Config:
    camera = config.camera(name)
    if isinstance(camera, RtspCamera | StillsCamera | DeviceCamera):
        return config
    return config.model_copy(update={"cameras": {name: camera.model_copy(update={"analysis_fps": _FASTEST})}})


def _answer(findings: CameraFindings, picture: bytes | None, config: Config) -> dict[str, object]:
    facts = [notice.facts for notice in findings.notices]
    told = next((one.rate for one in facts if one.rate is not None), None)
    measured = None if isinstance(config.camera(findings.camera), RtspCamera) else findings.analysed_fps
    size = findings.size
    return {
        "problem": findings.problem,
        "fault": findings.fault,
        "size": None if size is None else {"width": size.width, "height": size.height},
        "rate": told or measured,
        "keyframe_s": next((one.keyframe_s for one in facts if one.keyframe_s is not None), None),
        "notes": [one.text for one in findings.notices if one.kind == "settings"][:_MOST_NOTES],
        "picture": None if picture is None else base64.b64encode(picture).decode("ascii"),
    }


if __name__ == "__main__":
    raise SystemExit(_main())
