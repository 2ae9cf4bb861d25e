"""A video that stands in for a camera, watched twice: what it showed is stored once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotcha.config import load_config
from gotcha.record_ids import ids_of
from pipeline.geometry import Size
from pipeline.report import RejectionReason, ReportState
from simulator.video import write_video
from storage.database import open_database
from storage.ports import ReportFilter
from storage.report_store import SqlReportStore
from tests.gotcha.street import Parker, street, zones_of
from tests.gotcha.test_run_command import start


@pytest.mark.timeout(300)
def test_a_file_that_is_watched_again_reports_nothing_anew(tmp_path: Path) -> None:
    """One vehicle parks and stays, another stops for less than the dwell; of a file no frame is dropped, so
    that both are seen on the busiest machine.
    """
    scene = street(
        length_s=16.0,
        parkers=(
            Parker(side="right", from_s=3.0, to_s=300.0),
            Parker(side="left", from_s=4.0, to_s=8.0),
        ),
        fps=4.0,
        size=Size(width=640, height=360),
    )
    write_video(scene, tmp_path / "street.mp4")
    zones = zones_of(scene, dwell_s=7.0, photo_gap_s=2.0, more=", confirm_s: 2, report_unread: true")
    stored, reports = [], []
    for _ in range(2):
        process = start(tmp_path, f"  street: {{kind: file, path: street.mp4, zones: {zones}}}\n")
        _out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        config = load_config(tmp_path / "config.yaml")
        engine = open_database(config.database_url)
        store = SqlReportStore(engine)
        found = store.list(ReportFilter())
        stored.append([(one.report.id, one.state, len(store.history(one.report.id))) for one in found])
        reports = [one.report for one in found]
        engine.dispose()
    assert stored[1] == stored[0]
    by_zone = {one.zone: one for one in reports}
    assert len(reports) == len(by_zone) == 2
    assert by_zone["kerb-right"].state is ReportState.FINAL
    # A short stop is rejected, and kept.
    assert by_zone["kerb-left"].state is ReportState.REJECTED
    assert by_zone["kerb-left"].rejection is RejectionReason.LEFT_BEFORE_DWELL


def _id(
    folder: Path, *, video: bytes = b"one", what: str = "x", dwell_s: int = 300, more: str = "", top: str = ""
) -> str:
    (folder / "street.mp4").write_bytes(video)
    zone = f"{{name: all, kind: no_parking, dwell_s: {dwell_s}, polygon: [[0, 0], [1, 0], [1, 1]]}}"
    camera = f"{{kind: file, path: street.mp4, zones: [{zone}]{more}}}"
    (folder / "config.yaml").write_text(f"{top}cameras:\n  street: {camera}\n")
    return ids_of(load_config(folder / "config.yaml"), "street")(what)


def test_ids_follow_from_the_files_content(tmp_path: Path) -> None:
    first = _id(tmp_path)
    assert _id(tmp_path) == first
    assert (
        len({first, _id(tmp_path, video=b"two"), _id(tmp_path, what="y"), _id(tmp_path, video=b"1" * 10**7)})
        == 4
    )


def test_what_other_rules_make_of_a_file_is_stored_too(tmp_path: Path) -> None:
    """A file was watched with a dwell of an hour and all was rejected; with the right one the accusation had
    the same id and revision as the rejection, and was ignored as stored already.
    """
    ids = [
        _id(tmp_path),
        _id(tmp_path, dwell_s=60),
        _id(tmp_path, more=", started_at: 2026-03-01T08:00:00+09:00"),
        _id(tmp_path, top="region: DE\n"),
    ]
    assert len(set(ids)) == 4
    # How fast it is watched decides nothing.
    assert _id(tmp_path, more=", pace: real") == ids[0]
