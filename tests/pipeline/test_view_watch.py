from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from pydantic import TypeAdapter

from pipeline.errors import InvalidValueError
from pipeline.picture import Gray
from pipeline.report import CameraCondition
from pipeline.view_watch import ViewSnapshot, ViewWatch
from tests.pipeline.scenes import Floats, scene, seen, with_block

OK, MOVED, BLOCKED, DARK, BLURRED, FROZEN = CameraCondition
STREET = scene(1, 320, 180)
Shot = Callable[[int], Gray]


def usual(second: int) -> Gray:
    return seen(STREET, second)


def watched(
    *parts: tuple[int, Shot], watch: ViewWatch | None = None, step_s: int = 1
) -> list[tuple[int, CameraCondition]]:
    """Changes of the condition while the parts (seconds, what is seen) follow each other."""
    watch = watch or ViewWatch()
    changes: list[tuple[int, CameraCondition]] = []
    second, last = 0, watch.condition
    for seconds, shot in parts:
        for _ in range(0, seconds, step_s):
            now = watch.update(shot(second), float(second))
            if now is not last:
                changes.append((second, now))
                last = now
            second += step_s
    return changes


def turned(angle: float, zoom: float) -> Shot:
    matrix = cv2.getRotationMatrix2D((160, 90), angle, zoom)
    return lambda s: np.asarray(
        cv2.warpAffine(usual(s), matrix, (320, 180), borderMode=cv2.BORDER_REFLECT), dtype=np.uint8
    )


@pytest.mark.parametrize(
    ("shot", "condition", "within_s"),
    [
        (lambda s: seen(STREET, s, shift=(7, 0)), MOVED, 8),
        (lambda s: seen(STREET, s, shift=(0, -8)), MOVED, 8),
        (lambda s: seen(STREET, s, shift=(-40, 12)), MOVED, 8),
        (lambda s: seen(scene(2, 320, 180), s), MOVED, 30),
        (turned(8.0, 1.0), MOVED, 70),
        (turned(0.0, 1.2), MOVED, 30),
        (lambda s: seen(STREET, s, gain=0.0, bias=170.0), BLOCKED, 15),
        (lambda s: seen(STREET, s, gain=0.02, bias=4.0), BLOCKED, 15),
        # A trace of the street agrees in the black, but nothing is clear: it was taken for a night view.
        (lambda s: seen(STREET, s, gain=0.03, bias=3.0, noise=1.0), BLOCKED, 15),
        (lambda s: seen(STREET, s, blur=1.5), BLURRED, 15),
        (lambda s: seen(STREET, s, blur=6.0, noise=1.0), BLURRED, 15),
        (lambda _: usual(5), FROZEN, 20),
    ],
    ids=[
        "right",
        "up",
        "far",
        "elsewhere",
        "turned",
        "zoomed",
        "wall",
        "hand",
        "thin glove",
        "soft",
        "defocused",
        "frozen",
    ],
)
def test_a_spoilt_view_is_noticed_and_taken_back(
    shot: Shot, condition: CameraCondition, within_s: int
) -> None:
    watch = ViewWatch()
    changes = watched((40, usual), (90, shot), (20, usual), watch=watch)
    assert [c for _, c in changes] == [condition, OK]
    assert changes[0][0] <= 40 + within_s
    assert 130 < changes[1][0] <= 136
    assert not watch.in_doubt


def bus(x: int, width: int) -> Floats:
    return with_block(STREET, x, 10, width, 160, 180.0)


def lamps(picture: Floats) -> Floats:
    """Night: all but the surroundings of four lamps is nearly black."""
    light = np.full(picture.shape, 0.02, np.float32)
    for x, y in ((50, 60), (150, 90), (250, 50), (280, 140)):
        cv2.circle(light, (x, y), 38, (0.8,), -1)
    return np.asarray(picture * cv2.GaussianBlur(light, (0, 0), 6), dtype=np.float32)


def rain(second: int) -> Gray:
    random = np.random.default_rng(second)
    wet = STREET * 0.7 + 40
    for _ in range(150):
        x, y = (int(v) for v in random.integers(0, (320, 180)))
        cv2.line(wet, (x, y), (x + 1, y + 8), (float(random.integers(150, 210)),), 1)
    return seen(np.asarray(cv2.GaussianBlur(wet, (0, 0), 0.5), dtype=np.float32), second)


def headlights(second: int) -> Gray:
    glaring = STREET * 0.35
    x = (second * 37) % 320
    cv2.circle(glaring, (x, 120), 30, (255.0,), -1)
    return seen(np.asarray(cv2.GaussianBlur(glaring, (0, 0), 3), dtype=np.float32), second, blur=0.0)


def traffic(second: int) -> Gray:
    busy = STREET
    for i in range(4):
        busy = with_block(
            busy, (second * (31 + 7 * i) + 80 * i) % 380 - 60, 90 + 20 * i, 60, 35, 40.0 + 50 * i
        )
    return seen(busy, second)


