"""Render simulated scenes to video files: `python -m simulator render --kind day --seed 1 --out day.mp4`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2

from pipeline.geometry import Size
from simulator.demo import demo_street, simulated_day
from simulator.scene import Scene
from simulator.scenes import SCENE_KINDS, build_scene
from simulator.video import write_video


def _size(text: str) -> Size:
    try:
        width, height = (int(v) for v in text.lower().split("x"))
        return Size(width=width, height=height)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected a size like 1280x720, got {text!r}") from error


def _scene(options: argparse.Namespace) -> Scene:
    if options.kind == "demo":
        return demo_street(options.seed, fps=options.fps)
    if options.kind == "simulated_day":
        hours = options.duration / 3600.0
        return simulated_day(
            options.seed, hours, fps=options.fps, **({"size": options.size} if options.size else {})
        )
    return build_scene(options.kind, options.seed, options.size, options.fps, options.duration)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="simulator", description="A rendered street with exact truth.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("kinds", help="list the kinds of scene")
    render = commands.add_parser("render", help="write a scene as H.264 with its truth beside it")
    render.add_argument("--kind", default="day", choices=[*SCENE_KINDS, "demo", "simulated_day"])
    render.add_argument("--seed", type=int, default=1)
    render.add_argument(
        "--out", type=Path, required=True, help="the .mp4 file; the truth becomes <stem>.json"
    )
    render.add_argument(
        "--size", type=_size, default=None, help="such as 1280x720; the kind's own by default"
    )
    render.add_argument("--fps", type=float, default=10.0)
    render.add_argument("--duration", type=float, default=60.0, help="seconds")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    if options.command == "kinds":
        sys.stdout.write("\n".join((*SCENE_KINDS, "demo", "simulated_day")) + "\n")
        return 0
    truth = write_video(_scene(options), options.out)
    sys.stdout.write(f"{options.out}: {truth.frames} frames, {len(truth.stationary)} halts\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
