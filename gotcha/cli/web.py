"""`gotcha web`: the dashboard by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from gotcha.cli.options import config_of
from gotcha.cli.stopping import stop_on_signals


def web(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Listen here instead of at web.host.")] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Listen here instead of at web.port; 0 takes a free one."),
    ] = None,
) -> None:
    """Serve the dashboard and its API without watching cameras, until Ctrl-C.

    `gotcha run` serves them too. Give it the database.url and queue.url of the programs that watch.

      gotcha web
      gotcha web --port 8081
    """
    config = config_of(context)
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    config = config.model_copy(update={"web": config.web.model_copy(update=given)})
    from gotcha.web_server import serve_alone

    with stop_on_signals() as stop:
        serve_alone(config, stop)
