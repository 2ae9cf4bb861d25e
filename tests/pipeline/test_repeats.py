"""Which vehicle is one that was reported before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.case import Case
from pipeline.geometry import Box
from pipeline.picture import ArrayPicture
from pipeline.plate import UNREAD, PlateText
from pipeline.repeats import REFOUND_S, Repeats
from pipeline.report import EvidenceKind
from pipeline.sights import Sights
from tests.pipeline.fakes import START, MemoryEvidence, encode, street
from tests.pipeline.rig import PLACE, vehicle

HOUR_S = 3600.0


class Street:
    """Cases at one place, with a photo of the vehicle painted from `seed`, and the repeats among them."""

    def __init__(self) -> None:
        self.store = MemoryEvidence()
        self.sights = Sights(store=self.store)
        self.repeats = Repeats(window_s=4 * HOUR_S)

    def case(
        self,
        name: str,
        *,
        arrived_s: float,
        left_s: float,
        seed: int = 1,
        plate: PlateText = UNREAD,
        since_start: bool = False,
        box: Box = PLACE,
    ) -> Case:
        photo = self.store.put(
            camera="gate",
            kind=EvidenceKind.PHOTO_1,
            taken_at=START,
            data=encode(street(vehicle=box, seed=seed)),
            media_type="image/jpeg",
        )
        stood = vehicle(left_s, name=name, arrived_s=arrived_s, box=box)
        made = Case(
            report_id=name * 16,
            vehicle=replace(stood, since_start=since_start),
            zone="hydrant",
            zone_kind="fire_hydrant",
            dwell_s=20.0,
            frame_size=ArrayPicture(street()).size,
            parked_at=START + timedelta(seconds=arrived_s + 5),
            departed_at=START + timedelta(seconds=left_s),
            plate=plate,
        )
        return made.with_evidence(photo)

    def reported(self, case: Case) -> Case:
        self.repeats.add(case)
        return case

    def repeat_of(self, case: Case) -> str | None:
        return self.repeats.of(case, self.sights)


def read(text: str) -> PlateText:
    return PlateText(text=text, confidences=(0.95,) * len(text), accepted=True, readings=3)


def test_a_vehicle_lost_and_found_again_at_once_is_a_repeat_by_its_looks() -> None:
    place = Street()
    first = place.reported(place.case("v1", arrived_s=0, left_s=100))
    assert place.repeat_of(place.case("v2", arrived_s=130, left_s=300)) == first.report_id


@pytest.mark.parametrize("away_s", [REFOUND_S + 5, 106.0, HOUR_S, 3 * HOUR_S])
def test_a_like_vehicle_that_comes_later_is_another_one(away_s: float) -> None:
    """Over a day at one kerb half of the vehicles look like one of those before, and were never reported."""
    place = Street()
    place.reported(place.case("v1", arrived_s=0, left_s=100))
    assert place.repeat_of(place.case("v2", arrived_s=100 + away_s, left_s=9000 + away_s)) is None


def test_a_vehicle_that_stands_there_after_an_interruption_is_a_repeat_however_long_it_was() -> None:
    """The camera was covered for an hour; the vehicle reported before still stands there."""
    place = Street()
    first = place.reported(place.case("v1", arrived_s=0, left_s=100))
    again = place.case("v2", arrived_s=100 + HOUR_S, left_s=200 + HOUR_S, since_start=True)
    assert place.repeat_of(again) == first.report_id


def test_only_the_last_one_that_stood_there_can_be_found_again() -> None:
    place = Street()
    place.reported(place.case("v1", arrived_s=0, left_s=60))
    place.reported(place.case("v2", arrived_s=70, left_s=130, seed=5))
    assert place.repeat_of(place.case("v3", arrived_s=140, left_s=300)) is None


def test_a_plate_tells_a_repeat_hours_later() -> None:
    place = Street()
    first = place.reported(place.case("v1", arrived_s=0, left_s=60, plate=read("12가3456")))
    place.reported(place.case("v2", arrived_s=70, left_s=130, seed=5, plate=read("99나1111")))
    again = place.case("v3", arrived_s=2 * HOUR_S, left_s=3 * HOUR_S, seed=9, plate=read("12가3456"))
    assert place.repeat_of(again) == first.report_id


def test_a_like_vehicle_of_another_size_is_another_one() -> None:
    """A white estate left, a white city car took its place: brought to one size their crops looked alike."""
    place = Street()
    place.reported(place.case("v1", arrived_s=0, left_s=60))
    smaller = Box(x1=330, y1=258, x2=450, y2=336)
    assert place.repeat_of(place.case("v2", arrived_s=80, left_s=200, box=smaller)) is None
