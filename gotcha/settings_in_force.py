"""The configuration as it is in force: changed cameras and zones of its file hold at once, the rest later."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping

from gotcha.camera_setup import Revision
from gotcha.config import Config, load_config
from gotcha.config_cameras import Camera
from gotcha.config_passwords import Version, versions_of
from gotcha.source_wiring import source_needs
from pipeline.errors import ConfigError

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0
# What a camera's watch takes over without its source being opened anew.
_RULES = ("zones", "masks", "location")


class SettingsInForce:
    """Looks at the configuration's file once a second; threads may ask at any time.

    Args:
        config: as it was loaded; one without a file never changes.
        opens_cameras: cameras are opened with it, so one whose password is not known is not taken over.
        only: the cameras it is about; None for all, also those that come later.
    """

    def __init__(
        self, config: Config, *, opens_cameras: bool = False, only: Collection[str] | None = None
    ) -> None:
        self._config = config
        self._opens_cameras = opens_cameras
        self._only = only
        # Not those of now: opening the models takes seconds, in which somebody may write.
        self._marks = config.versions
        self._revisions: dict[str, Revision] = {}
        self._editions = dict.fromkeys(config.cameras, 0)
        self._changes = 0
        self._looking = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="settings", daemon=True)

    @property
    def config(self) -> Config:
        """What holds now, as far as was looked."""
        return self._config

    def current(self) -> Config:
        """Look, then say what holds: for work that comes now and then, without a thread."""
        self.look()
        return self._config

    def revision(self, camera: str) -> Revision:
        """Another one after each change of the camera's zones, their holidays or its masks."""
        return self._revisions.get(camera, Revision())

    def editions(self) -> Mapping[str, int]:
        """The cameras, each with another number after each change for which it must be opened anew.

        0 stands for a camera as it was at the start.
        """
        return self._editions

    def start(self) -> None:
        """Begin to look; returns at once."""
        if self._config.path is not None:
            self._thread.start()

    def end(self, timeout_s: float) -> None:
        """Look no more."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def look(self) -> None:
        """Take over what has changed in the file; one that is wrong is told of and changes nothing."""
        with self._looking:
            marks = self._versions()
            if self._config.path is None or marks[0] is None or marks == self._marks:
                return
            self._marks = marks
            try:
                read = load_config(self._config.path, opens_cameras=False)
            except ConfigError as error:
                _log.error("the changed configuration is not taken over: %s", error)
                return
            self._take_over(read)

    def _take_over(self, read: Config) -> None:
        before = self._config
        cameras = {
            name: taken
            for name, found in read.cameras.items()
            if (self._only is None or name in self._only)
            and (taken := self._taken(name, before.cameras.get(name), found)) is not None
        }
        self._config = before.model_copy(
            update={
                "cameras": cameras,
                "holidays": read.holidays,
                "retention": read.retention,
                "notifications": read.notifications,
            }
        )
        editions = {}
        for name, camera in cameras.items():
            old = before.cameras.get(name)
            if old is None or not _same_source(old, camera):
                self._changes += 1
                editions[name] = self._changes
            else:
                editions[name] = self._editions[name]
                self._note(before, name)
        # After the configuration: whoever sees an edition finds what it stands for.
        self._editions = editions
        rest: dict[str, object] = {"cameras": {}, "holidays": (), "retention": None, "notifications": None}
        if {**dict(read), **rest} != {**dict(before), **rest}:
            _log.warning(
                "the configuration was changed in more than cameras, retention and notifications: "
                "the rest holds after a restart"
            )

    def _taken(self, name: str, old: Camera | None, found: Camera) -> Camera | None:
        """What holds of a camera in the file; None where it cannot be watched."""
        if not self._opens_cameras or found.password_is_known:
            return found
        if old is not None and type(old) is type(found):
            # Its zones need no password.
            return old.model_copy(update={rule: getattr(found, rule) for rule in _RULES})
        _log.error("%s: not watched, as its password is not known: see `gotcha check %s`", name, name)
        return old

    def _note(self, before: Config, name: str) -> None:
        now = self._config
        if (
            before.zones_of(name) == now.zones_of(name)
            and before.camera(name).masks == now.camera(name).masks
        ):
            return
        old = self.revision(name)
        other_source = source_needs(before, name) != source_needs(now, name)
        self._revisions[name] = Revision(rules=old.rules + 1, source=old.source + other_source)
        _log.info("%s: its zones were changed and hold from now on", name)

    def _versions(self) -> tuple[Version, Version]:
        return (None, None) if self._config.path is None else versions_of(self._config.path)

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            self.look()


def _same_source(old: Camera, new: Camera) -> bool:
    return old.model_copy(update={rule: getattr(new, rule) for rule in _RULES}) == new
