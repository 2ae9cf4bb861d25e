"""One simulated video as an RTSP camera and as an upload: the same vehicles park from when to when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from bench.entrance_runs import Interval, LiveView, as_cameras, by_command, by_http, intervals, served
from bench.entrances import difference_s
from gotcha.config import Config, load_config
from gotcha.models import Models
from pipeline.geometry import Size
from simulator.video import write_video
from storage.database import open_database
from storage.ports import ReportFilter, StoredReport
from storage.report_store import SqlReportStore
from tests.gotcha.street import Parker, street, zones_of

pytestmark = pytest.mark.timeout(300)

LENGTH_S = 22.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrances:
    """What each entrance made of the video."""

    live: LiveView
    http: dict[str, Any]
    command: dict[str, Any]
    stored: tuple[StoredReport, ...]
    size: tuple[int, int]


@pytest.fixture(scope="module")
def entrances(tmp_path_factory: pytest.TempPathFactory) -> Entrances:
    folder = tmp_path_factory.mktemp("entrances")
    scene = street(
        length_s=LENGTH_S,
        parkers=(
            Parker(side="right", from_s=4.0, to_s=14.0),
            Parker(side="left", from_s=6.0, to_s=300.0),
        ),
        fps=4.0,
        size=Size(width=960, height=540),
    )
    video = folder / "street.mp4"
    write_video(scene, video)
    zones = zones_of(scene, dwell_s=5.0, photo_gap_s=2.0, more=", confirm_s: 2, report_unread: true")
    with served({"gate": video}) as addresses:
        path = folder / "config.yaml"
        path.write_text(
            f"state_dir: {folder / 'state'}\ndetector: {{backend: onnx}}\nplates: {{enabled: false}}\n"
            f"cameras:\n  gate: {{kind: rtsp, url: '{addresses['gate']}', zones: {zones}}}\n"
        )
        config = load_config(path)
        live = as_cameras(config, {"gate": LENGTH_S}, Models(config))
    http_config = config.model_copy(update={"state_dir": folder / "http"})
    http = by_http(http_config, {"gate": video})
    return Entrances(
        live=live["gate"],
        http=http["gate"],
        command=by_command(path, {"gate": video})["gate"],
        stored=_stored(http_config),
        size=(scene.size.width, scene.size.height),
    )


def _stored(config: Config) -> tuple[StoredReport, ...]:
    engine = open_database(config.database_url)
    try:
        return SqlReportStore(engine).list(ReportFilter())
    finally:
        engine.dispose()


def by_zone(found: tuple[Interval, ...]) -> dict[str, Interval]:
    assert len({one.zone for one in found}) == len(found) == 2
    return {one.zone: one for one in found}


def test_an_upload_gives_the_intervals_of_the_live_camera(entrances: Entrances) -> None:
    live, upload = by_zone(entrances.live.intervals()), by_zone(intervals(entrances.http, entrances.size))
    assert live.keys() == upload.keys()
    # A frame a second at most is skipped by keyframes only; a busy machine drops some more of a live camera.
    assert 0.0 < entrances.live.longest_gap_s < 4.0
    for zone, one in live.items():
        assert difference_s(one, upload[zone], LENGTH_S) <= entrances.live.longest_gap_s + 1e-3


def test_they_are_those_of_the_truth(entrances: Entrances) -> None:
    first, second = sorted(intervals(entrances.http, entrances.size), key=lambda one: one.from_s)
    assert first.from_s == pytest.approx(4.0, abs=1.5)
    assert first.to_s == pytest.approx(14.0, abs=1.5)
    assert second.from_s == pytest.approx(6.0, abs=1.5)
    assert second.to_s is None


def test_the_command_finds_what_an_upload_finds(entrances: Entrances) -> None:
    for key in ("parked", "events", "standing"):
        mine, theirs = (_without_clock(found[key]) for found in (entrances.command, entrances.http))
        assert mine == theirs


def _without_clock(found: list[dict[str, Any]]) -> str:
    """As text, without what follows from when the file was handed in."""
    kept = [
        {key: value for key, value in one.items() if key not in ("at", "track", "vehicle_id")}
        for one in found
    ]
    return json.dumps(kept, sort_keys=True)


def test_an_upload_ends_as_reports_that_say_what_is_not_known(entrances: Entrances) -> None:
    assert len(entrances.stored) == len(entrances.http["reports"]) == 2
    by_id = {one["id"]: one for one in entrances.http["reports"]}
    for stored in entrances.stored:
        assert by_id[stored.report.id]["state"] == stored.state.value
        assert "does not say when it was filmed" in stored.report.note
    assert entrances.http["started_at_is_from"] == "upload"
    assert [event["event"] for event in entrances.http["events"]].count("violating") == 2
    # The reports of a video are named by what it shows, so that a second time stores nothing new.
    assert {one["id"] for one in entrances.command["reports"]} == by_id.keys()
