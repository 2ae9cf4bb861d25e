"""`gotcha key`: the API keys of integrations."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from gotcha.cli.console import err, out
from gotcha.cli.options import config_of
from gotcha.cli.taught import taught
from gotcha.cli.user import OfCameras, OfRole, known_cameras, shown_cameras
from gotcha.database_wiring import opened_database
from pipeline.errors import StorageError
from storage.account_values import Login, Role

key = typer.Typer(help="Make and revoke the API keys of other programs.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="What the key is for; stands in the access log.")]


def add(context: typer.Context, name: Name, role: OfRole = Role.VIEWER, camera: OfCameras = None) -> None:
    """Make a key and print it, this once. Programs send it as the header X-API-Key.

    gotcha key add city-portal
    gotcha key add gate-display --role viewer --camera gate
    """
    config = config_of(context)
    login = Login(name=name, role=role, cameras=known_cameras(config, camera))
    from jobs.context import utc_now
    from storage.api_keys import SqlApiKeys

    with opened_database(config) as engine:
        text = SqlApiKeys(engine).add(login, at=utc_now())
    err().print("Keep it well; it is not shown again:", style="yellow")
    typer.echo(text)


def list_keys(context: typer.Context) -> None:
    """Show the keys by name, what they may do and whether they were revoked; never the keys themselves.

    gotcha key list
    """
    config = config_of(context)
    from storage.api_keys import SqlApiKeys

    with opened_database(config) as engine:
        keys = SqlApiKeys(engine).all()
    table = Table("name", "role", "cameras", "state", box=None, header_style="bold", pad_edge=False)
    for one in keys:
        state = "good" if one.revoked_at is None else "revoked"
        table.add_row(one.login.name, one.login.role.value, shown_cameras(one.login), state)
    out().print(table if keys else "There are no keys.")


def revoke(context: typer.Context, name: Name) -> None:
    """End a key at once.

    gotcha key revoke city-portal
    """
    config = config_of(context)
    from jobs.context import utc_now
    from storage.api_keys import SqlApiKeys

    with opened_database(config) as engine:
        if not SqlApiKeys(engine).revoke(name, at=utc_now()):
            raise StorageError(f"there is no good key named {name}; `gotcha key list` shows them")
    out().print(f"The key {name} is no good any more.")


for command, called in ((add, "add"), (list_keys, "list"), (revoke, "revoke")):
    key.command(called, help=taught(command))(command)
