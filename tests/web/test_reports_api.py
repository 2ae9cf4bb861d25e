from __future__ import annotations

from datetime import timedelta

from jobs.camera_status import StatusBoard
from storage.account_values import Role
from tests.reports import NOON
from tests.web.conftest import Site
from tests.web.kept_reports import kept
from tests.web.served import statuses


def test_a_program_pages_through_the_reports_it_may_see(site: Site) -> None:
    for number in range(5):
        kept(site.services, f"r{number}", parked_at=NOON + timedelta(minutes=number))
    kept(site.services, "other", camera="yard")
    client = site.client(Role.VIEWER, cameras=frozenset({"gate"}))
    first = client.get("/api/reports", params={"rows": 3}).json()
    second = client.get("/api/reports", params={"rows": 3, "after": first["next"]}).json()
    reports = first["reports"] + second["reports"]
    assert [report["parked_at"] for report in reports] == sorted(
        (report["parked_at"] for report in reports), reverse=True
    )
    assert {report["camera"] for report in reports} == {"gate"}
    assert (len(reports), second["next"]) == (5, None)


def test_a_program_reads_and_reviews_a_report(site: Site) -> None:
    report = kept(site.services, "a")
    client = site.client(Role.OPERATOR)
    path = f"/api/reports/{report.id}"
    assert client.post(f"{path}/review", json={"step": "rejected"}).status_code == 422
    assert client.post(f"{path}/review", json={"step": "corrected", "becomes": "12가3466"}).status_code == 204
    assert client.post(f"{path}/review", json={"step": "confirmed"}).status_code == 204
    whole = client.get(path).json()
    assert (whole["verdict"], whole["plate"], whole["plate_corrected"]) == (
        "confirmed",
        "12가3456",
        "12가3466",
    )
    assert [step["step"] for step in whole["reviews"]] == ["corrected", "confirmed"]
    assert client.get(whole["evidence"][0]["path"]).headers["content-type"] == "image/jpeg"
    assert client.get("/api/reports/none").status_code == 404


def test_metrics_are_prometheus_text_of_the_cameras_one_may_see(site: Site) -> None:
    site.services.redis.flushdb()
    StatusBoard(site.services.redis).tell(statuses())
    text = site.client(Role.VIEWER, cameras=frozenset({"gate"})).get("/metrics").text
    assert 'gotcha_camera_watched{camera="gate"} 1.0' in text
    assert 'gotcha_camera_usable{camera="gate"} 1.0' in text
    assert "yard" not in text
    assert "gotcha_redis_away 0.0" in text
    both = site.client(Role.VIEWER).get("/metrics").text
    assert 'gotcha_camera_usable{camera="yard"} 0.0' in both
    age = next(
        line for line in both.splitlines() if line.startswith('gotcha_camera_frame_age_seconds{camera="g')
    )
    assert 0 <= float(age.split()[1]) < 60
