"""A video that stands in for a camera, watched twice: what it showed is stored once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotcha.config import load_config
from gotcha.record_ids import ids_of
from pipeline.geometry import Size
from simulator.video import write_video
from storage.database import open_database
from storage.ports import ReportFilter
from storage.report_store import SqlReportStore
from tests.gotcha.street import Parker, street, zones_of
from tests.gotcha.test_run_command import start


@pytest.mark.timeout(300)
def test_a_file_that_is_watched_again_reports_nothing_anew(tmp_path: Path) -> None:
    scene = street(
        length_s=16.0,
        parkers=(Parker(side="right", from_s=3.0, to_s=300.0),),
        fps=4.0,
        size=Size(width=640, height=360),
    )
    write_video(scene, tmp_path / "street.mp4")
    zones = zones_of(scene, dwell_s=5.0, photo_gap_s=2.0, more=", confirm_s: 2, report_unread: true")
    stored = []
    for _ in range(2):
        process = start(tmp_path, f"  street: {{kind: file, path: street.mp4, zones: {zones}}}\n")
        _out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        config = load_config(tmp_path / "config.yaml")
        engine = open_database(config.database_url)
        store = SqlReportStore(engine)
        found = store.list(ReportFilter())
        stored.append([(one.report.id, one.state, len(store.history(one.report.id))) for one in found])
        engine.dispose()
    assert len(stored[0]) == 1
    assert stored[1] == stored[0]


def test_ids_follow_from_the_files_content(tmp_path: Path) -> None:
    def made(video: bytes, what: str = "x") -> str:
        (tmp_path / "street.mp4").write_bytes(video)
        (tmp_path / "config.yaml").write_text("cameras:\n  street: {kind: file, path: street.mp4}\n")
        config = load_config(tmp_path / "config.yaml")
        return ids_of("street", config.camera("street"))(what)

    assert made(b"one") == made(b"one")
    assert len({made(b"one"), made(b"two"), made(b"one", "y"), made(b"one" * 10**6)}) == 4
