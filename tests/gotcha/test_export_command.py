"""`gotcha export` and the other ways out: whole packs, masked, logged, and only of what may leave."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pypdfium2
import pytest

from pipeline.background import ViewMap
from pipeline.errors import IllegalTransitionError
from pipeline.geometry import Box, Polygon, Size
from pipeline.geometry import Point as Corner
from pipeline.picture import Image, resize
from pipeline.report import Evidence, EvidenceKind, Report, ReportState
from simulator.plate_numbers import PlateStyle
from sources.video_writer import VideoWriter
from storage.access_log import AccessAction, SqlAccessLog
from storage.record_hash import sha256
from storage.reviews import Review, ReviewStep, SqlReviews
from tests.gotcha.kept import Kept, kept
from tests.reports import NOON, final, hex_id, rejected
from tests.storage.chained import tamper
from tests.vision.drawn_car import draw_car, road, through_a_lens
from tests.vision.plates import korean_plate
from vision.annotate import mark_photo
from vision.encode import decode_image, encode_jpeg
from vision.plate_crop import sharpness
from vision.view_picture import draw_view

K = EvidenceKind
ACCUSED = Box(x1=300, y1=250, x2=600, y2=510)
OTHER = Box(x1=800, y1=300, x2=1100, y2=560)
ZONE = Polygon(
    points=(Corner(x=0.2, y=0.3), Corner(x=0.5, y=0.3), Corner(x=0.5, y=0.8), Corner(x=0.2, y=0.8))
)
YAML = """
detector: {backend: onnx}
cameras:
  gate:
    kind: webcam
    zones:
      - name: 소화전 앞
        kind: fire_hydrant
        polygon: [[0.2, 0.3], [0.5, 0.3], [0.5, 0.8], [0.2, 0.8]]
