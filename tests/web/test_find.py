"""The search page: by plate, by report, with pictures of what was found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.vehicle_look import VehicleLook
from storage.account_values import Role
from tests.reports import NOON, hex_id
from tests.web.browser import PAGE
from tests.web.conftest import Site
from tests.web.kept_reports import kept


@pytest.fixture
def filled(site: Site) -> Site:
    """Two reports at the gate that look alike, one in the yard."""
    for number, (name, camera) in enumerate((("a", "gate"), ("b", "gate"), ("c", "yard"))):
        report = kept(site.services, name, camera=camera)
        vector = (1.0, 0.0) if number < 2 else (0.0, 1.0)
        looked = replace(report, revision=report.revision + 1, look=VehicleLook(model="m", vector=vector))
        site.services.reports.apply(looked, at=NOON, by="test")
    return site


def test_a_plate_is_found_with_its_picture(filled: Site) -> None:
    client = filled.client(Role.VIEWER)
    page = client.get("/find", params={"plate": "12*"}, headers=PAGE).text
    for name in "abc":
        assert f"/reports/{hex_id(name)}/evidence/0" in page
    assert client.get(f"/reports/{hex_id('a')}/evidence/0").status_code == 200
    assert "Nothing was found" in client.get("/find", params={"plate": "99허9999"}, headers=PAGE).text


def test_a_report_finds_what_looks_alike_best_first(filled: Site) -> None:
    page = filled.client(Role.VIEWER).get("/find", params={"like": hex_id("b")}, headers=PAGE).text
    places = [page.index(f"/find?like={hex_id(name)}") for name in "bac"]
    assert max(places[:2]) < places[2]


def test_cameras_of_others_are_not_shown(filled: Site) -> None:
    client = filled.client(Role.VIEWER, frozenset({"yard"}))
    page = client.get("/find", params={"plate": "12*"}, headers=PAGE).text
    assert hex_id("c") in page
    assert hex_id("a") not in page
    assert "gate" not in page
    gone = client.get("/find", params={"like": hex_id("a")}, headers=PAGE).text
    assert "no longer kept, or you may not see it" in gone


@pytest.mark.parametrize(
    "asked",
    [
        {"vehicle": "tram"},
        {"colour": "pink"},
        {"since": "soon"},
        {"plate": "1" * 33},
        {"until": "9999-12-31"},
    ],
)
def test_what_cannot_be_looked_for_is_refused(filled: Site, asked: dict[str, str]) -> None:
    assert filled.client(Role.VIEWER).get("/find", params=asked).status_code == 422


def test_an_empty_form_asks_for_nothing(filled: Site) -> None:
    page = filled.client(Role.VIEWER).get("/find?plate=&camera=&vehicle=&since=", headers=PAGE)
    assert page.status_code == 200
    assert "Search by plate" in page.text
    assert "by-picture" not in page.text
    assert "data-by-picture" in filled.client(Role.OPERATOR).get("/find", headers=PAGE).text
