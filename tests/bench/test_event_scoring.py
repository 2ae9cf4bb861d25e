"""How found halts are counted against true ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.event_scoring import FoundHalt, score, total
from bench.event_truth import ClipTruth, TrueHalt, load_truth
from pipeline.errors import ConfigError
from pipeline.geometry import Box

BOX = Box(x1=100, y1=100, x2=200, y2=160)


def _truth(*halts: TrueHalt, unlisted: tuple[Box, ...] = ()) -> ClipTruth:
    return ClipTruth(name="clip", video=Path("clip.mp4"), halts=halts, unlisted=unlisted)


def _true(
    t0: float = 10.0, t1: float = 30.0, *, box: Box = BOX, at_start: bool = False, at_end: bool = False
) -> TrueHalt:
    return TrueHalt(id="car", box=box, t0=t0, t1=t1, at_start=at_start, at_end=at_end)


def _found(arrived_s: float = 10.0, left_s: float = 30.0, *, box: Box = BOX, left: bool = True) -> FoundHalt:
    return FoundHalt(box=box, arrived_s=arrived_s, left_s=left_s, left=left)


@pytest.mark.parametrize(
    ("found", "counts"),
    [
        ([], (1, 0, 0, 0)),
        ([_found()], (1, 1, 0, 0)),
        ([_found(box=BOX.shifted(40, 0))], (1, 1, 0, 0)),
        ([_found(box=BOX.shifted(80, 0))], (1, 0, 1, 0)),
        ([_found(40.0, 60.0)], (1, 0, 1, 0)),
        ([_found(10.0, 19.0), _found(20.0, 30.0)], (1, 1, 0, 1)),
        ([_found(), _found(box=BOX.shifted(300, 0))], (1, 1, 1, 0)),
        ([_found(10.0, 12.0)], (1, 0, 0, 0)),
    ],
    ids=["nothing", "exact", "shifted", "elsewhere", "later", "in two halves", "one false", "too short"],
)
def test_counts(found: list[FoundHalt], counts: tuple[int, int, int, int]) -> None:
    made = score(_truth(_true()), found, 3.0)
    assert (made.true, made.found, made.false, made.duplicates) == counts


def test_a_halt_too_short_to_count_excuses_what_was_found_on_it() -> None:
    made = score(_truth(_true(10.0, 12.5)), [_found(9.5, 13.0)], 3.0)
    assert (made.true, made.found, made.false) == (0, 0, 0)


def test_a_vehicle_the_truth_leaves_out_counts_for_nothing() -> None:
    made = score(_truth(unlisted=(BOX,)), [_found()], 3.0)
    assert made.false == 0


def test_the_best_place_is_matched_first() -> None:
    near, far = _found(12.0, 30.0, box=BOX.shifted(5, 0)), _found(box=BOX.shifted(45, 0))
    made = score(_truth(_true()), [far, near], 3.0)
    assert made.start_errors == (2.0,)
    assert made.duplicates == 1


def test_time_errors_count_where_the_truth_is_known() -> None:
    halts = (
        _true(10.0, 30.0),
        _true(0.0, 50.0, box=BOX.shifted(300, 0), at_start=True, at_end=True),
    )
    found = [_found(10.5, 28.0), _found(1.0, 50.0, box=BOX.shifted(300, 0), left=False)]
    made = score(_truth(*halts), found, 3.0)
    assert made.start_errors == (0.5,)
    assert made.early_errors == (1.0,)
    assert made.end_errors == (2.0,)


def test_f1_counts_duplicates_against_the_program() -> None:
    made = score(_truth(_true()), [_found(10.0, 19.0), _found(20.0, 30.0)], 3.0)
    assert made.precision == 0.5
    assert made.recall == 1.0
    assert made.f1 == pytest.approx(2 / 3)


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0.1, 50), st.floats(-200, 200)), max_size=12))
def test_every_found_event_is_counted_at_most_once(halts: list[tuple[float, float, float]]) -> None:
    found = [_found(a, a + length, box=BOX.shifted(dx, 0)) for a, length, dx in halts]
    made = score(_truth(_true(), _true(box=BOX.shifted(120, 0))), found, 3.0)
    assert made.found <= made.true
    assert made.found + made.false + made.duplicates <= len(found)
    both = total([made, made])
    assert both.true == 2 * made.true
    assert both.f1 == pytest.approx(made.f1)


def test_a_folder_without_truth_is_said(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"no NAME\.mp4 with NAME\.json"):
        load_truth(tmp_path)


def test_the_truth_names_boxes_to_ignore(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    (tmp_path / "a.json").write_text(
        '{"stationary": [{"id": "x", "bbox_xyxy": [1, 2, 30, 40], "t0": 0, "t1": 9,'
        ' "stationary_at_start": true, "stationary_at_end": false}], "ignore": [[0, 0, 5, 5]]}'
    )
    (clip,) = load_truth(tmp_path)
    assert clip.halts[0].stood_s == 9.0
    assert clip.unlisted == (Box(x1=0, y1=0, x2=5, y2=5),)
