"""`gotcha demo`: the whole way from a camera to stored reports, on a simulated street."""

from __future__ import annotations

import typer

from gotcha.cli.console import out


def demo() -> None:
    """Watch a simulated street, and show the reports beside the truth.

    Needs no camera and no configuration. Prints which reports were stored, how they compare with what really
    happened on the street, and where their evidence lies.
    """
    # Imported when asked for: the simulator is no part of watching real cameras.
    from gotcha.demo import run_demo

    raise typer.Exit(run_demo(out()))
