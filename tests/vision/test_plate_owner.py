from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.geometry import Box
from vision.plate_owner import fit, owned_by

CAR = Box(x1=100, y1=100, x2=300, y2=260)


def _plate(x: float, y: float, width: float = 50, height: float = 12) -> Box:
    return Box(x1=x - width / 2, y1=y - height / 2, x2=x + width / 2, y2=y + height / 2)


def test_a_plate_low_on_the_vehicle_fits_and_the_nearer_fits_better() -> None:
    center, aside = fit(_plate(200, 225), CAR), fit(_plate(260, 225), CAR)
    assert center is not None
    assert aside is not None
    assert center.distance < aside.distance


def test_plates_above_beside_or_as_wide_as_the_vehicle_do_not_fit() -> None:
    assert fit(_plate(200, 130), CAR) is None
    assert fit(_plate(340, 225), CAR) is None
    assert fit(_plate(200, 225, width=150, height=40), CAR) is None


def test_the_plate_of_a_parked_car_is_not_given_to_the_one_that_passes_in_front() -> None:
    # https://github.com/ljmerza/frigate_plate_recognizer/issues/31: any plate in the frame went to the event.
    passing = Box(x1=150, y1=150, x2=420, y2=400)
    plate = _plate(200, 225)
    assert owned_by(plate, CAR, (passing,)) is not None
    assert owned_by(plate, passing, (CAR,)) is None


def test_where_two_lower_parts_hold_it_the_better_fit_wins() -> None:
    beside = Box(x1=180, y1=100, x2=380, y2=260)
    plate = _plate(210, 222)
    assert owned_by(plate, CAR, (beside,)) is not None
    assert owned_by(plate, beside, (CAR,)) is None


def test_a_plate_exactly_between_two_vehicles_is_nobodys() -> None:
    twin = Box(x1=200, y1=100, x2=400, y2=260)
    plate = _plate(250, 225)
    assert owned_by(plate, CAR, (twin,)) is None
    assert owned_by(plate, twin, (CAR,)) is None


def test_a_second_box_of_the_same_vehicle_takes_nothing_away() -> None:
    second = Box(x1=105, y1=95, x2=303, y2=262)
    assert owned_by(_plate(200, 225), CAR, (second, CAR)) is not None


@given(
    x=st.floats(0, 500),
    y=st.floats(0, 400),
    dx=st.floats(-150, 150),
    dy=st.floats(-150, 150),
)
def test_no_plate_belongs_to_two_different_vehicles(x: float, y: float, dx: float, dy: float) -> None:
    other = CAR.shifted(dx, dy)
    plate = _plate(x, y)
    both = owned_by(plate, CAR, (other,)) is not None and owned_by(plate, other, (CAR,)) is not None
    assert not both or CAR.iou(other) >= 0.6