"""


def street() -> tuple[Image, Box, Box]:
    """A picture of two cars, and where their plates are."""
    image = road()
    mine = draw_car(image, ACCUSED, korean_plate("123너4567", PlateStyle.WHITE_8, height_px=26))
    theirs = draw_car(
        image, OTHER, korean_plate("45다6789", PlateStyle.WHITE_7, height_px=26), paint=(200, 200, 200)
    )
    return through_a_lens(image), mine, theirs


IMAGE, MINE, THEIRS = street()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with VideoWriter(path) as writer:
        for number in range(12):
            writer.write(IMAGE, number / 25)
    return path.read_bytes()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Kept]:
    made = kept(tmp_path, YAML)
    yield made
    made.engine.dispose()


def evidence(home: Kept, clip: bytes | None = None) -> tuple[Evidence, ...]:
    marked = mark_photo(IMAGE, vehicle=ACCUSED, zone=ZONE, lines=("2026-03-01 21:00:00", "gate"))
    plate = IMAGE[round(MINE.y1) : round(MINE.y2), round(MINE.x1) : round(MINE.x2)]
    items = [
        home.put(encode_jpeg(IMAGE), K.PHOTO_1),
        home.put(encode_jpeg(marked), K.PHOTO_1_MARKED),
        home.put(encode_jpeg(IMAGE, quality=94), K.PHOTO_2),
        home.put(encode_jpeg(marked, quality=94), K.PHOTO_2_MARKED),
        home.put(encode_jpeg(plate), K.PLATE),
    ]
    if clip is not None:
        items.append(home.put(clip, K.CLIP_VIOLATION, media_type="video/mp4"))
    return tuple(items)


def report(home: Kept, clip: bytes | None = None, **changes: object) -> Report:
    values: dict[str, object] = {
        "box": ACCUSED,
        "frame_size": Size(width=1280, height=720),
        "zone": "소화전 앞",
        "evidence": evidence(home, clip),
    }
    return home.keep(final("a", **(values | changes)), NOON)


def export(home: Kept, *more: str) -> zipfile.ZipFile:
    result = home.run("export", hex_id("a")[:8], "--out", str(home.path.parent / "packs"), *more)
    assert result.exit_code == 0, result.stderr
    return zipfile.ZipFile(result.stdout.strip())


def test_what_was_drawn_of_a_photo_at_another_size_is_masked_as_the_photo_is(home: Kept) -> None:
    half = Size(width=640, height=360)
    nothing = np.zeros((360, 640), dtype=bool)
    where = ViewMap(
        similarity=np.ones((360, 640), np.float32), judged=nothing, vehicles=nothing, differing=()
    )
    drawn = draw_view(resize(IMAGE, half), where)
    item = home.put(encode_jpeg(drawn), K.VIEW_MAP)
    report(home, evidence=(*evidence(home), item))
    pack = export(home)
    copy = decode_image(pack.read("evidence/06-view_map.jpg"))
    assert copy.shape == drawn.shape
    for box, shown in ((THEIRS, False), (MINE, True)):
        small = box.scaled(0.5, 0.5)
        rows, columns = slice(round(small.y1), round(small.y2)), slice(round(small.x1), round(small.x2))
        before, after = sharpness(drawn[rows, columns]), sharpness(copy[rows, columns])
        assert (after > 0.5 * before) == shown, (box, before, after)


def hidden(image: Image, box: Box) -> bool:
    rows, columns = slice(round(box.y1), round(box.y2)), slice(round(box.x1), round(box.x2))
    return sharpness(image[rows, columns]) < 0.1 * sharpness(IMAGE[rows, columns])


def test_the_pack_shows_the_accused_vehicle_and_nobody_else(home: Kept, clip: bytes) -> None:
    stored = report(home, clip)
    before = {item.key: home.evidence.get(item.key) for item in stored.evidence}

    pack = export(home, "--why", "민원")

    assert pack.namelist() == [
        "README.txt",
        "report.pdf",
        "report.json",
        "record.json",
        "evidence/01-photo_1.jpg",
        "evidence/02-photo_1_marked.jpg",
        "evidence/03-photo_2.jpg",
        "evidence/04-photo_2_marked.jpg",
        "evidence/05-plate.jpg",
        "evidence/06-clip_violation.mp4",
    ]
    for name in pack.namelist()[4:8]:
        image = decode_image(pack.read(name))
        assert image.shape == IMAGE.shape
        assert hidden(image, THEIRS), name
        assert not hidden(image, MINE), name
    assert pack.read("evidence/05-plate.jpg") == before[stored.evidence[4].key]
    pictures = list(av.open(io.BytesIO(pack.read("evidence/06-clip_violation.mp4")), "r").decode(video=0))
    assert len(pictures) == 12
    for frame in pictures:
        image = np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
        assert hidden(image, THEIRS)
        assert not hidden(image, MINE)
    assert {item.key: home.evidence.get(item.key) for item in stored.evidence} == before
    assert home.run("verify").exit_code == 0


def test_the_pack_proves_itself(home: Kept) -> None:
    stored = report(home)
    pack = export(home)
    shown = json.loads(pack.read("report.json"))
    assert (shown["id"], shown["plate"], shown["zone_kind"]) == (stored.id, "12가3456", "fire_hydrant")
    originals = {item.kind.value: item.sha256 for item in stored.evidence}
    for item in shown["evidence"]:
        assert hashlib.sha256(pack.read(item["file"])).hexdigest() == item["sha256"]
        assert item["original_sha256"] == originals[item["kind"]]
        assert item["same"] == (item["sha256"] == item["original_sha256"])
        assert item["same"] == (item["hidden"] == {"heads": 0, "plates": 0})
    chain = shown["chain"]
    assert sha256(pack.read("record.json")) == chain["record_sha256"]
    with home.engine.connect() as connection:
        link = connection.exec_driver_sql("SELECT link_sha256 FROM chain WHERE position = 1").scalar()
    assert (chain["position"], chain["link_sha256"]) == (1, link)


def test_the_pdf_says_it_in_korean(home: Kept) -> None:
    stored = report(home)
    pdf = pypdfium2.PdfDocument(export(home).read("report.pdf"))
    pages = [page.get_textpage().get_text_bounded() for page in pdf]
    for wanted in (
        "불법 주정차",
        "12가3456",
        "소화전 주변 (fire_hydrant)",
        "소화전 앞",
        "1분 (60 s)",
        stored.id,
    ):
        assert wanted in pages[0], wanted
    assert "2026-03-01 20:59:30.1 +0900" in pages[0]
    assert "2026-03-01 21:00:00.1 +0900" in pages[1]
    assert "사진 1" in pages[1]
    assert "사진 2" in pages[1]
    for item in stored.evidence:
        assert item.sha256 in pages[2]
    assert "gate #1" in pages[2]
    # The photos are really on their page: far from white, where they stand.
    picture = cv2.cvtColor(np.asarray(pdf[1].render(scale=1).to_pil()), cv2.COLOR_RGB2GRAY)
    assert np.mean(picture[80:300, 60:540]) < 200
    assert np.mean(picture[800:815, 60:540]) > 250


def test_the_report_becomes_exported_and_the_log_knows_who(home: Kept) -> None:
    stored = report(home)
    export(home, "--why", "민원 2026-17")
    now = home.store.get(stored.id)
    assert now is not None
    assert now.state is ReportState.EXPORTED
    last = home.store.history(stored.id)[-1]
    assert (last.to_state, last.why) == (ReportState.EXPORTED, "민원 2026-17")
    assert "@" in last.by
    entries = SqlAccessLog(home.engine).entries(report_id=stored.id)
    assert [entry.action for entry in entries] == [AccessAction.EXPORT, *[AccessAction.READ] * 5]
    assert {entry.key for entry in entries[1:]} == {item.key for item in stored.evidence}
    assert {entry.who for entry in entries} == {last.by}
    assert "민원 2026-17" in home.run("reports", "access", stored.id[:6]).stdout
    # Once more is once more, not an error.
    export(home)
    assert home.run("verify").exit_code == 0


def test_what_is_not_final_is_not_exported(home: Kept) -> None:
    home.keep(rejected("a", evidence=(home.put(b"x"),)), NOON)
    result = home.run("export", hex_id("a"), "--out", str(home.path.parent / "packs"))
    assert (result.exit_code, result.stderr) == (1, "a report that is rejected cannot become exported\n")
    assert not (home.path.parent / "packs").exists()


@pytest.mark.parametrize("step", [ReviewStep.REJECTED, ReviewStep.MERGED])
def test_what_a_person_took_back_is_not_exported(home: Kept, step: ReviewStep) -> None:
    """The state of a report is the machine's word; the export asked for nothing else."""
    stored = report(home)
    other = home.keep(final("b", evidence=stored.evidence), NOON)
    becomes = other.id if step is ReviewStep.MERGED else None
    taken = Review(report_id=stored.id, step=step, reason="loading", becomes=becomes, by="anna", at=NOON)
    SqlReviews(home.engine).add(taken)
    result = home.run("export", stored.id, "--out", str(home.path.parent / "packs"))
    assert result.exit_code == 1
    told = "was rejected" if step is ReviewStep.REJECTED else f"was merged into {other.id}"
    assert f"{told} by a person" in result.stderr
    with pytest.raises(IllegalTransitionError, match="reopen"):
        home.store.move(stored.id, ReportState.EXPORTED, at=NOON, by="x", why="")
    assert not (home.path.parent / "packs").exists()


