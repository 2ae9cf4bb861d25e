"""Photos from upload to report, with the bundled networks on a rendered street."""

from __future__ import annotations

import io
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from gotcha.analyzers import AnalysisTools, LazyModels, build_analyzers
from gotcha.analyzing import opened_tools
from gotcha.config import Config, parse_config
from gotcha.models import Models
from gotcha.photo_pairs import PhotoPairs
from gotcha.photo_picture import open_photo
from gotcha.photo_wiring import photo_intake
from jobs.analyses import AnalysisControl, AnalysisRunner
from jobs.analysis_queue import AnalysisQueue
from jobs.embedded_redis import RedisService, open_redis
from jobs.photo_facts import MediaType
from jobs.photo_intake import NamedFile, PhotosAsked, ReportRevision
from pipeline.errors import PictureError
from pipeline.photo_report import OTHER_VIEW
from pipeline.picture import Image
from pipeline.report import EvidenceKind, RejectionReason, Report, ReportState
from simulator.scene import Scene
from storage.analyses import Analysis, AnalysisSource, AnalysisState
from storage.analysis_store import AnalysisStore, Submitted
from storage.ports import ReportFilter
from tests.gotcha.street import Parker, street, zones_of
from tests.jobs.photo_files import SEOUL_CITY_HALL, exif_of, gps_of, photo

NINE = datetime(2026, 5, 4, 9, 0)  # noqa: DTZ001  (a camera's clock)


@pytest.fixture(scope="module")
def scene() -> Scene:
    """One vehicle parks at the right kerb all the time; its plate can be read."""
    return street(length_s=400.0, parkers=(Parker(side="right", from_s=0.0, to_s=400.0),))


@pytest.fixture(scope="module")
def models() -> Models:
    return Models(Config())


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisService]:
    with open_redis(None, tmp_path_factory.mktemp("redis")) as service:
        yield service


def jpeg(
    image: Image,
    at_s: float,
    *,
    offset: str | None = "+09:00",
    gps: tuple[float, float] | None = None,
    kind: str = "JPEG",
) -> bytes:
    taken = (NINE + timedelta(seconds=at_s)).strftime("%Y:%m:%d %H:%M:%S")
    exif = exif_of(taken=taken, offset=offset, gps=None if gps is None else gps_of(*gps))
    file = io.BytesIO()
    PillowImage.fromarray(image[:, :, ::-1]).save(file, kind, quality=95, exif=exif)
    return file.getvalue()


@dataclass
class Desk:
    """Takes photos in and analyses them at once, as a worker does."""

    tools: AnalysisTools
    store: AnalysisStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = AnalysisStore(self.tools.engine)
        self._intake = photo_intake(self.tools.config, AnalysisQueue(self.store, self.tools.redis))
        self._analyzers = build_analyzers(self.tools)

    def submit(
        self, *photos: bytes, camera: str | None = "gate", taken_at: datetime | None = None
    ) -> Submitted:
        asked = PhotosAsked(camera=camera, taken_at=taken_at, source=AnalysisSource.CLI, owner="anna")
        with ExitStack() as stack:
            files = []
            for number, data in enumerate(photos):
                incoming = stack.enter_context(self.tools.uploads.receive(limit_bytes=10_000_000))
                incoming.write(data)
                files.append(NamedFile(incoming=incoming, name=f"{number}.jpg"))
            return self._intake.take(files, asked)

    def analyse(
        self, *photos: bytes, camera: str | None = "gate", taken_at: datetime | None = None
    ) -> Analysis:
        return self.run(self.submit(*photos, camera=camera, taken_at=taken_at).analysis)

    def run(self, analysis: Analysis) -> Analysis:
        """The work of a worker whose turn the analysis is."""
        AnalysisRunner(self.store, self._analyzers, threading.Event()).run(analysis.id)
        done = self.store.get(analysis.id)
        assert done is not None
        return done

    def compare(self, first: Report, second: Report) -> dict[str, object]:
        """What the comparison of the photos of two reports says."""
        asked = [ReportRevision(id=one.id, revision=one.revision) for one in (first, second)]
        submitted = self._intake.compare(*asked, source=AnalysisSource.HTTP, owner="anna")
        AnalysisRunner(self.store, self._analyzers, threading.Event()).run(submitted.analysis.id)
        done = self.store.get(submitted.analysis.id)
        assert done is not None
        assert (done.state, done.error) == (AnalysisState.COMPLETED, "")
        return dict(json.loads(done.result or ""))

    def again(self, analysis: Analysis) -> None:
        """The same work a second time, as after a worker that was killed before it could say so."""
        self._analyzers.analyze(analysis, AnalysisControl())

    def reports(self) -> list[Report]:
        return [one.report for one in self.tools.reports.list(ReportFilter())]


