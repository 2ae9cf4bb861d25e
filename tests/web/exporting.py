"""A report whose evidence pack can really be made, and a worker that makes it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import cv2

from gotcha.analyzing import analyze_uploads
from gotcha.config import parse_config
from pipeline.geometry import Box, Size
from pipeline.photo_pair import compare_pair, take_sight
from pipeline.picture import ArrayPicture
from pipeline.report import EvidenceKind, Report
from simulator.plate_numbers import PlateStyle
from tests.reports import NOON, final
from tests.vision.drawn_car import draw_car, road, through_a_lens
from tests.vision.plates import korean_plate
from vision.encode import encode_jpeg
from vision.view_picture import draw_view
from web.services import WebServices

ACCUSED = Box(x1=300, y1=250, x2=600, y2=510)
OTHER = Box(x1=800, y1=300, x2=1100, y2=560)


def kept_street(services: WebServices, name: str, camera: str = "gate", **changes: object) -> Report:
    """A final report whose photos show the accused car and another one."""
    image = road()
    for x in range(0, 1280, 80):
        cv2.line(image, (x, 0), (x // 2, 720), (90, 90, 90), 6)
        cv2.rectangle(image, (x, 140), (x + 30, 170), (200, 200, 200), -1)
    draw_car(image, ACCUSED, korean_plate("123너4567", PlateStyle.WHITE_8, height_px=26))
    draw_car(image, OTHER, korean_plate("45다6789", PlateStyle.WHITE_7, height_px=26), paint=(200, 200, 200))
    image = through_a_lens(image)
    later = image.copy()
    later[560:, :400] //= 2
    later[60:200, 700:900] = 180
    sights = (take_sight(ArrayPicture(one), ACCUSED, (OTHER,)) for one in (image.copy(), later))
    view = compare_pair(*sights).where
    assert view is not None
    crop = image[480:506, 400:500]
    evidence = tuple(
        services.evidence.put(camera=camera, kind=kind, taken_at=at, data=data, media_type="image/jpeg")
        for kind, data, at in (
            (EvidenceKind.PHOTO_1, encode_jpeg(image), NOON),
            (EvidenceKind.PHOTO_2, encode_jpeg(later), NOON + timedelta(seconds=61)),
            (EvidenceKind.PLATE, encode_jpeg(crop), NOON),
            (EvidenceKind.VIEW_MAP, encode_jpeg(draw_view(later, view)), NOON + timedelta(seconds=61)),
        )
    )
    values = {
        "camera": camera,
        "evidence": evidence,
        "box": ACCUSED,
        "frame_size": Size(width=1280, height=720),
    }
    report = final(name, **{**values, **changes})
    services.reports.apply(report, at=NOON, by="test")
    return report


@contextmanager
def models_worker(state_dir: Path, redis_url: str) -> Iterator[None]:
    """A worker on the queue of models, on a site's state folder, while the block lasts."""
    stop = threading.Event()
    config = parse_config(f"state_dir: {state_dir}\ndetector: {{backend: onnx}}\n", environment={})
    thread = threading.Thread(target=analyze_uploads, args=(config, redis_url, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()
