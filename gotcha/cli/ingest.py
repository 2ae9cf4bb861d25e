"""`gotcha ingest`: photos and videos that appear in buckets."""

from __future__ import annotations

import typer

from gotcha.cli.console import err
from gotcha.cli.options import config_of
from gotcha.cli.stopping import stop_on_signals


def ingest(context: typer.Context) -> None:
    """Take in photos and videos that appear in buckets, until Ctrl-C.

    Reads the SQS queue that gets the bucket's notifications (see `ingest` in config.yaml); the files are
    analysed by `gotcha run`, or by `gotcha worker` where one runs. The login stands in the environment.
    Nothing is written into the buckets. Messages that cannot be used go to the dead-letter queue.

      gotcha ingest
    """
    config = config_of(context)
    # Imported when asked for: databases and clients take a while, which --help should not.
    from gotcha.ingest_wiring import ingest as take_in

    with stop_on_signals() as stop:
        taken = ", ".join(dict.fromkeys(f"{one.bucket}/{one.prefix}" for one in config.ingest.folders))
        if config.ingest.queue_url is not None:
            err().print(f"Taking in files of {taken}; Ctrl-C ends it.", markup=False)
        take_in(config, stop)