def found(analysis: Analysis) -> list[dict[str, object]]:
    assert (analysis.state, analysis.error) == (AnalysisState.COMPLETED, "")
    assert analysis.result is not None
    return list(json.loads(analysis.result)["photos"])


@pytest.fixture
def desk(scene: Scene, models: Models, service: RedisService, tmp_path: Path) -> Iterator[Desk]:
    zones = zones_of(scene, dwell_s=60, photo_gap_s=60)
    latitude, longitude = SEOUL_CITY_HALL
    config = parse_config(
        f"state_dir: {tmp_path}\ncameras:\n  gate:\n    kind: webcam\n"
        f"    location: {{latitude: {latitude}, longitude: {longitude}}}\n    zones: {zones}\n",
        environment={},
    )
    with opened_tools(config, service.url, LazyModels(config, models)) as tools:
        # The Redis is shared by the tests; names of jobs are not.
        yield Desk(tools)


def test_two_photos_a_minute_apart_become_a_report(desk: Desk, scene: Scene) -> None:
    first = found(desk.analyse(jpeg(scene.frame(100.0), 0)))
    (waiting,) = desk.reports()
    assert waiting.state is ReportState.TEMPORARY
    assert "waits for a second photo" in str(first[0]["vehicles"])
    found(desk.analyse(jpeg(scene.frame(165.0), 65)))
    (report,) = desk.reports()
    (truth,) = scene.truth().stationary
    assert (report.id, report.state, report.camera) == (waiting.id, ReportState.FINAL, "gate")
    assert (report.plate.text, report.plate.accepted) == (truth.plate, True)
    assert report.arrived_at == datetime(2026, 5, 4, 0, 0, tzinfo=UTC)
    assert (report.last_seen_at - report.arrived_at).total_seconds() == 65
    kinds = {item.kind for item in report.evidence}
    assert kinds >= {EvidenceKind.PHOTO_1, EvidenceKind.PHOTO_2, EvidenceKind.PLATE}
    assert EvidenceKind.VIEW_MAP in kinds
    photo_1 = next(item for item in report.evidence if item.kind is EvidenceKind.PHOTO_1)
    assert desk.tools.evidence.get(photo_1.key) == jpeg(scene.frame(100.0), 0)


def test_both_in_one_upload_in_whatever_order(desk: Desk, scene: Scene) -> None:
    found(desk.analyse(jpeg(scene.frame(165.0), 65), jpeg(scene.frame(100.0), 0)))
    (report,) = desk.reports()
    assert report.state is ReportState.FINAL
    taken = {item.kind: item.taken_at for item in report.evidence}
    assert (taken[EvidenceKind.PHOTO_2] - taken[EvidenceKind.PHOTO_1]).total_seconds() == 65


def test_too_soon_is_no_pair_and_a_third_photo_makes_one_report(desk: Desk, scene: Scene) -> None:
    desk.analyse(jpeg(scene.frame(100.0), 0))
    desk.analyse(jpeg(scene.frame(130.0), 30))
    assert {report.state for report in desk.reports()} == {ReportState.TEMPORARY}
    desk.analyse(jpeg(scene.frame(170.0), 70))
    states = sorted(report.state.value for report in desk.reports())
    assert states == ["duplicate", "final"]


