"""`gotcha device`: cameras that wake, send one picture and sleep."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, cast

import typer
from rich.table import Table

from gotcha.cli.console import err, out
from gotcha.cli.options import config_of
from gotcha.cli.taught import taught
from gotcha.config_cameras import DeviceCamera
from gotcha.database_wiring import opened_database
from pipeline.errors import ConfigError, StorageError

device = typer.Typer(help="Manage cameras that sleep between pictures.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The device's name, as it stands in its firmware.")]
Camera = Annotated[str, typer.Option(help="The camera (kind: device) whose pictures it sends.")]


def add(context: typer.Context, name: Name, camera: Camera) -> None:
    """Make a device and print its token, this once; it goes into the device's firmware.

    gotcha device add gate-cam --camera gate
    """
    config = config_of(context)
    if not isinstance(config.camera(camera), DeviceCamera):
        raise ConfigError(f"the camera {camera} is of another kind; write kind: device")
    from jobs.context import utc_now
    from storage.device_store import SqlDevices

    with opened_database(config) as engine:
        token = SqlDevices(engine).add(name, camera, at=utc_now())
    err().print("Keep it well; it is not shown again:", style="yellow")
    typer.echo(token)


def list_devices(context: typer.Context) -> None:
    """Show the devices: battery, Wi-Fi, when they were last heard of, and what they are told.

    gotcha device list
    """
    config = config_of(context)
    from gotcha.device_wiring import device_services
    from gotcha.settings_in_force import SettingsInForce
    from jobs.context import utc_now
    from web.device_services import LATE_SLEEPS

    with opened_database(config) as engine:
        services = device_services(SettingsInForce(config), engine)
        devices, pending = services.devices.all(), services.devices.pending()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("name", "camera", "state", "last heard of", "battery", "Wi-Fi", "frames", "told"):
        table.add_column(column)
    for one in devices:
        told = services.told(one.camera, one.settings)
        seen = one.last_seen_at
        late = seen is not None and utc_now() - seen > timedelta(seconds=LATE_SLEEPS * (told.sleep_s or 0))
        state = "late" if late else "good" if seen else "never heard of"
        table.add_row(
            one.id,
            one.camera,
            "revoked" if one.revoked_at else state,
            "-" if seen is None else f"{seen.astimezone(config.time_zone):%Y-%m-%d %H:%M:%S}",
            "-" if one.battery_v is None else f"{one.battery_v:.2f} V",
            "-" if one.signal_dbm is None else f"{one.signal_dbm} dBm",
            str(one.frames),
            f"sleep {told.sleep_s} s, {told.framesize}, quality {told.quality}",
        )
    out().print(table if devices else "There are no devices.")
    for one in devices:
        for sentence in services.troubles(one, pending.get(one.camera), utc_now()):
            err().print(f"{one.id}: {sentence}", style="yellow")


def revoke(context: typer.Context, name: Name) -> None:
    """End a device's token at once.

    gotcha device revoke gate-cam
    """
    config = config_of(context)
    from jobs.context import utc_now
    from storage.device_store import SqlDevices

    with opened_database(config) as engine:
        if not SqlDevices(engine).revoke(name, at=utc_now()):
            raise StorageError(f"there is no device named {name} with a good token")
    err().print(f"The token of {name} is ended.")


def set_device(
    context: typer.Context,
    name: Name,
    sleep: Annotated[int | None, typer.Option(help="Seconds to sleep between pictures.")] = None,
    framesize: Annotated[str | None, typer.Option(help="QQVGA to UXGA.")] = None,
    quality: Annotated[int | None, typer.Option(help="JPEG quality, 4 to 63; lower is better.")] = None,
) -> None:
    """Say what a device is to do, which it hears with its next picture; the rest is as its camera says.

    gotcha device set gate-cam --sleep 30 --framesize UXGA
    """
    config = config_of(context)
    from storage.device_store import SqlDevices
    from storage.devices import DeviceSettings, FrameSize

    wanted = cast("FrameSize | None", None if framesize is None else framesize.upper())
    settings = DeviceSettings(sleep_s=sleep, framesize=wanted, quality=quality)
    with opened_database(config) as engine:
        if not SqlDevices(engine).set(name, settings):
            raise StorageError(f"there is no device named {name}")
    err().print(f"{name} hears of it with its next picture.")


for command_name, command in (
    ("add", add),
    ("list", list_devices),
    ("revoke", revoke),
    ("set", set_device),
):
    device.command(command_name, help=taught(command))(command)
