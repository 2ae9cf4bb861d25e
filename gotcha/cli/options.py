"""What stands before the command: which configuration, how much is said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from gotcha.config import Config, load_config
from pipeline.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonOptions:
    """The options all commands share.

    Attributes:
        config_path: the configuration file.
        named: whether the user named it, and did not just leave it to the default.
        verbose: log down to debug.
        debug: show the traceback of an error.
    """

    config_path: Path
    named: bool
    verbose: bool
    debug: bool


def common(context: typer.Context) -> CommonOptions:
    """The options given before the command."""
    options = context.find_object(CommonOptions)
    if options is None:
        raise RuntimeError("expected the options of `gotcha` on the context, got none")
    return options


def config_of(context: typer.Context, *, opens_cameras: bool = False) -> Config:
    """The configuration.

    Args:
        context: of the command.
        opens_cameras: whether it needs the cameras' passwords.

    Raises:
        ConfigError: it is missing or wrong.
    """
    return load_config(common(context).config_path, opens_cameras=opens_cameras)


def config_with_cameras(
    context: typer.Context, only: list[str] | None = None, *, on_dashboard: bool = False
) -> Config:
    """The configuration, with at least one camera.

    Args:
        context: of the command.
        only: names of cameras to keep; None or empty keeps all.
        on_dashboard: cameras may be added on the dashboard that the command serves, so there may be none yet.

    Raises:
        ConfigError: it is missing or wrong, has no camera, or none of a name in `only`.
    """
    config = config_of(context, opens_cameras=True)
    if not config.cameras and not (on_dashboard and config.web.enabled):
        raise ConfigError(
            f"{common(context).config_path}: there is nothing to watch: `cameras` has no entry; "
            "add one like those in the shipped config.yaml"
        )
    if not only:
        return config
    return config.model_copy(update={"cameras": {name: config.camera(name) for name in only}})
