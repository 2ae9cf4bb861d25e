"""The queue's page and its API, on a real Redis and a real outbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from rq import SimpleWorker

from jobs.payloads import encode
from jobs.queues import QueueName, open_queue
from jobs.tasks import STORE_REPORT
from storage.account_values import Role
from tests.reports import final, hex_id, temporary
from tests.web.browser import PAGE
from tests.web.conftest import Site


@pytest.fixture
def admin(site: Site) -> Iterator[TestClient]:
    site.services.redis.flushdb()
    yield site.client(Role.ADMIN)
    site.services.redis.flushdb()


def waiting(site: Site, name: str) -> str:
    queue = open_queue(site.services.redis, QueueName.LIGHT)
    return queue.enqueue(STORE_REPORT, encode(final(name, revision=1)), None, job_id=hex_id(name)).id


def failed(site: Site, name: str) -> str:
    """A job that a worker ended with an error."""
    job_id = waiting(site, name)
    queue = open_queue(site.services.redis, QueueName.LIGHT)
    SimpleWorker([queue], connection=site.services.redis, serializer=queue.serializer).work(burst=True)
    return job_id


def refused(site: Site, name: str, reason: str) -> str:
    report = temporary(name)
    site.services.outbox.offer(report)
    site.services.outbox.mark_dead((report.id, report.revision), reason)
    return report.id


def test_the_page_shows_what_waits_what_failed_and_what_was_refused(site: Site, admin: TestClient) -> None:
    broken, queued = failed(site, "a"), waiting(site, "b")
    dead = refused(site, "c", "a column is missing: run `gotcha db upgrade`")
    page = admin.get("/queue", headers=PAGE).text
    for part in (broken[:8], queued[:8], dead[:8], "run `gotcha db upgrade`", "PayloadError"):
        assert part in page
    job = admin.get(f"/queue/jobs/{broken}", headers=PAGE).text
    assert "Traceback" in job
    assert "&#34;zone&#34;" in job


def test_retry_and_delete_from_the_page(site: Site, admin: TestClient) -> None:
    broken = failed(site, "a")
    assert admin.post(f"/queue/jobs/{broken}/retry", follow_redirects=False).headers["location"] == "/queue"
    queue = open_queue(site.services.redis, QueueName.LIGHT)
    assert queue.get_job_ids() == [broken]
    admin.post(f"/queue/jobs/{broken}/delete")
    assert queue.get_job_ids() == []
    again = admin.post(f"/queue/jobs/{broken}/delete", headers=PAGE)
    assert "no longer where it was" in again.text


def test_dead_letters_go_back_in_line(site: Site, admin: TestClient) -> None:
    one, two = refused(site, "a", "why"), refused(site, "b", "why")
    assert {letter["id"] for letter in admin.get("/api/queue/dead-letters").json()} == {one, two}
    assert admin.post(f"/api/queue/dead-letters/{one}/retry").json() == {"revived": 1}
    assert admin.post(f"/api/queue/dead-letters/{one}/retry").status_code == 404
    admin.post("/queue/dead-letters/retry")
    assert site.services.outbox.dead() == ()
    assert site.services.outbox.counts().pending == 2


def test_the_api_says_what_is_wrong(site: Site, admin: TestClient) -> None:
    queued = waiting(site, "b")
    (job,) = admin.get("/api/queue/jobs", params={"place": "waiting"}).json()
    assert job["id"] == queued
    answer = admin.post(f"/api/queue/jobs/{queued}/retry")
    assert (answer.status_code, "has not failed" in answer.json()["detail"]) == (409, True)
    assert admin.get("/api/queue/jobs/nothing").status_code == 404
    assert admin.delete(f"/api/queue/jobs/{queued}").status_code == 204
    assert admin.get("/api/queue/workers").json() == []


@pytest.mark.parametrize(("role", "status"), [(None, 401), (Role.VIEWER, 403), (Role.OPERATOR, 403)])
def test_it_is_the_admins(site: Site, role: Role | None, status: int) -> None:
    client = site.client(role)
    for path in ("/queue", "/queue/now", "/queue/jobs/a", "/api/queue/workers", "/api/queue/jobs"):
        assert client.get(path).status_code == status
    for path in ("/queue/jobs/a/retry", "/queue/dead-letters/retry", "/api/queue/jobs/a/retry"):
        assert client.post(path).status_code == status