def test_two_reports_are_compared_by_their_photos(desk: Desk, scene: Scene) -> None:
    for at_s, image in ((0, scene.frame(100.0)), (30, scene.frame(130.0)), (40, scene.frame(100.0)[:, ::-1])):
        found(desk.analyse(jpeg(image, at_s), camera=None))
    first, second, mirrored = sorted(desk.reports(), key=lambda report: report.arrived_at)
    same = desk.compare(first, second)
    assert (same["same_view"], same["same_vehicle"]) == (True, True)
    other = desk.compare(first, mirrored)
    assert other["same_view"] is False
    # Nothing stands at one place in both.
    assert (other["same_vehicle"], other["vehicle_likeness"]) == (None, None)


def test_an_empty_place_or_another_view_is_no_partner(desk: Desk, scene: Scene) -> None:
    image = scene.frame(100.0)
    desk.analyse(jpeg(image, 0))
    moved = image[:, ::-1].copy()
    desk.analyse(jpeg(moved, 65))
    assert ReportState.FINAL not in {report.state for report in desk.reports()}


def test_two_standpoints_are_no_pair_and_the_answer_and_the_reports_say_so(desk: Desk, scene: Scene) -> None:
    """An accusation needs the same view; whoever walked around the vehicle has to know why it became none."""
    image = scene.frame(100.0)
    desk.analyse(jpeg(image, 0), camera=None)
    (answer,) = found(desk.analyse(jpeg(np.roll(image, -300, axis=1), 305), camera=None))
    assert "not the same view" in str(answer["vehicles"])
    waiting = desk.reports()
    assert {report.state for report in waiting} == {ReportState.TEMPORARY}
    assert [report.plate.text for report in waiting] == [waiting[0].plate.text] * 2
    assert all(OTHER_VIEW in report.note for report in waiting)
    PhotoPairs(desk.tools).give_up(datetime.now(UTC) + timedelta(days=8))
    assert {report.rejection for report in desk.reports()} == {RejectionReason.VIEW_CHANGED}


def test_a_pair_does_not_speak_of_a_photo_from_elsewhere(desk: Desk, scene: Scene) -> None:
    """The accusation said that two photos have to be taken from one place, as if its own were not."""
    desk.analyse(jpeg(scene.frame(100.0), 0), camera=None)
    desk.analyse(jpeg(np.roll(scene.frame(100.0), -300, axis=1), 305), camera=None)
    desk.analyse(jpeg(scene.frame(165.0), 310), camera=None)
    (accusation,) = [report for report in desk.reports() if report.state is ReportState.FINAL]
    assert OTHER_VIEW not in accusation.note


