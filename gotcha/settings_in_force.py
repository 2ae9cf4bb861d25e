"""The configuration as it is in force: changed zones of its file hold at once, the rest later."""

from __future__ import annotations

import logging
import threading

from gotcha.camera_runner import Revision
from gotcha.config import Config, load_config
from gotcha.source_wiring import source_needs
from pipeline.errors import ConfigError

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0


class SettingsInForce:
    """Looks at the configuration's file once a second; threads may ask at any time.

    Args:
        config: as it was loaded; one without a file never changes.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._mark = self._version()
        self._revisions: dict[str, Revision] = {}
        self._looking = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="settings", daemon=True)

    @property
    def config(self) -> Config:
        """What holds now, as far as was looked."""
        return self._config

    def current(self) -> Config:
        """Look, then say what holds: for work that comes now and then, without a thread."""
        with self._looking:
            self.look()
        return self._config

    def revision(self, camera: str) -> Revision:
        """Another one after each change of the camera's zones, their holidays or its masks."""
        return self._revisions.get(camera, Revision())

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
        mark = self._version()
        if self._config.path is None or mark is None or mark == self._mark:
            return
        self._mark = mark
        try:
            # Only zones are taken over, so cameras' passwords need not be known.
            read = load_config(self._config.path, opens_cameras=False)
        except ConfigError as error:
            _log.error("the changed configuration is not taken over: %s", error)
            return
        before = self._config
        cameras = {
            name: camera.model_copy(update={"zones": found.zones, "masks": found.masks})
            if (found := read.cameras.get(name)) is not None
            else camera
            for name, camera in before.cameras.items()
        }
        self._config = before.model_copy(update={"cameras": cameras, "holidays": read.holidays})
        for name in cameras:
            self._note(before, name)
        if read.model_copy(update={"cameras": {}, "holidays": ()}) != before.model_copy(
            update={"cameras": {}, "holidays": ()}
        ) or any(read.cameras.get(name) != camera for name, camera in cameras.items()):
            _log.warning(
                "the configuration was changed in more than its zones: the rest holds after a restart"
            )

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

    def _version(self) -> tuple[int, int, int] | None:
        """Another one whenever the file is written; None while there is none."""
        if self._config.path is None:
            return None
        try:
            found = self._config.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            self.look()
