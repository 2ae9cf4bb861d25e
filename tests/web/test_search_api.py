from __future__ import annotations

from typing import Any

import pytest

from pipeline.vehicle_look import VehicleColour, VehicleLook
from storage.account_values import Role
from tests.reports import NOON, final, hex_id, temporary
from tests.web.conftest import Site

RED = VehicleLook(model="m", vector=(1.0, 0.0), colour=VehicleColour.RED)
ALMOST = VehicleLook(model="m", vector=(0.8, 0.6), colour=VehicleColour.RED)
BLUE = VehicleLook(model="m", vector=(-1.0, 0.0), colour=VehicleColour.BLUE)


@pytest.fixture
def filled(site: Site) -> Site:
    for report in (
        final("a", look=RED),
        temporary("b", look=ALMOST, camera="yard"),
        temporary("c", look=BLUE),
        temporary("d"),
    ):
        site.services.reports.apply(report, at=NOON, by="t")
    return site


def found(site: Site, cameras: frozenset[str] | None = None, **wanted: Any) -> list[str]:
    answer = site.client(Role.VIEWER, cameras).get("/search", params=wanted)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["found"]]


def test_a_plate_is_found_with_wildcards_and_with_an_unread_character(filled: Site) -> None:
    assert found(filled, plate="12가3456")[0] == hex_id("a")
    assert set(found(filled, plate="12*56")) == {hex_id(name) for name in "abcd"}
    assert found(filled, plate="99나9999") == []


def test_what_looks_alike_comes_best_first(filled: Site) -> None:
    assert found(filled, like=hex_id("a")) == [hex_id("a"), hex_id("b"), hex_id("c")]
    assert found(filled, like=hex_id("a"), colour="red", limit=1) == [hex_id("a")]


def test_cameras_of_others_are_neither_found_nor_compared_with(filled: Site) -> None:
    gate = frozenset({"gate"})
    assert hex_id("b") not in found(filled, gate)
    assert found(filled, gate, camera="yard") == []
    answer = filled.client(Role.VIEWER, gate).get("/search", params={"like": hex_id("b")})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"like": "nobody"}, 404),
        ({"like": hex_id("d")}, 422),
        ({"since": "2026-05-01T09:00:00"}, 422),
        ({"color": "red"}, 422),
        ({"limit": 0}, 422),
        ({"plate": "1" * 33}, 422),
    ],
)
def test_what_cannot_be_looked_for_is_refused_in_a_sentence(
    filled: Site, wanted: dict[str, Any], status: int
) -> None:
    answer = filled.client(Role.VIEWER).get("/search", params=wanted)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_a_search_is_written_down(filled: Site) -> None:
    found(filled, plate="12가3456")
    assert "plate 12가3456" in filled.services.access.entries()[0].detail


def test_nobody_searches_without_a_login(filled: Site) -> None:
    assert filled.client().get("/search").status_code == 401
