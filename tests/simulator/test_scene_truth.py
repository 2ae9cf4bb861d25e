"""The truth of a scene against the scene itself: what it says stands, stands."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from pipeline.detection import VEHICLES
from pipeline.errors import InvalidValueError
from pipeline.geometry import Box, Size
from simulator.demo import demo_street
from simulator.plate_numbers import GRAMMAR
from simulator.scene import Scene, SceneScript
from simulator.scenes import SCENE_KINDS, build_scene, sixty_scenes
from simulator.truth import StandingTruth

SMALL = Size(width=640, height=360)


@pytest.fixture(scope="module")
def replaced() -> Scene:
    return build_scene("replaced", 5, SMALL)


def test_same_seed_same_frames_in_any_order() -> None:
    one, two = build_scene("day", 7, SMALL), build_scene("day", 7, SMALL)
    late = one.frame(31.4)
    early = one.frame(3.2)
    assert np.array_equal(two.frame(3.2), early)
    assert np.array_equal(two.frame(31.4), late)
    assert one.truth() == two.truth()
    assert not np.array_equal(build_scene("day", 8, SMALL).frame(3.2), early)


def test_standing_vehicle_keeps_its_box_and_its_pixels(replaced: Scene) -> None:
    for entry in replaced.truth().stationary:
        times = np.linspace(entry.t0, entry.t1, 7).tolist()
        boxes = [_box_of(replaced, entry.vehicle, t) for t in times]
        assert all(b == boxes[0] for b in boxes)
        assert boxes[0] == pytest.approx(entry.bbox_xyxy, abs=0.06)


def test_pixels_of_a_standing_vehicle_change_by_noise_alone(replaced: Scene) -> None:
    entry = max(replaced.truth().stationary, key=lambda e: e.t1 - e.t0)
    x1, y1, x2, y2 = (int(v) for v in entry.bbox_xyxy)
    clear = [t for t in np.linspace(entry.t0, entry.t1, 24).tolist() if _is_clear(replaced, entry, t)]
    assert len(clear) >= 3
    pictures = [replaced.frame(t)[y1 + 4 : y2 - 4, x1 + 4 : x2 - 4].astype(np.int16) for t in clear]
    for other in pictures[1:]:
        # two independent grains of sigma 2 differ by 2 * sqrt(2) on average of squares
        assert float(np.sqrt(np.mean((other - pictures[0]) ** 2))) < 5.0


def test_vehicle_moves_before_and_after_its_halt(replaced: Scene) -> None:
    entry = next(e for e in replaced.truth().stationary if not e.stationary_at_end)
    assert _box_of(replaced, entry.vehicle, entry.t1 + 1.5) != _box_of(replaced, entry.vehicle, entry.t1)


def test_replacement_takes_the_same_place_with_another_plate(replaced: Scene) -> None:
    first, second = (e for e in replaced.truth().stationary if e.zone == "kerb-right" and _at(e, replaced))
    assert first.t1 < second.t0
    assert first.plate != second.plate


@pytest.mark.parametrize("kind", SCENE_KINDS)
def test_every_kind_tells_a_consistent_truth(kind: str) -> None:
    scene = build_scene(kind, 3, SMALL)
    truth = scene.truth()
    names = {a.name for a in scene.script.actors}
    assert truth.stationary, "a scene without a standing vehicle proves nothing"
    assert len({e.id for e in truth.stationary}) == len(truth.stationary)
    for e in truth.stationary:
        assert 0.0 <= e.t0 < e.t1 <= truth.duration_s
        assert e.first_frame == math.ceil(e.t0 * truth.fps - 1e-6)
        assert e.last_frame <= truth.frames - 1
        assert e.stationary_at_start == (e.t0 == 0.0)
        assert e.vehicle in names
        assert e.cls in {str(c) for c in VEHICLES}
        assert e.plate is not None
        assert GRAMMAR.match(e.plate)
        assert 0 <= e.bbox_xyxy[0] < e.bbox_xyxy[2] <= SMALL.width
        assert 0 <= e.bbox_xyxy[1] < e.bbox_xyxy[3] <= SMALL.height
        if e.zone is not None:
            zone = next(z for z in truth.zones if z.name == e.zone)
            x1, y1, x2, y2 = e.bbox_xyxy
            assert e.vehicle in zone.vehicles
            # what touches the road, the lower quarter of the box, lies over the zone
            foot = Box(x1=x1, y1=y1 + 0.75 * (y2 - y1), x2=x2, y2=y2)
            assert foot.intersection_area(zone.polygon.in_pixels(SMALL).bounds) > 0.0


def test_sixty_scenes_cover_every_kind_twice() -> None:
    pairs = sixty_scenes()
    assert len(set(pairs)) == 60
    assert all(sum(k == kind for k, _ in pairs) >= 2 for kind in SCENE_KINDS)


def test_plates_of_parked_vehicles_in_the_demo_are_readable_and_unique() -> None:
    scene = demo_street(1)
    parked = [e for e in scene.truth().stationary if e.parks]
    assert len(parked) == 4
    assert all(e.plate_readable for e in parked)
    assert len({e.plate for e in parked}) == 4
    long_enough = [e for e in parked if e.t1 - e.t0 >= 15.0]
    assert len(long_enough) == 3
    assert [(e.t0, e.t1) for e in parked] == [(3.0, 31.0), (9.0, 52.0), (40.0, 74.9), (61.0, 66.0)]


def test_a_bus_covers_a_parked_vehicle_in_the_demo() -> None:
    scene = demo_street(1)
    entry = scene.truth().stationary[0]
    seen = [
        b.visible
        for t in np.arange(entry.t0, entry.t1, 0.5).tolist()
        for b in scene.boxes(t)
        if b.name == entry.vehicle
    ]
    assert min(seen) < 0.6
    assert max(seen) > 0.95


def test_truth_file_has_the_fields_of_recorded_footage(replaced: Scene, tmp_path: Path) -> None:
    replaced.truth(file="a.mp4").write(tmp_path / "a.json")
    values = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    wanted = "file fps frames width height duration_s gop_s time_tolerance_s ground_truth scene kinds"
    assert {*wanted.split(), "stationary", "also_moving"} <= set(values)
    entry = values["stationary"][0]
    fields = "id cls bbox_xyxy t0 t1 stationary_at_start stationary_at_end note plate plate_readable"
    assert set(fields.split()) <= set(entry)
    assert len(entry["bbox_xyxy"]) == 4
    assert all(len(p) == 2 for p in values["zones"][0]["polygon"])


def test_no_two_vehicles_ever_meet() -> None:
    for kind in ("queue", "creep", "replaced_close", "bus_passes_close"):
        scene = build_scene(kind, 2, SMALL)
        for t in np.arange(0.0, 60.0, 0.5).tolist():
            _assert_apart(scene.script, t)


def test_a_frozen_camera_repeats_its_picture() -> None:
    scene = build_scene("frozen", 1, SMALL)
    fault = scene.script.faults[0]
    assert np.array_equal(scene.frame(fault.t0 + 0.5), scene.frame(fault.t1 - 0.5))
    assert not np.array_equal(scene.frame(fault.t1 + 0.5), scene.frame(fault.t1 + 1.0))


def test_a_nudge_moves_the_boxes_with_the_picture() -> None:
    scene = build_scene("nudge", 1, SMALL)
    fault = scene.script.faults[0]
    entry = next(e for e in scene.truth().stationary if e.t0 < fault.t0 - 1 and e.t1 > fault.t0 + 2)
    before, after = (_box_of(scene, entry.vehicle, t) for t in (fault.t0 - 0.5, fault.t0 + 1.5))
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) > 15.0


def test_an_unknown_kind_or_a_short_scene_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="snow"):
        build_scene("snow", 1)
    with pytest.raises(InvalidValueError, match="40 s"):
        build_scene("day", 1, SMALL, duration_s=10.0)


def _at(entry: StandingTruth, scene: Scene) -> bool:
    """Whether the entry stands at the nearest place of the right kerb."""
    actor = next(a for a in scene.script.actors if a.name == entry.vehicle)
    return actor.way.pose(actor.motion.halts[0].place_m).y < 20.0


def _box_of(scene: Scene, name: str, t_s: float) -> tuple[float, float, float, float]:
    box = next(b.box for b in scene.boxes(t_s) if b.name == name)
    return (box.x1, box.y1, box.x2, box.y2)


def _is_clear(scene: Scene, entry: StandingTruth, t_s: float) -> bool:
    """Nobody moves near the vehicle, so that no shadow falls on it."""
    boxes = scene.boxes(t_s)
    own = next(b.box for b in boxes if b.name == entry.vehicle)
    return all(b.name == entry.vehicle or b.box.iou(own.padded(0.6)) == 0.0 for b in boxes)


def _assert_apart(script: SceneScript, t_s: float) -> None:
    """No corner of one vehicle's footprint lies well inside another's."""
    present = [(a, p) for a in script.actors if a.model.label in VEHICLES and (p := a.pose(t_s)) is not None]
    for a, pose_a in present:
        for b, pose_b in present:
            if a is b or not -10 < pose_a.y < 80:
                continue
            c, s = math.cos(pose_b.heading), math.sin(pose_b.heading)
            for x, y in a.footprint(pose_a):
                u, v = (x - pose_b.x) * c + (y - pose_b.y) * s, -(x - pose_b.x) * s + (y - pose_b.y) * c
                inside = abs(u) < b.model.length / 2 - 0.15 and abs(v) < b.model.width / 2 - 0.15
                assert not inside, f"{a.name} meets {b.name} at {t_s} s"
