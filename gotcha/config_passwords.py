"""Passwords of cameras that were typed in on the dashboard: in a file beside the configuration."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import ConfigError

_SUFFIX = ".passwords.json"


class PasswordFile:
    """Values of the variables that the configuration writes as `${NAME}`; only its owner may read it.

    The environment goes before it, so that whoever runs Gotcha can keep passwords elsewhere.

    Args:
        config: the configuration file that it lies beside.
    """

    def __init__(self, config: Path) -> None:
        self.path = config.with_suffix(_SUFFIX)

    def read(self) -> dict[str, str]:
        """The passwords by their variables' names; none where there is no file.

        Raises:
            ConfigError: it cannot be read.
        """
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            # `from None`: the text of a JSON error's document holds the passwords.
            reason = error.strerror if isinstance(error, OSError) else "it is no JSON"
            raise ConfigError(f"{self.path.name}: the cameras' passwords cannot be read: {reason}") from None
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise ConfigError(f"{self.path.name}: expected names and their passwords")
        return found

    def write(self, passwords: Mapping[str, str]) -> None:
        """Put these in the place of those there.

        Raises:
            ConfigError: it cannot be written.
        """
        try:
            # Made for its owner alone (mkstemp).
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=self.path.parent, prefix=".passwords-", delete=False
            ) as file:
                try:
                    json.dump(dict(passwords), file, ensure_ascii=False, indent=1)
                    file.flush()
                    os.fsync(file.fileno())
                    Path(file.name).replace(self.path)
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
        except OSError as error:
            raise ConfigError(
                f"{self.path.name} cannot be written ({error.strerror or error}): "
                "let the user that runs Gotcha write to the folder of the configuration"
            ) from error


# When a file was written, its length, which file it is; None for one that is not there.
Version = tuple[int, int, int] | None


def versions_of(config: Path) -> tuple[Version, Version]:
    """Others whenever a configuration file or that of its passwords is written."""
    return _version(config), _version(PasswordFile(config).path)


def _version(file: Path) -> Version:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def known_values(config: Path, environment: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Where `${NAME}` of a configuration file is looked up: the environment, then the password file.

    Args:
        config: the configuration file.
        environment: by default the process's.

    Raises:
        ConfigError: the password file cannot be read.
    """
    return {**PasswordFile(config).read(), **(os.environ if environment is None else environment)}
