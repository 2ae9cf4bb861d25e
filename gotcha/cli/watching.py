"""`gotcha run`, `watch` and `worker`: the commands that go on until they are told to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gotcha.cli.console import out
from gotcha.cli.options import config_of, config_with_cameras
from gotcha.cli.stopping import stop_on_signals
from gotcha.cli.summary import exit_code, show_summary
from jobs.queue_name import QueueName

if TYPE_CHECKING:
    from gotcha.run_summary import RunSummary

Cameras = Annotated[
    list[str] | None, typer.Option("--camera", help="Only this camera; may be given again for more.")
]


def run(context: typer.Context, camera: Cameras = None) -> None:
    """Watch all cameras and store their reports: everything in one go, until Ctrl-C.

    Starts the worker and, unless queue.url is set, a Redis server of its own, and ends them again. Reports
    are on disk before they are queued: whatever is interrupted goes on at the next start. Cameras that are
    added, changed or removed in the configuration, by hand or on the dashboard, are taken over as it runs.

      gotcha run
      gotcha --config site.yaml run --camera gate --camera yard
    """
    config = config_with_cameras(context, camera, on_dashboard=True)
    from gotcha.runtime import Runtime

    with stop_on_signals() as stop:
        summary = Runtime(config, only=camera or None).run_with_worker(stop)
    _end(summary)


def watch(context: typer.Context, camera: Cameras = None) -> None:
    """Watch the cameras only; a `gotcha worker` elsewhere stores the reports.

    For more than one machine: give all of them the same queue.url, and the workers the same database.url.
    Programs with the same queue.url share the cameras: each is watched by one of them, and goes to another
    within half a minute when that one dies.
    """
    config = config_with_cameras(context, camera)
    from gotcha.runtime import Runtime

    with stop_on_signals() as stop:
        summary = Runtime(config, only=camera or None).run(stop)
    _end(summary)


def worker(
    context: typer.Context,
    number: Annotated[
        int, typer.Option("--number", "-n", min=1, max=64, help="How many for each queue.")
    ] = 1,
    queues: Annotated[
        list[QueueName] | None,
        typer.Option(
            "--queue",
            help="Only this queue: light stores reports, models analyses photos, videos analyses videos.",
        ),
    ] = None,
) -> None:
    """Store what the cameras queued and analyse what people sent; may run on several machines.

    Ctrl-C and SIGTERM let it finish the job it is doing. Killed in the middle of one, it loses nothing: the
    job is done again, and stored once.

      gotcha worker
      gotcha worker -n 4 --queue light
    """
    config = config_of(context)
    from gotcha.storing import run_separate_workers

    with stop_on_signals() as stop:
        run_separate_workers(config, stop, number=number, queues=queues or list(QueueName))


def _end(summary: RunSummary) -> None:
    show_summary(summary, out())
    raise typer.Exit(exit_code(summary))
