"""Pictures are drawn while somebody looks, and not otherwise; the camera's thread pays for nothing else."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from gotcha.config import parse_config
from gotcha.live_pictures import LivePictures
from jobs.live_view import View, ViewKind
from pipeline.report import CameraCondition
from pipeline.watch_step import WatchStep
from tests.pipeline.fakes import frame, street
from tests.pipeline.rig import vehicle

DRAWN, PLAIN = (View(camera="gate", kind=kind) for kind in (ViewKind.DRAWN, ViewKind.PLAIN))
STEP = WatchStep(
    condition=CameraCondition.OK, detections=(), standing=(), departed=(), changes=(), reports=(), problems=()
)
CONFIG = parse_config(
    "cameras: {gate: {kind: webcam, zones: [{name: kerb, kind: no_parking,"
    " polygon: [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]}]}}",
    environment={},
)


def test_nothing_is_drawn_while_nobody_looks() -> None:
    pictures = LivePictures(lambda: CONFIG)
    pictures.step("gate", frame(0.0, street()), STEP)
    assert pictures.take() == {}


def test_who_looks_gets_the_picture_with_and_without_marks() -> None:
    pictures = LivePictures(lambda: CONFIG)
    pictures.want(frozenset({DRAWN, PLAIN}))
    taken = frame(30.0, street())
    pictures.step("gate", taken, replace(STEP, standing=(vehicle(30.0),)))
    made = pictures.take()
    assert set(made) == {DRAWN, PLAIN}
    assert pictures.take() == {}
    drawn, plain = (
        cv2.imdecode(np.frombuffer(made[view].jpeg, np.uint8), cv2.IMREAD_COLOR) for view in (DRAWN, PLAIN)
    )
    assert drawn is not None
    assert plain is not None
    assert drawn.shape == plain.shape
    assert made[DRAWN].taken_at == taken.taken_at
    (stands,) = made[DRAWN].standing
    assert (stands.label, stands.plate, stands.stood_s) == ("car", "", 30.0 - vehicle(30.0).arrived_s)
    # Zone, box and clock cover a good part of the picture; the plain one is what the camera took.
    assert np.mean(np.abs(drawn.astype(int) - plain) > 25) > 0.02
    assert np.abs(plain.astype(int) - street()).mean() < 4


def test_it_draws_about_once_a_second_however_fast_frames_come(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [100.0]
    monkeypatch.setattr("gotcha.live_pictures.monotonic", lambda: now_s[0])
    pictures = LivePictures(lambda: CONFIG)
    pictures.want(frozenset({DRAWN}))
    drawn = 0
    for index in range(50):
        pictures.step("gate", frame(index / 10, street(), index=index), STEP)
        drawn += len(pictures.take())
        now_s[0] += 0.1
    assert 4 <= drawn <= 7
