"""Plates corrected by an earlier program, which left the sightings alone, are found after the upgrade."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from pipeline.plate import PlateText
from pipeline.vehicle_look import VehicleColour, VehicleLook
from storage.database import upgrade
from storage.engine import connect, writing
from storage.report_store import SqlReportStore
from storage.reviews import Review, ReviewStep, SqlReviews
from storage.sighting_store import SqlSightingStore
from storage.sightings import SightingQuery
from storage.verification import verify_records
from tests.reports import NOON, final, hex_id

LOOK = VehicleLook(model="m", vector=(0.6, 0.8), colour=VehicleColour.RED)
MISREAD = PlateText(text="12가3456", confidences=(0.9,) * 7, accepted=True, readings=3)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Before the plates of earlier corrections were brought over."""
    engine = connect(database_url)
    upgrade(engine, "0015")
    yield engine
    engine.dispose()


def forget_corrections(engine: Engine) -> None:
    """What the earlier program had written: the correction on the report, the sighting as it was read."""
    with writing(engine) as connection:
        connection.execute(
            text("UPDATE sightings SET plate_text = :text, plate_confidences = :sure, plate_accepted = true"),
            {"text": MISREAD.text, "sure": str([0.9] * 7)},
        )


def found(engine: Engine, plate: str) -> list[str]:
    wanted = SightingQuery(plate=plate, least_likeness=0.85)
    return sorted(one.sighting.id for one in SqlSightingStore(engine).search(wanted))


def test_corrections_of_an_earlier_program_are_found(engine: Engine) -> None:
    reports, reviews = SqlReportStore(engine), SqlReviews(engine)
    for name in ("right", "wrong", "spaced", "unsure", "alone"):
        reports.apply(replace(final(name), plate=MISREAD, look=LOOK), at=NOON, by="w")
    said = {"wrong": "34나5678", "spaced": " 56 다 7890 ", "unsure": "78라12?4"}
    for name, plate in said.items():
        reviews.add(
            Review(report_id=hex_id(name), step=ReviewStep.CORRECTED, by="anna", at=NOON, becomes=plate)
        )
    expected = {name: SqlSightingStore(engine).get(hex_id(name)) for name in ("right", *said, "alone")}
    forget_corrections(engine)
    assert found(engine, "34나5678") == []

    assert upgrade(engine).before == "0015"

    assert {name: SqlSightingStore(engine).get(hex_id(name)) for name in expected} == expected
    assert found(engine, "34나5678") == [hex_id("wrong")]
    assert found(engine, "56다7890") == [hex_id("spaced")]
    assert found(engine, "12가3456") == sorted([hex_id("right"), hex_id("alone")])
    unsure = expected["unsure"]
    assert unsure is not None
    assert (unsure.plate.accepted, unsure.plate.confidences[5]) == (False, 0.0)
    assert verify_records(engine).findings == []