def test_a_pair_waits_for_evidence_that_is_out_of_reach(
    desk: Desk, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken for another view, the first photo would wait in vain and the second one too."""
    monkeypatch.setattr("jobs.analyses.AWAY_WAIT_S", 0.0)
    desk.analyse(jpeg(scene.frame(100.0), 0))
    year = tmp_path / "evidence" / "2026"
    year.rename(tmp_path / "away")
    year.touch()
    waiting = desk.analyse(jpeg(scene.frame(165.0), 65))
    assert (waiting.state, waiting.attempts) == (AnalysisState.QUEUED, 0)
    assert "evidence folder" in waiting.error
    year.unlink()
    (tmp_path / "away").rename(year)
    found(desk.analyse(jpeg(scene.frame(165.0), 65)))
    assert [report.state for report in desk.reports()] == [ReportState.FINAL]


def test_done_twice_it_is_stored_once(desk: Desk, scene: Scene) -> None:
    first = desk.analyse(jpeg(scene.frame(100.0), 0))
    desk.again(first)
    assert len(desk.reports()) == 1
    second = desk.analyse(jpeg(scene.frame(165.0), 65))
    before = desk.reports()
    desk.again(second)
    desk.again(first)
    assert desk.reports() == before
    assert [report.state for report in before] == [ReportState.FINAL]
    assert not desk.submit(jpeg(scene.frame(165.0), 65)).new


def test_a_photo_sent_again_with_its_right_time_counts_at_that(desk: Desk, scene: Scene) -> None:
    """The report of the wrong time answered, and the pair would have been judged by it."""
    data, said = jpeg(scene.frame(100.0), 0), NINE.replace(tzinfo=timezone(timedelta(hours=9)))
    right = said + timedelta(hours=1)
    first = desk.analyse(data)
    again = desk.analyse(data, taken_at=right)
    (wrong,), (waits,) = (json.loads(one.result or "")["reports"] for one in (first, again))
    states = {report.id: (report.state, report.parked_at) for report in desk.reports()}
    assert states == {
        wrong: (ReportState.REJECTED, said),
        waits: (ReportState.TEMPORARY, right),
    }
    desk.again(first)
    desk.again(again)
    assert {report.id: (report.state, report.parked_at) for report in desk.reports()} == states
    desk.analyse(jpeg(scene.frame(165.0), 65), taken_at=right + timedelta(seconds=65))
    (final,) = (report for report in desk.reports() if report.state is ReportState.FINAL)
    assert (final.id, final.arrived_at) == (waits, right)


def test_one_picture_with_two_times_is_no_pair(desk: Desk, scene: Scene) -> None:
    """Its EXIF had been changed, so that it was another file."""
    picture = scene.frame(100.0)
    for at_s in (0.0, 65.0):
        found(desk.analyse(jpeg(picture, at_s)))
    assert {report.state for report in desk.reports()} == {ReportState.TEMPORARY}


def test_a_time_without_offset_is_said_in_the_report(desk: Desk, scene: Scene) -> None:
    (shown,) = found(desk.analyse(jpeg(scene.frame(100.0), 0, offset=None)))
    assert shown["time_from"] == "exif_without_offset"
    assert shown["taken_at"] == "2026-05-04T00:00:00.000+00:00"
    (report,) = desk.reports()
    assert "has no offset and was read as Asia/Seoul time" in report.note


@pytest.mark.parametrize(
    ("gps", "camera", "how"), [(SEOUL_CITY_HALL, "gate", "gps"), ((35.1, 129.0), "photos", "none")]
)
def test_gps_finds_the_camera_whose_zones_apply(
    gps: tuple[float, float], camera: str, how: str, desk: Desk, scene: Scene
) -> None:
    (shown,) = found(desk.analyse(jpeg(scene.frame(100.0), 0, gps=gps), camera=None))
    assert (shown["camera"], shown["camera_from"]) == (camera, how)
    (report,) = desk.reports()
    assert (report.camera, report.zone == "whole picture") == (camera, how == "none")


def test_a_photo_without_a_time_accuses_nobody(desk: Desk, scene: Scene) -> None:
    file = io.BytesIO()
    PillowImage.fromarray(scene.frame(100.0)[:, :, ::-1]).save(file, "JPEG")
    (shown,) = found(desk.analyse(file.getvalue()))
    assert "does not say when it was taken" in str(shown["note"])
    assert desk.reports() == []
    found(desk.analyse(file.getvalue(), taken_at=datetime(2026, 5, 4, tzinfo=UTC)))
    (report,) = desk.reports()
    assert "what its sender says" in report.note


@pytest.mark.parametrize("kind", [MediaType.JPEG, MediaType.PNG, MediaType.WEBP])
def test_a_photo_that_was_held_upright_is_turned(kind: MediaType, tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(photo(exif_of(orientation=6), kind=kind.value.removeprefix("image/").upper()))
    opened = open_photo(path, kind)
    assert (opened.size.width, opened.size.height) == (48, 64)
    assert opened.converted == (kind is not MediaType.JPEG)
    assert (opened.original() == path.read_bytes()) == (kind is MediaType.JPEG)
    # The gradient runs down the picture as it was encoded: turned by 90 degrees, from right to left.
    gray = opened.bgr()[:, :, 1]
    assert int(gray[32, 2]) > int(gray[32, 45])


def test_a_grey_photo_of_16_bits_keeps_its_shades(tmp_path: Path) -> None:
    """Pillow made all but its darkest pixels white: no vehicle was seen on it."""
    shades = np.linspace(0, 65_535, 64, dtype=np.uint16)[None, :].repeat(48, axis=0)
    path = tmp_path / "photo"
    PillowImage.fromarray(shades).save(path, "PNG", exif=exif_of(orientation=3))
    gray = open_photo(path, MediaType.PNG).bgr()[:, :, 1]
    assert np.abs(gray[:, ::-1].astype(int) - shades // 256).max() <= 1


def test_a_damaged_photo_is_named(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    whole = bytearray(photo(kind="PNG"))
    whole[whole.index(b"IDAT") + 20] ^= 0xFF
    path.write_bytes(whole)
    with pytest.raises(PictureError, match=r"^gate\.png is damaged: it cannot be decoded$"):
        open_photo(path, MediaType.PNG, "gate.png")


def test_a_heic_photo_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(photo(kind="HEIF"))
    opened = open_photo(path, MediaType.HEIC)
    assert (opened.size.width, opened.size.height, opened.converted) == (64, 48, True)
    gray = opened.bgr()[:, :, 1]
    assert int(gray[46, 32]) > int(gray[2, 32]) + 100


def test_other_kinds_of_files_become_evidence_as_jpeg(desk: Desk, scene: Scene) -> None:
    for at_s in (0.0, 65.0):
        found(desk.analyse(jpeg(scene.frame(100.0 + at_s), at_s, kind="WEBP")))
    (report,) = desk.reports()
    assert report.state is ReportState.FINAL
    assert {item.media_type for item in report.evidence} == {"image/jpeg"}
    assert "is a JPEG made of the file" in report.note


def test_a_photo_is_not_given_up_while_its_second_waits_to_be_analysed(desk: Desk, scene: Scene) -> None:
    """After a week without a worker the first one was rejected before the second was looked at."""
    desk.analyse(jpeg(scene.frame(100.0), 0))
    second = desk.submit(jpeg(scene.frame(165.0), 65)).analysis
    pairs = PhotoPairs(desk.tools)
    wait = timedelta(seconds=desk.tools.config.photos.partner_wait_s)
    assert pairs.give_up(datetime.now(UTC) + wait + timedelta(days=1)) == 0
    desk.run(second)
    (report,) = desk.reports()
    assert report.state is ReportState.FINAL


def test_a_photo_whose_second_never_comes_is_rejected_with_that_reason(desk: Desk, scene: Scene) -> None:
    desk.analyse(jpeg(scene.frame(100.0), 0))
    pairs = PhotoPairs(desk.tools)
    wait = timedelta(seconds=desk.tools.config.photos.partner_wait_s)
    stored_at = desk.tools.reports.list(ReportFilter())[0].stored_at
    assert pairs.give_up(stored_at + wait - timedelta(seconds=1)) == 0
    assert pairs.give_up(stored_at + wait + timedelta(seconds=1)) == 1
    assert pairs.give_up(stored_at + wait + timedelta(seconds=2)) == 0
    (report,) = desk.reports()
    assert (report.state, report.rejection) == (ReportState.REJECTED, RejectionReason.NO_SECOND_PHOTO)
    desk.analyse(jpeg(scene.frame(165.0), 65))
    assert sorted(one.state.value for one in desk.reports()) == ["rejected", "temporary"]


def test_a_damaged_photo_fails_with_a_sentence(desk: Desk, scene: Scene) -> None:
    file = io.BytesIO()
    PillowImage.fromarray(scene.frame(100.0)).save(file, "PNG")
    damaged = bytearray(file.getvalue())
    damaged[len(damaged) // 2] ^= 0xFF
    analysis = desk.analyse(bytes(damaged))
    assert analysis.state is AnalysisState.FAILED
    assert analysis.error == "0.jpg is damaged: it cannot be decoded"
    assert uuid.UUID(analysis.id)
    assert desk.reports() == []
