"""A misspelt filter is refused: were it passed over, everything would seem to meet it."""

from __future__ import annotations

import pytest

from storage.account_values import Role
from tests.web.conftest import Site


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/api/reports?stat=final", "state"),
        ("/api/reports?camera=gate&rows=5", ""),
        ("/search?color=red", "colour"),
        ("/analyses?status=failed", "state"),
        ("/analyses?state=failed&limit=5", ""),
        ("/api/statistics?form=2026-05-01", "since"),
        ("/api/statistics/zones.csv?form=2026-05-01", "since"),
        ("/api/statistics/zones.csv?since=2026-05-01", ""),
    ],
)
def test_a_filter_that_is_none_is_refused_with_those_that_are(site: Site, path: str, known: str) -> None:
    answer = site.client(Role.ADMIN).get(path)
    assert answer.status_code == (422 if known else 200), answer.text
    if known:
        assert answer.json()["detail"].startswith("expected ")
        assert known in answer.json()["detail"].removeprefix("expected ").partition(", got ")[0].split(", ")


@pytest.mark.parametrize("path", ["review", "export"])
def test_an_order_with_a_misspelt_part_is_refused(site: Site, path: str) -> None:
    order = {"step": "confirmed", "reasn": "x"} if path == "review" else {"clip": False}
    answer = site.client(Role.ADMIN).post(f"/api/reports/{'a' * 32}/{path}", json=order)
    assert answer.status_code == 422
