"""The zones of a camera in the configuration file: read for the editor, checked and written back."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from pydantic import JsonValue

from gotcha.config import Config
from gotcha.config_file import ConfigFile
from gotcha.config_yaml import YamlDocument
from gotcha.zone_text import WAS, with_zones
from pipeline.errors import ConfigError, InvalidValueError
from web.zone_services import ZoneSheet

_PLACE = re.compile(r"(?:\S+ line \d+: )?cameras\.[\w-]+\.(?:[a-z0-9]+\.)?zones\.(\d+)\.?([\w.]*): (.*)")
_HOLIDAYS = re.compile(r"\S+ line \d+: ")


class FileZones:
    """Zones in a file; processes may share it.

    Args:
        file: the configuration.
    """

    def __init__(self, file: ConfigFile) -> None:
        self._file = file

    def read(self, camera: str) -> ZoneSheet:
        """The zones as they stand in the file, defaults not filled in.

        Raises:
            ConfigError: the file cannot be read or has no such camera.
        """
        text, revision = self._file.read()
        config = self._file.parsed(text)
        config.camera(camera)
        return ZoneSheet(
            camera=camera,
            revision=revision,
            zones=_zones(text, camera),
            holidays=tuple(day.isoformat() for day in config.holidays),
        )

    def write(self, camera: str, zones: Sequence[dict[str, JsonValue]], revision: str) -> ZoneSheet:
        """Put these zones in the place of the camera's.

        Args:
            camera: whose.
            zones: as `read` gives them, each with `was`, the name it had until now, where it had one.
            revision: of the sheet that was changed.

        Raises:
            InvalidValueError: a zone is wrong; one sentence for each fault, with the zone's name.
            ConfigChangedError: the file is another one by now.
            ConfigError: the file cannot be read or written, or shares these zones with another camera.
        """

        def edit(text: str) -> str:
            before = self._file.parsed(text)
            before.camera(camera)
            changed = with_zones(text, camera, zones)
            try:
                after = self._file.parsed(changed)
            except ConfigError as error:
                raise InvalidValueError(_sentences(str(error), zones)) from None
            self._refuse_more(before, after, camera)
            return changed

        self._file.change(edit, revision)
        return self.read(camera)

    def _refuse_more(self, before: Config, after: Config, camera: str) -> None:
        """The change must be what was asked for and nothing else, however the file is written."""
        old, new = before.camera(camera), after.camera(camera)
        same = before.model_copy(update={"cameras": {**before.cameras, camera: new}})
        if same != after or old.model_copy(update={"zones": new.zones}) != new:
            raise ConfigError(
                f"the zones of {camera} are tied to other parts of {self._file.path.name} (an anchor or an "
                "alias): change them in the file itself"
            )


def _zones(text: str, camera: str) -> tuple[dict[str, JsonValue], ...]:
    root = json.loads(YamlDocument(text, "config").as_json())
    zones = root["cameras"][camera].get("zones") or []
    return tuple({key: value for key, value in zone.items() if key != WAS} for zone in zones)


def _sentences(text: str, zones: Sequence[dict[str, JsonValue]]) -> str:
    """Faults of a file as faults of zones, which whoever draws knows by their names."""
    found = []
    for line in text.splitlines():
        match = _PLACE.match(line)
        if match is None:
            found.append(_HOLIDAYS.sub("", line))
            continue
        number = int(match[1])
        name = zones[number].get("name") if number < len(zones) else None
        found.append(f"{name or number + 1}: {f'{match[2]}: ' if match[2] else ''}{match[3]}")
    return "\n".join(found)