def test_the_pack_tells_the_corrected_plate_and_the_gap_that_held(home: Kept) -> None:
    """It named the plate as it was misread, and the gap the zone asks for today."""
    stored = report(home, photo_gap_s=45.0)
    corrected = Review(report_id=stored.id, step=ReviewStep.CORRECTED, becomes="12가3458", by="anna", at=NOON)
    SqlReviews(home.engine).add(corrected)
    pack = export(home)
    assert json.loads(pack.read("report.json"))["plate_corrected"] == "12가3458"
    first = pypdfium2.PdfDocument(pack.read("report.pdf"))[0].get_textpage().get_text_bounded()
    assert "12가3458" in first
    assert "12가3456" in first
    assert "45 s" in first
    assert home.run("verify").exit_code == 0


@pytest.mark.parametrize("attack", ["record", "evidence", "gone"])
def test_what_was_altered_is_not_exported(home: Kept, attack: str) -> None:
    stored = report(home)
    photo = home.config.evidence_dir / stored.evidence[0].key
    if attack == "record":
        tamper(home.engine, "UPDATE reports SET plate_text = '99하9999'")
    elif attack == "evidence":
        photo.write_bytes(b"forged")
    else:
        photo.unlink()
    packs = home.path.parent / "packs"
    result = home.run("export", stored.id, "--out", str(packs))
    assert result.exit_code == 1
    assert {"record": "altered", "evidence": "altered", "gone": "the file is gone"}[attack] in result.stderr
    assert not packs.exists()
    now = home.store.get(stored.id)
    assert now is not None
    assert now.state is ReportState.FINAL


def test_a_folder_that_cannot_be_written_leaves_the_report_as_it_was(home: Kept) -> None:
    stored = report(home)
    blocked = home.path.parent / "file"
    blocked.write_text("")
    result = home.run("export", stored.id, "--out", str(blocked))
    assert result.exit_code == 1
    assert "name another folder with --out" in result.stderr
    now = home.store.get(stored.id)
    assert now is not None
    assert now.state is ReportState.FINAL


def test_queries_leave_as_csv_and_json_and_are_logged(home: Kept) -> None:
    for number in range(3):
        home.keep(final(number, evidence=(home.put(b"1"), home.put(b"2", K.PHOTO_2))), NOON)
    home.keep(rejected("r"), NOON)
    rows = list(csv.DictReader(io.StringIO(home.run("reports", "list", "--csv", "--state", "final").stdout)))
    assert [(row["state"], row["plate"], row["repeats"]) for row in rows] == [("final", "12가3456", "0")] * 3
    assert len(json.loads(home.run("reports", "list", "--json", "--limit", "1").stdout)) == 1
    assert len(json.loads(home.run("reports", "list", "--json", "--limit", "1", "--all").stdout)) == 4
    details = [entry.detail for entry in SqlAccessLog(home.engine).entries()]
    assert details == ["4 reports as JSON: all", "1 reports as JSON: all", "3 reports as CSV: states final"]
    assert home.run("reports", "list", "--csv", "--json").exit_code == 2
