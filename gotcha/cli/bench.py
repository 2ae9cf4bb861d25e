"""`gotcha bench`: the figures of docs/benchmarks.md."""

from __future__ import annotations

import importlib
from typing import Annotated

import typer

from gotcha.cli.console import err, out
from pipeline.errors import ConfigError

# Name on the command line -> what it measures; each is a module of `bench` with `main(arguments) -> int`.
BENCHES = {
    "events": "events found, missed, doubled and their times, against a truth",
    "cameras": "CPU seconds per camera-minute by stage, beside the usual loop",
    "simulator_recall": "whether the detector finds the simulator's vehicles",
    "plates": "plates read right, wrong and not at all",
    "detectors": "time for a picture, by backend and size",
    "live_footage": "the whole program on real footage, served as RTSP cameras and ESP32-CAMs",
    "entrances": "parked intervals of footage by every entrance, beside those of the live path",
    "masking": "how much of heads and plates is hidden in evidence packs",
    "web": "answers of the dashboard with a million reports and 20 clients, on both databases",
    "search": "time of a search among 100,000 sightings, beside NumPy's brute force",
    "looks": "whether looks tell vehicles apart, and colours are named right",
    "uploads": "100 photos at once: none lost, memory, and how quick /health stays",
    "store": "reports a second through queue and database",
    "faults": "whether every report arrives once while everything around it fails",
    "scenes": "the whole engine on 60 simulated scenes: events, reports, plates, camera events",
    "day": "an 8-hour simulated day: memory, time for a frame, reports",
}
# Judged against footage with its truth, which is not shipped: the user says where it lies.
NEEDS_FOOTAGE = frozenset({"events", "entrances", "plates", "detectors", "live_footage", "masking"})


def bench(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(help=f"One of {', '.join(BENCHES)}; or all that need no footage.".replace("_", "-")),
    ] = "",
) -> None:
    """Measure how well and how fast Gotcha works; without a name, list what can be measured.

    What follows the name goes to the benchmark, --help included after a double dash:

      gotcha bench events --truth DIR --fps 1
      gotcha bench cameras
      gotcha bench events -- --help
    """
    if not name:
        for known, what in BENCHES.items():
            out().print(f"  [bold]{known.replace('_', '-'):<18}[/]{what}")
        return
    if name == "all":
        raise typer.Exit(_all())
    # Dashes read better on a command line; modules have underscores.
    known = name.replace("-", "_")
    if known not in BENCHES:
        names = ", ".join(BENCHES).replace("_", "-")
        raise ConfigError(f"there is no benchmark {name!r}; there are {names}, and all")
    raise typer.Exit(_measured(known, context.args))


def _all() -> int:
    """Every benchmark that needs no footage; says which are left out."""
    code = max(_measured(known, []) for known in BENCHES if known not in NEEDS_FOOTAGE)
    left_out = ", ".join(known for known in BENCHES if known in NEEDS_FOOTAGE).replace("_", "-")
    err().print(f"Left out, as they need footage with its truth: {left_out}; call each with its folder.")
    return code


def _measured(name: str, arguments: list[str]) -> int:
    err().print(f"[bold]{name}[/]: {BENCHES[name]}")
    return int(importlib.import_module(f"bench.{name}").main(arguments))
