"""What each camera's watch knows, on disk: a restart goes on where the last run was."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.errors import StorageError


class WatchMemory:
    """One file for each camera under `folder`, replaced atomically.

    Args:
        folder: made when missing; readable by its owner only, since the state holds plates.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, camera: str, state: bytes) -> None:
        """Replace what is kept for `camera`: the old or the new state is on disk, never half of one.

        Raises:
            StorageError: it cannot be written; the old state is still there.
        """
        path = self._path(camera)
        partial = path.with_suffix(".partial")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with partial.open("wb") as file:
                file.write(state)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise StorageError(
                f"The memory of camera {camera} cannot be written to {self._folder} ({error.strerror}); "
                "free space or mend the rights, or a restart counts its vehicles anew."
            ) from error

    def load(self, camera: str) -> bytes | None:
        """What is kept for `camera`, or None.

        Raises:
            StorageError: it is there and cannot be read.
        """
        try:
            return self._path(camera).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(
                f"The memory of camera {camera} in {self._folder} cannot be read ({error.strerror})."
            ) from error

    def set_aside(self, camera: str) -> None:
        """Keep what could not be used as `.damaged`, so that the next save does not overwrite it."""
        path = self._path(camera)
        if path.exists():
            path.replace(path.with_suffix(".damaged"))

    def accept_view(self, camera: str) -> None:
        """Leave word for whoever watches `camera`, now or later, that its view is right as it is.

        Raises:
            StorageError: it cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._word(camera).touch()
        except OSError as error:
            raise StorageError(f"{self._word(camera)} cannot be written ({error.strerror}).") from error

    def take_accepted_view(self, camera: str) -> bool:
        """Whether word was left by `accept_view`; taken once."""
        try:
            self._word(camera).unlink()
        except FileNotFoundError:
            return False
        return True

    def _word(self, camera: str) -> Path:
        return self._path(camera).with_suffix(".view-accepted")

    def _path(self, camera: str) -> Path:
        # Camera names are letters, digits, '_' and '-' by configuration; nothing else may become a path.
        safe = "".join(c if c.isalnum() or c in "_-" else "_" for c in camera)
        return self._folder / f"{safe}.json"
