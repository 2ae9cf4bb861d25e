"""`gotcha user`: who may log in to the dashboard."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from gotcha.cli.console import out
from gotcha.cli.options import config_of
from gotcha.cli.passwords import asked_password
from gotcha.cli.taught import taught
from gotcha.config import Config
from gotcha.database_wiring import opened_database
from pipeline.errors import ConfigError
from storage.account_values import Login, Role

if TYPE_CHECKING:
    from storage.account_values import User

user = typer.Typer(help="Say who may log in to the dashboard.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The user's name.")]
OfRole = Annotated[
    Role, typer.Option("--role", help="viewer sees; operator also decides; admin also changes settings.")
]
OfCameras = Annotated[
    list[str] | None,
    typer.Option("--camera", help="May see only this camera; may be given again for more. By default all."),
]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, for scripts.")
]


def add(
    context: typer.Context,
    name: Name,
    role: OfRole = Role.VIEWER,
    camera: OfCameras = None,
    password_stdin: FromStdin = False,
) -> None:
    """Add a user; asks for the password.

    gotcha user add anna --role admin
    gotcha user add guard --role operator --camera gate --camera yard
    """
    config = config_of(context)
    login = Login(name=name, role=role, cameras=known_cameras(config, camera))
    from jobs.context import utc_now
    from storage.users import SqlUsers
    from web.passwords import hash_password

    password_hash = hash_password(asked_password(from_stdin=password_stdin))
    with opened_database(config) as engine:
        added = SqlUsers(engine).add(login, password_hash, at=utc_now())
    out().print(f"{added.login.name} may log in as {role.value}.")


def list_users(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> None:
    """Show who may log in, as what, and which cameras they see.

    gotcha user list
    """
    config = config_of(context)
    from storage.users import SqlUsers

    with opened_database(config) as engine:
        users = SqlUsers(engine).all()
    if as_json:
        typer.echo(json.dumps([_summary(one) for one in users], ensure_ascii=False, indent=2))
        return
    table = Table("name", "role", "cameras", box=None, header_style="bold", pad_edge=False)
    for one in users:
        table.add_row(one.login.name, one.login.role.value, shown_cameras(one.login))
    out().print(table if users else "Nobody may log in yet: `gotcha user add NAME --role admin`.")


def remove(context: typer.Context, name: Name) -> None:
    """Remove a user; whatever they are logged in with ends at once.

    gotcha user remove anna
    """
    config = config_of(context)
    from storage.users import SqlUsers

    with opened_database(config) as engine:
        SqlUsers(engine).remove(name)
    out().print(f"{name} was removed.")


def password(context: typer.Context, name: Name, password_stdin: FromStdin = False) -> None:
    """Give a user another password; whoever is logged in with the old one is logged out.

    gotcha user password anna
    """
    config = config_of(context)
    from jobs.context import utc_now
    from storage.users import SqlUsers
    from web.passwords import hash_password

    password_hash = hash_password(asked_password(from_stdin=password_stdin))
    with opened_database(config) as engine:
        SqlUsers(engine).set_password(name, password_hash, at=utc_now())
    out().print(f"{name} has another password.")


def known_cameras(config: Config, names: list[str] | None) -> frozenset[str] | None:
    """The cameras of `--camera`; None is all.

    Raises:
        ConfigError: there is no camera of a name.
    """
    if not names:
        return None
    unknown = sorted(set(names) - set(config.cameras))
    if unknown:
        known = ", ".join(config.cameras) or "none at all"
        raise ConfigError(f"no camera is named {unknown[0]!r}; the configuration has {known}")
    return frozenset(names)


def shown_cameras(login: Login) -> str:
    """The cameras of a login in words."""
    return "all" if login.cameras is None else ", ".join(sorted(login.cameras)) or "none"


def _summary(one: User) -> dict[str, object]:
    cameras = None if one.login.cameras is None else sorted(one.login.cameras)
    return {"name": one.login.name, "role": one.login.role.value, "cameras": cameras}


for command, called in ((add, "add"), (list_users, "list"), (remove, "remove"), (password, "password")):
    user.command(called, help=taught(command))(command)
