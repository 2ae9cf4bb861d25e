"""The same footage through every entrance: the parked intervals of the live path beside those of the others.

    gotcha bench entrances --footage DIR [--dwell 3]

DIR holds videos (clip.mp4). Each is watched once as an RTSP camera, in real time; sent over HTTP to a running
dashboard; analysed by `gotcha analyze`; and put into a bucket whose notices `gotcha ingest` takes in. The
whole picture is one no-parking zone. A difference counts when it is longer than the longest time between two
frames that the live path looked at; a vehicle that is confirmed parked only that close before the end may be
missing on one side.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.entrance_runs import (
    Interval,
    LiveView,
    as_cameras,
    by_bucket,
    by_command,
    by_http,
    intervals,
    matched,
    served,
)
from gotcha.cli.console import err, out
from gotcha.config import load_config
from gotcha.models import Models
from pipeline.errors import ConfigError
from sources.video_facts import VideoFacts, VideoLimits, video_facts

_LIMITS = VideoLimits(length_s=3600.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the intervals of each entrance; 0 when none differs from the live path's, else 1."""
    parser = argparse.ArgumentParser(
        prog="gotcha bench entrances",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--footage", type=Path, required=True, metavar="DIR", help="videos")
    parser.add_argument("--dwell", type=float, default=3.0, help="seconds a vehicle may stand")
    options = parser.parse_args(arguments)
    videos = {path.stem: path for path in sorted(options.footage.glob("*.mp4"))}
    if not videos:
        raise ConfigError(f"{options.footage} holds no video (clip.mp4); name a folder that does")
    with tempfile.TemporaryDirectory(prefix="gotcha-entrances-") as folder:
        return _measure(videos, options.dwell, Path(folder))


def _measure(videos: Mapping[str, Path], dwell_s: float, folder: Path) -> int:
    facts = {name: video_facts(path, _LIMITS) for name, path in videos.items()}
    with served(videos) as addresses:
        path = folder / "config.yaml"
        path.write_text(_config(addresses, dwell_s), encoding="utf-8")
        config = load_config(path)
        err().print("live, in real time ...")
        lengths_s = {name: one.length_s for name, one in facts.items()}
        live = as_cameras(config, lengths_s, Models(config))
    err().print("over HTTP ...")
    http = by_http(config.model_copy(update={"state_dir": folder / "http-state"}), videos)
    err().print("by the command ...")
    command = by_command(path, videos)
    err().print("from a bucket ...")
    bucket = by_bucket(path, videos)
    return _print(out(), facts, live, {"HTTP": http, "command": command, "bucket": bucket})


def _config(addresses: Mapping[str, str], dwell_s: float) -> str:
    zone = (
        "{name: all, kind: no_parking, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]], "
        f"dwell_s: {dwell_s}, confirm_s: {dwell_s / 2}, photo_gap_s: {dwell_s * 2 / 3}, report_unread: true}}"
    )
    lines = ["state_dir: state", "detector: {backend: onnx}", "plates: {enabled: false}", "cameras:"]
    lines += [f"  {name}: {{kind: rtsp, url: '{url}', zones: [{zone}]}}" for name, url in addresses.items()]
    return "\n".join(lines) + "\n"


def _print(
    console: Console,
    facts: Mapping[str, VideoFacts],
    live: Mapping[str, LiveView],
    others: Mapping[str, Mapping[str, dict[str, Any]]],
) -> int:
    table = Table(title="Parked intervals by entrance, seconds of the video", header_style="bold")
    for column in ("video", "live", *others, "frame interval s", "largest difference s"):
        table.add_column(column, justify="left" if column == "video" else "right")
    wrong = 0
    for name, view in live.items():
        size = (facts[name].size.width, facts[name].size.height)
        found = {entrance: intervals(results[name], size) for entrance, results in others.items()}
        length_s, largest_s = facts[name].length_s, 0.0
        rows: dict[Interval, list[str]] = {one: [_shown(one)] for one in view.intervals()}
        extra: list[str] = []
        for entrance, theirs in found.items():
            pairs, alone = matched(view.intervals(), theirs)
            shown = dict.fromkeys(rows, "-")
            for mine, other in pairs:
                shown[mine] = _shown(other)
                largest_s = max(largest_s, difference_s(mine, other, length_s))
            # Who is confirmed with the last frames is confirmed or not by which frame was the last.
            sure_s = length_s - view.longest_gap_s
            extra += [
                f"{name}: {entrance if one in theirs else 'live'} alone has {_shown(one)} s"
                for one in alone
                if one.parked_s < sure_s
            ]
            for mine, text in shown.items():
                rows[mine].append(text)
        within = largest_s <= view.longest_gap_s
        wrong += len(extra) + (not within)
        if not rows:
            table.add_row(name, *["none"] * (1 + len(others)), f"{view.longest_gap_s:.2f}", "")
        for number, cells in enumerate(rows.values()):
            tail = (f"{view.longest_gap_s:.2f}", f"{largest_s:.2f}") if number == 0 else ("", "")
            table.add_row(name if number == 0 else "", *cells, *tail)
        for line in extra:
            console.print(Text(line, style="yellow"))
    console.print(table)
    console.print("All entrances agree with the live path." if not wrong else f"{wrong} differences.")
    return 1 if wrong else 0


def difference_s(one: Interval, other: Interval, length_s: float) -> float:
    """By how much two intervals differ at most at either end; who still stands, stands until the end."""
    ends = [length_s if interval.to_s is None else interval.to_s for interval in (one, other)]
    return max(abs(one.from_s - other.from_s), abs(ends[0] - ends[1]))


def _shown(interval: Interval) -> str:
    return f"{interval.from_s:.1f}-{'end' if interval.to_s is None else f'{interval.to_s:.1f}'}"


if __name__ == "__main__":
    raise SystemExit(main())