@pytest.mark.parametrize(
    "parts",
    [
        ((150, usual),),
        ((40, usual), (60, lambda s: seen(STREET, s, gain=0.3)), (60, usual)),
        ((40, usual), (60, lambda s: seen(STREET, s, gain=0.6, bias=90))),
        ((40, usual), (60, lambda s: seen(STREET, s, noise=8.0))),
        ((40, usual), (60, rain)),
        ((40, lambda s: seen(STREET, s, gain=0.4)), (60, headlights)),
        ((40, usual), (100, traffic)),
        ((40, usual), (10, lambda s: seen(bus(40, 230), s)), (30, usual)),
        ((40, usual), (35, lambda s: seen(bus(-20, 240), s)), (30, usual)),
        ((40, usual), (90, lambda s: seen(STREET, s, shift=(s % 5 - 2, s % 3 - 1)))),
        ((40, usual), (90, lambda s: seen(STREET, s, shift=(3, 0)))),
        ((8, lambda s: seen(bus(0, 300), s)), (90, usual)),
        ((40, usual), (14, lambda _: usual(5)), (30, usual)),
    ],
    ids=[
        *("usual", "cloud", "sun", "noise", "rain", "headlights", "traffic", "bus", "queue"),
        *("sway", "one percent", "bus at the start", "repeated for some seconds"),
    ],
)
def test_what_is_no_change_of_the_view_is_not_reported(parts: tuple[tuple[int, Shot], ...]) -> None:
    assert watched(*parts) == []


def test_night_falls_and_day_breaks_unnoticed_as_long_as_lamps_light_something() -> None:
    night = lamps(STREET)

    def dusk(second: int) -> Gray:
        day = min(1.0, max(0.0, 1.0 - (second - 40) / 300))
        return seen(STREET * day + night * (1 - day), second)

    def dawn(second: int) -> Gray:
        day = min(1.0, max(0.0, (second - 440) / 300))
        return seen(STREET * day + night * (1 - day), second)

    assert watched((40, usual), (400, dusk), (400, dawn), step_s=4) == []


def test_lamps_that_go_out_at_night_leave_a_dark_view() -> None:
    night, black = lamps(STREET), STREET * 0.01
    changes = watched(
        (60, lambda s: seen(night, s)), (60, lambda s: seen(black, s)), (20, lambda s: seen(night, s))
    )
    assert [c for _, c in changes] == [DARK, OK]


def test_a_program_started_in_the_dark_says_so_and_learns_in_the_light() -> None:
    watch = ViewWatch()
    black = STREET * 0.01
    changes = watched(
        (30, lambda s: seen(black, s)),
        (60, usual),
        (20, lambda s: seen(STREET, s, shift=(20, 0))),
        watch=watch,
    )
    assert [c for _, c in changes] == [DARK, OK, MOVED]
    assert "moved" in watch.explanation


def test_a_moved_camera_stays_moved_until_the_operator_accepts_the_view() -> None:
    watch = ViewWatch()

    def elsewhere(second: int) -> Gray:
        return seen(STREET, second, shift=(30, 0))

    assert [c for _, c in watched((90, usual), (900, elsewhere), watch=watch, step_s=6)] == [MOVED]
    watch.accept_view()
    assert watch.condition is OK
    assert watched((60, elsewhere), watch=watch) == []
    assert [c for _, c in watched((20, usual), watch=watch)] == [MOVED]


def test_a_mast_that_sinks_slowly_does_not_take_the_reference_with_it() -> None:
    def sinking(second: int) -> Gray:
        return seen(STREET, second, shift=(0, (second - 40) // 400))

    changes = watched((40, usual), (3000, sinking), step_s=10)
    assert [c for _, c in changes] == [MOVED]


def test_a_restart_does_not_take_a_moved_view_for_the_usual_one() -> None:
    watch = ViewWatch()
    watched((60, usual), watch=watch)
    adapter = TypeAdapter(ViewSnapshot)
    kept = adapter.dump_json(watch.snapshot())
    assert len(kept) < 300_000
    again = ViewWatch()
    again.restore(adapter.validate_json(kept))
    assert watched((30, usual), watch=again) == []
    moved = ViewWatch()
    moved.restore(adapter.validate_json(kept))
    assert [c for _, c in watched((30, lambda s: seen(STREET, s, shift=(12, 0))), watch=moved)] == [MOVED]
    still_moved = ViewWatch()
    still_moved.restore(moved.snapshot())
    assert still_moved.condition is MOVED
    assert [c for _, c in watched((10, usual), watch=still_moved)] == [OK]


def test_a_watch_that_saw_nothing_can_be_restored() -> None:
    again = ViewWatch()
    again.restore(ViewWatch().snapshot())
    assert watched((30, usual), watch=again) == []


def test_a_damaged_state_is_refused() -> None:
    state = ViewWatch().snapshot()
    for damaged in (replace(state, edges="?"), replace(state, edges="AAAA"), replace(state, pictures=3)):
        with pytest.raises(InvalidValueError, match="damaged"):
            ViewWatch().restore(damaged)


def test_a_doubt_is_said_at_once_and_before_anything_is_declared() -> None:
    watch = ViewWatch()
    watched((40, usual), watch=watch)
    assert not watch.in_doubt
    assert watch.update(seen(STREET, 1, shift=(30, 0)), 41.0) is OK
    assert watch.in_doubt


def test_a_picture_of_another_size_is_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"\(180, 320\)"):
        ViewWatch().update(np.zeros((90, 160), np.uint8), 0.0)


@pytest.mark.parametrize(("gain", "bias"), [(0.0, 30.0), (0.0, 170.0), (0.0, 0.0)])
def test_a_lens_covered_without_any_noise_is_blocked_and_not_frozen(gain: float, bias: float) -> None:
    """Behind a lens cap every picture equals the last: it was called frozen, and only after 15 s."""

    def covered(_second: int) -> Gray:
        return seen(STREET, 7, gain=gain, bias=bias, noise=0.0)

    (blocked, back) = watched((30, usual), (40, covered), (20, usual))
    assert blocked[1] is BLOCKED
    assert 40 <= blocked[0] <= 43
    assert back[1] is OK
