"""`gotcha accept-view`: a camera was turned on purpose, and its view is right as it is now."""

from __future__ import annotations

from typing import Annotated

import typer

from gotcha.cli.console import out
from gotcha.cli.options import config_of
from storage.watch_memory import WatchMemory


def accept_view(
    context: typer.Context, camera: Annotated[str, typer.Argument(help="The camera's name.")]
) -> None:
    """Accept a camera's view after it was turned or moved on purpose.

    A moved camera's zones are suspended until its old view is back: nobody is accused on zones that lie
    elsewhere. Once its zones are drawn anew for the new view, say so; a running program takes it up within
    seconds, a stopped one at its next start.

      gotcha check
      gotcha accept-view gate
    """
    config = config_of(context)
    config.camera(camera)
    WatchMemory(config.state_dir / "memory").accept_view(camera)
    out().print(f"The view of {camera} counts as right from its next picture on.")
