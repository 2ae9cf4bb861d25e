"""What the settings of cameras work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pydantic import JsonValue

from pipeline.errors import SourceFault
from pipeline.geometry import Size


class PasswordKept(StrEnum):
    """Where the password of a camera is."""

    NONE = "none"  # it needs none
    FILE = "file"  # beside the configuration, typed in on the dashboard
    ENVIRONMENT = "environment"
    MISSING = "missing"  # the configuration names a variable that is set nowhere


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraEntry:
    """A camera as it stands in the configuration, without its password.

    Attributes:
        name: its name.
        kind: of its source.
        address, analysis_address: without user and password; None where its kind has none.
        user: of its login, empty without one.
        password: where that is.
        settings: the other keys of its source, as in config.yaml, defaults not filled in.
    """

    name: str
    kind: str
    address: str | None
    analysis_address: str | None
    user: str
    password: PasswordKept
    settings: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSheet:
    """All cameras of the configuration, as the API answers.

    Attributes:
        revision: of the configuration; a change says which one it was made for.
        cameras: in its order.
        undoes: the last change made here can be taken back.
    """

    revision: str
    cameras: tuple[CameraEntry, ...]
    undoes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraDraft:
    """A camera as somebody wants it.

    Attributes:
        name: its name.
        kind: of its source.
        address, analysis_address: as typed; None where its kind has none.
        user: of its login, empty without one.
        password: None keeps the one there is.
        settings: the other keys of its source; what is None or missing is left to its default.
    """

    name: str
    kind: str
    address: str | None
    analysis_address: str | None
    user: str
    password: str | None = field(repr=False)
    settings: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraTried:
    """What came of opening a camera.

    Attributes:
        problem: why no picture came, one sentence; "" when one did.
        fault: the kind of that reason where it is known.
        size: of its pictures, pixels.
        rate: frames a second that it sends.
        keyframe_s: seconds between two keyframes; None for one that sends JPEGs.
        notes: what its source said of its settings.
        picture: JPEG; None without one.
    """

    problem: str
    fault: SourceFault | None = None
    size: Size | None = None
    rate: float | None = None
    keyframe_s: float | None = None
    notes: tuple[str, ...] = ()
    picture: bytes | None = None


class CameraBook(Protocol):
    """Reads, writes and tries cameras; checks them as the configuration is checked. Threads may share it.

    All changes raise InvalidValueError for a wrong setting, ConfigChangedError when the configuration is
    another one by now, and ConfigError when it cannot be read or written.
    """

    def read(self) -> CameraSheet:
        """The cameras.

        Raises:
            ConfigError: they cannot be read.
        """
        ...

    def add(self, draft: CameraDraft, revision: str) -> CameraSheet: ...

    def change(self, draft: CameraDraft, revision: str) -> CameraSheet:
        """Put other settings in the place of a camera's; its zones stay."""
        ...

    def remove(self, camera: str, revision: str) -> CameraSheet: ...

    def undo(self, revision: str) -> CameraSheet:
        """Take back the last change made here."""
        ...

    def try_out(self, draft: CameraDraft) -> CameraTried:
        """Open a camera once, as the program that watches would, and look at it for seconds.

        Raises:
            InvalidValueError: a setting is wrong.
            ConfigError: the configuration cannot be read.
            JobBusyError: others are being tried.
        """
        ...
