"""What the zones' editor works with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneSheet:
    """A camera's zones as they stand in the configuration.

    Attributes:
        camera: whose.
        revision: of the configuration; a change says which one it was made for.
        zones: each as in config.yaml, defaults not filled in; checked by whoever writes it.
        holidays: dates (ISO) on which zones with `holidays: skip` rest.
    """

    camera: str
    revision: str
    zones: tuple[dict[str, JsonValue], ...]
    holidays: tuple[str, ...]


class ZoneBook(Protocol):
    """Reads and writes zones; checks them as the configuration is checked."""

    def read(self, camera: str) -> ZoneSheet:
        """The zones of a camera.

        Raises:
            ConfigError: they cannot be read.
        """
        ...

    def write(self, camera: str, zones: Sequence[dict[str, JsonValue]], revision: str) -> ZoneSheet:
        """Put these zones in the place of the camera's.

        Raises:
            InvalidValueError: a zone is wrong.
            ConfigChangedError: the configuration is another one by now.
            ConfigError: it cannot be written.
        """
        ...
