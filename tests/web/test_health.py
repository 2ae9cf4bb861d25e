from __future__ import annotations

from dataclasses import replace

from fastapi.testclient import TestClient

from pipeline.errors import StorageUnavailableError
from tests.web.conftest import Site
from web.app import create_app


def test_it_lives_and_is_ready(site: Site) -> None:
    client = site.client()
    assert client.get("/health/live").json() == {"status": "ok"}
    for path in ("/health", "/health/ready"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "ok",
            "checks": {"database": "ok", "queue": "ok", "evidence": "ok"},
        }


def test_it_is_not_ready_without_its_database_and_does_not_tell_strangers_why(site: Site) -> None:
    def away() -> None:
        raise StorageUnavailableError("the database postgresql://db.inside:5432 is not available")

    client = TestClient(create_app(replace(site.services, checks={**site.services.checks, "database": away})))
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "failed", "queue": "ok", "evidence": "ok"}
    assert "db.inside" not in answer.text
    assert client.get("/health/live").status_code == 200


def test_what_is_not_there_is_said_as_a_problem(site: Site) -> None:
    answer = site.client().get("/nothing-here")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "Not Found"
