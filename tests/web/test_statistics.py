"""The statistics' page, its drawings and its tables."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.account_values import Role
from tests.reports import final
from tests.web.browser import PAGE
from tests.web.conftest import Site
from web.bar_chart import HEIGHT, WIDTH, bar_chart
from web.statistics_tables import TableName


@pytest.fixture
def filled(site: Site) -> Site:
    """Three reports at the gate, one in the yard, an hour ago."""
    at = site.services.now() - timedelta(hours=1)
    for name, camera, zone in (
        *((name, "gate", "fire lane") for name in "abc"),
        ("d", "yard", "=HYPERLINK()"),
    ):
        report = replace(
            final(name, revision=1),
            camera=camera,
            zone=zone,
            arrived_at=at,
            parked_at=at,
            departed_at=at + timedelta(minutes=7),
        )
        site.services.reports.apply(report, at=at, by="w1")
    return site


def test_the_page_draws_what_the_api_counts(filled: Site) -> None:
    client = filled.client(Role.VIEWER)
    figures = client.get("/api/statistics").json()
    assert (figures["reports"], sum(figures["by_hour"]), figures["dwell"]["5-10"]) == (4, 4, 4)
    assert [(zone["camera"], zone["reports"]) for zone in figures["zones"]] == [("gate", 3), ("yard", 1)]
    page = client.get("/statistics", headers=PAGE).text
    assert "fire lane" in page
    assert page.count('<svg class="chart"') == 3
    assert "5-10: 4" in page


def test_somebody_sees_only_their_cameras(filled: Site) -> None:
    client = filled.client(Role.VIEWER, frozenset({"yard"}))
    assert client.get("/api/statistics").json()["reports"] == 1
    assert client.get("/api/statistics", params={"camera": "gate"}).json()["reports"] == 0
    page = client.get("/statistics", headers=PAGE).text
    assert "gate" not in page
    assert "fire lane" not in client.get("/api/statistics/zones.csv").text


@pytest.mark.parametrize("name", list(TableName))
def test_every_table_is_a_csv(filled: Site, name: TableName) -> None:
    answer = filled.client(Role.VIEWER).get(f"/api/statistics/{name.value}.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    header, *rows = csv.reader(io.StringIO(answer.text))
    assert all(len(row) == len(header) for row in rows)
    if name is TableName.HOURS:
        assert sum(int(row[1]) for row in rows) == 4


def test_a_spreadsheet_does_not_run_a_zones_name(filled: Site) -> None:
    rows = csv.reader(io.StringIO(filled.client(Role.VIEWER).get("/api/statistics/zones.csv").text))
    assert "'=HYPERLINK()" in [row[1] for row in rows]


@pytest.mark.parametrize(
    "asked", [{"days": 0}, {"since": "2026-02-02", "until": "2026-02-01"}, {"since": "0900-01-01"}]
)
def test_an_impossible_period_is_refused(site: Site, asked: dict[str, object]) -> None:
    assert site.client(Role.VIEWER).get("/api/statistics", params=asked).status_code == 422


def test_an_empty_form_is_the_usual_period(site: Site) -> None:
    asked = {"days": "", "since": "", "until": "", "camera": ""}
    answer = site.client(Role.VIEWER).get("/statistics", params=asked, headers=PAGE)
    assert answer.status_code == 200


def test_it_needs_a_login(site: Site) -> None:
    for path in ("/statistics", "/api/statistics", "/api/statistics/days.csv"):
        assert site.client().get(path).status_code == 401


@given(st.lists(st.integers(min_value=0, max_value=10**7), max_size=400))
def test_every_bar_lies_within_the_drawing_and_as_high_as_its_value(counts: list[int]) -> None:
    chart = bar_chart([(str(number), count) for number, count in enumerate(counts)])
    assert 2 <= len(chart.lines) <= 6
    assert chart.lines[-1].value >= max(counts, default=0)
    for bar in chart.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT
    by_value = sorted(chart.bars, key=lambda bar: bar.value)
    assert [bar.height for bar in by_value] == sorted(bar.height for bar in chart.bars)
