"""The analysis of an uploaded video in a worker: stored once, ended early, cut off, cancelled, drawn."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest

from gotcha.config import Config, load_config
from gotcha.models import Models
from gotcha.upload_wiring import purge_uploads
from gotcha.video_analyzer import VideoAnalyzer
from gotcha.video_wiring import video_limits
from jobs.analyses import AnalysisControl, AnalysisInterrupted, AnalysisRunner
from jobs.redis_connection import connect
from jobs.report_keeper import ReportKeeper
from jobs.video_intake import ANNOTATED, STARTED_AT
from pipeline.errors import EvidenceUnavailableError, UploadError, UploadRefusedError
from pipeline.geometry import Size
from storage.analyses import (
    Analysis,
    AnalysisKind,
    AnalysisSource,
    AnalysisState,
    NewAnalysis,
    Progress,
    UploadedFile,
)
from storage.analysis_store import AnalysisStore
from storage.database import open_database
from storage.evidence_folder import EvidenceFolder
from storage.ports import ReportFilter
from storage.report_store import SqlReportStore
from storage.upload_folder import UploadFolder
from tests.gotcha.street import Parker, street, write_long_parking, zones_of

LENGTH_S = 16.0
SENT_AT = datetime(2026, 5, 2, 3, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking:
    """A video in which one vehicle parks from second 2 on, its zones, and models that are open."""

    path: Path
    zones: str
    models: Models
    config: Config


@pytest.fixture(scope="module")
def parking(tmp_path_factory: pytest.TempPathFactory) -> Parking:
    folder = tmp_path_factory.mktemp("parking")
    scene = street(
        length_s=6.0,
        parkers=(Parker(side="right", from_s=2.0, to_s=300.0),),
        fps=4.0,
        size=Size(width=960, height=540),
    )
    write_long_parking(scene, folder / "street.mp4", length_s=LENGTH_S)
    zones = zones_of(scene, dwell_s=5.0, photo_gap_s=2.0, more=", confirm_s: 2, report_unread: true")
    path = folder / "config.yaml"
    path.write_text(
        "detector: {backend: onnx}\nplates: {enabled: false}\n"
        f"cameras: {{gate: {{kind: webcam, zones: {zones}}}}}\n"
    )
    config = load_config(path)
    return Parking(path=folder / "street.mp4", zones=zones, models=Models(config), config=config)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """An analyzer with stores of its own."""

    analyzer: VideoAnalyzer
    uploads: UploadFolder
    reports: SqlReportStore
    folder: Path

    def sent(self, path: Path, **settings: str) -> Analysis:
        with self.uploads.receive(limit_bytes=10**9) as incoming:
            incoming.write_file(path)
            kept = incoming.keep()
        file = UploadedFile(
            key=kept.key,
            sha256=kept.sha256,
            name="yesterday.mp4",
            media_type="video/mp4",
            size_bytes=kept.size_bytes,
        )
        return Analysis(
            asked=NewAnalysis(
                id="a" * 32,
                kind=AnalysisKind.VIDEO,
                files=(file,),
                settings=settings,
                camera="gate",
                source=AnalysisSource.HTTP,
                owner="kim",
            ),
            state=AnalysisState.PROCESSING,
            created_at=SENT_AT,
            started_at=SENT_AT,
            ended_at=None,
            attempts=1,
            cancel_asked=False,
            progress=Progress(),
            error="",
            result=None,
        )

    def analyze(self, analysis: Analysis, control: AnalysisControl | None = None) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.analyzer.analyze(analysis, control or AnalysisControl()))
        return found


@pytest.fixture
def worker(tmp_path: Path, parking: Parking) -> Iterator[Worker]:
    config = parking.config.model_copy(update={"state_dir": tmp_path / "state"})
    engine = open_database(f"sqlite:///{tmp_path / 'gotcha.db'}")
    uploads, reports = UploadFolder(tmp_path / "uploads"), SqlReportStore(engine)
    keeper = ReportKeeper(reports, connect("redis://127.0.0.1:1/0"), repeats=None, by="test")
    analyzer = VideoAnalyzer(
        config,
        models=lambda: parking.models,
        uploads=uploads,
        evidence=EvidenceFolder(tmp_path / "evidence"),
        reports=keeper,
        limits=video_limits(config),
    )
    yield Worker(analyzer=analyzer, uploads=uploads, reports=reports, folder=tmp_path)
    engine.dispose()


def test_done_twice_it_stores_what_one_time_stores(worker: Worker, parking: Parking) -> None:
    """A worker that is killed between storing the reports and ending the analysis does it all again."""
    analysis = worker.sent(parking.path, **{STARTED_AT: "2026-05-01T09:00:00+09:00"})
    first = worker.analyze(analysis)
    before = [(one, worker.reports.history(one.report.id)) for one in worker.reports.list(ReportFilter())]
    assert worker.analyze(analysis) == first
    after = [(one, worker.reports.history(one.report.id)) for one in worker.reports.list(ReportFilter())]
    assert before == after
    ((stored, _),) = after
    assert [stored.report.id] == [one["id"] for one in first["reports"]]
    # Nine in the morning in Seoul, and the second at which it arrived.
    assert 0 <= (stored.report.arrived_at - datetime(2026, 5, 1, tzinfo=UTC)).total_seconds() < 5
    assert first["started_at_is_from"] == "sender"
    assert "filmed" not in stored.report.note
    assert {"photo_1", "photo_2"} <= {item.kind.value for item in stored.report.evidence}


def test_a_video_sent_again_with_its_right_time_has_reports_of_that_time(
    worker: Worker, parking: Parking
) -> None:
    """Under the ids of the first ones they would be taken for stored, and the wrong time would stay."""
    days = ("2026-05-01T09:00:00+09:00", "2026-05-02T09:00:00+09:00", "2026-05-02T00:00:00+00:00")
    found = [worker.analyze(worker.sent(parking.path, **{STARTED_AT: day})) for day in days]
    wrong, right, same = ([one["id"] for one in result["reports"]] for result in found)
    assert wrong != right == same
    (report_id,) = right
    stored = worker.reports.get(report_id)
    assert stored is not None
    assert 0 <= (stored.report.arrived_at - datetime(2026, 5, 2, tzinfo=UTC)).total_seconds() < 5
    assert worker.reports.count(ReportFilter()) == 2


def test_evidence_that_cannot_be_kept_ends_the_try_and_judges_nobody(
    worker: Worker, parking: Parking
) -> None:
    """Within the file the vehicle has soon left, and would be let go for want of photos."""
    analysis = worker.sent(parking.path, **{STARTED_AT: "2026-05-01T09:00:00+09:00"})
    in_the_way = worker.folder / "evidence" / "2026"
    in_the_way.touch()
    with pytest.raises(EvidenceUnavailableError, match="evidence folder"):
        worker.analyze(analysis)
    assert worker.reports.list(ReportFilter()) == ()
    in_the_way.unlink()
    assert [one["state"] for one in worker.analyze(analysis)["reports"]] == ["final"]


def test_a_video_given_up_for_want_of_evidence_is_begun_again_and_reported_once(
    worker: Worker, parking: Parking
) -> None:
    clock = [SENT_AT]
    sent = worker.sent(parking.path, **{STARTED_AT: "2026-05-01T09:00:00+09:00"}).asked
    engine = open_database(f"sqlite:///{worker.folder / 'gotcha.db'}")
    store = AnalysisStore(engine)
    store.submit(sent, at=SENT_AT)
    runner = AnalysisRunner(store, worker.analyzer, threading.Event(), lambda: clock[0])
    in_the_way = worker.folder / "evidence" / "2026"
    in_the_way.touch()
    states = []
    for _ in range(2):
        runner.run(sent.id)
        found = store.get(sent.id)
        assert found is not None
        states.append(found.state)
        clock[0] += timedelta(hours=25)
    assert states == [AnalysisState.QUEUED, AnalysisState.FAILED]
    assert worker.reports.list(ReportFilter()) == ()
    in_the_way.unlink()
    assert purge_uploads(worker.uploads, store, now=clock[0], keep=timedelta(days=30)) == (0, 0)
    assert store.begin_again(sent.id) is not None
    runner.run(sent.id)
    done = store.get(sent.id)
    assert done is not None
    assert (done.state, done.error) == (AnalysisState.COMPLETED, "")
    assert len(worker.reports.list(ReportFilter())) == 1
    engine.dispose()


def test_what_is_found_is_said_whole(worker: Worker, parking: Parking) -> None:
    found = worker.analyze(worker.sent(parking.path))
    assert (found["video"], found["camera"], found["ended"]) == ("yesterday.mp4", "gate", None)
    assert found["length_s"] == pytest.approx(LENGTH_S, abs=0.3)
    assert [event["event"] for event in found["events"]] == ["arrived", "parked", "violating"]
    (interval,) = found["parked"]
    assert interval["from_s"] <= interval["parked_s"] <= interval["violating_s"]
    assert interval["to_s"] is None
    for event in found["events"]:
        assert event["track"] == interval["track"]
        assert event["class"] in ("car", "truck", "bus")
        assert 0.0 < event["confidence"] <= 1.0
        assert event["box"][0] < event["box"][2]
    assert "yesterday.mp4" in " ".join(found["notices"])
    assert str(worker.folder) not in json.dumps(found)


def test_progress_is_told_by_media_time(worker: Worker, parking: Parking) -> None:
    said: list[Progress] = []

    class Listening(AnalysisControl):
        def advance(self, progress: Progress) -> None:
            said.append(progress)
            super().advance(progress)

    worker.analyze(worker.sent(parking.path), Listening())
    done = [one.done_s for one in said]
    assert done == sorted(done)
    assert done[-1] > LENGTH_S - 2.0
    assert {round(one.whole_s) for one in said} == {round(LENGTH_S)}
    left = [one.remaining_s for one in said if one.remaining_s is not None]
    assert left[-1] < left[len(left) // 4]


def test_a_cancelled_analysis_stops_at_once_and_stores_nothing(worker: Worker, parking: Parking) -> None:
    class Cancelled(AnalysisControl):
        def advance(self, progress: Progress) -> None:
            if progress.done_s > LENGTH_S / 2:
                assert not self.stop.is_set(), "it went on"
                self.stop.set()

    with pytest.raises(AnalysisInterrupted):
        worker.analyzer.analyze(worker.sent(parking.path), Cancelled())
    assert worker.reports.list(ReportFilter()) == ()


def test_a_video_that_was_cut_gives_what_is_there_and_says_where_it_ends(
    worker: Worker, parking: Parking, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.mp4"
    whole = parking.path.read_bytes()
    cut.write_bytes(whole[: len(whole) * 3 // 4])
    found = worker.analyze(worker.sent(cut))
    # To the last picture that is there, which may be later than the last one that was looked at.
    ends_s = found["length_s"]
    assert (
        found["ended"] == f"the video ends after {ends_s:.1f} s of the {LENGTH_S:.1f} s that its header says"
    )
    assert 0.1 < ends_s - found["analysed_s"] < 2.0
    assert found["events"][0]["event"] == "arrived"
    assert 3.0 < found["analysed_s"] < LENGTH_S - 1.0
    assert worker.sent(cut).asked.files[0].size_bytes == len(whole) * 3 // 4


def test_what_a_disk_has_lost_of_a_video_is_not_where_it_ends(worker: Worker, parking: Parking) -> None:
    """Half of it was analysed as if there were no more, and that answered whoever sent the file again."""
    analysis = worker.sent(parking.path)
    (kept,) = (path for path in worker.folder.glob("uploads/??/*"))
    kept.write_bytes(parking.path.read_bytes()[: kept.stat().st_size * 3 // 4])
    with pytest.raises(UploadError, match="its disk has altered it"):
        worker.analyze(analysis)
    assert worker.reports.list(ReportFilter()) == ()
    assert worker.analyze(worker.sent(parking.path))["ended"] is None


def test_what_came_by_another_way_than_the_guarded_ones_is_looked_at_all_the_same(
    worker: Worker, tmp_path: Path
) -> None:
    text = tmp_path / "street.mp4"
    text.write_text("no video " * 100)
    with pytest.raises(UploadRefusedError, match="cannot be read as a video"):
        worker.analyze(worker.sent(text))


def test_the_annotated_copy_is_a_video_and_stores_no_report(worker: Worker, parking: Parking) -> None:
    wish = {STARTED_AT: "2026-05-01T09:00:00+09:00", ANNOTATED: "b" * 32}
    made = worker.analyze(worker.sent(parking.path, **wish))["annotated"]
    with worker.uploads.opened(made["key"]) as path, av.open(str(path)) as copy:
        stream = copy.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert float((copy.duration or 0) / av.time_base) == pytest.approx(LENGTH_S, abs=1.5)
        assert path.stat().st_size == made["size_bytes"]
    assert worker.reports.list(ReportFilter()) == ()
    # Nothing of the work is left in the state folder.
    assert list((worker.folder / "state").glob("annotated-*")) == []
