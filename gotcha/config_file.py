"""The configuration file as the program changes it: no change of others is lost, no half is ever seen."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from gotcha.config import Config, parse_config
from gotcha.config_passwords import known_values
from pipeline.errors import ConfigChangedError, ConfigError


class ConfigFile:
    """One file; programs and threads may share it.

    Args:
        path: the YAML file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[str, str]:
        """The text and its revision, which is another for any other text.

        Raises:
            ConfigError: it cannot be read.
        """
        try:
            data = self.path.read_bytes()
            return data.decode("utf-8"), hashlib.sha256(data).hexdigest()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self.path.name}: cannot be read as UTF-8 text: {error}") from error

    def parsed(self, text: str, passwords: Mapping[str, str] | None = None) -> Config:
        """What a text for this file says; passwords of cameras need not be known.

        Args:
            text: YAML.
            passwords: of variables that are not set yet.

        Raises:
            ConfigError: one sentence for each fault.
        """
        values = {**known_values(self.path), **(passwords or {})}
        return parse_config(
            text, name=self.path.name, folder=self.path.parent, environment=values, opens_cameras=False
        )

    def change(self, edit: Callable[[str], str], revision: str) -> str:
        """Put what `edit` makes of the text in its place; the new revision.

        Args:
            edit: gives the new text, checked already.
            revision: the one that the change was made for.

        Raises:
            ConfigChangedError: the file is another one by now.
            ConfigError: it cannot be read or written; what `edit` raises.
        """
        with self._alone():
            text, now = self.read()
            if now != revision:
                raise ConfigChangedError(
                    f"{self.path.name} was changed meanwhile: load it anew, then make the change again"
                )
            self._put(edit(text).encode("utf-8"))
        return self.read()[1]

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        # Not the file itself, which is another one after each change.
        try:
            with self.path.with_name(f".{self.path.name}.lock").open("a", encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise self._unwritable(error) from error

    def _put(self, data: bytes) -> None:
        try:
            mode = self.path.stat().st_mode & 0o777
            with tempfile.NamedTemporaryFile(dir=self.path.parent, prefix=".config-", delete=False) as file:
                try:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                    os.fchmod(file.fileno(), mode)
                    Path(file.name).replace(self.path)
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> ConfigError:
        return ConfigError(
            f"{self.path.name} cannot be written ({error.strerror or error}): "
            "let the user that runs Gotcha write to it and to its folder"
        )
