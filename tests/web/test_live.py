from __future__ import annotations

import json
from datetime import UTC, datetime

from jobs.live_view import LivePicture, LiveViews, StandingNow, View, ViewKind
from storage.account_values import Role
from tests.web.conftest import Site

TAKEN = datetime(2026, 5, 1, 9, 0, 0, 250_000, tzinfo=UTC)
GATE = View(camera="gate", kind=ViewKind.DRAWN)
STANDS = StandingNow(label="car", plate="12가3456", stood_s=61.5)


def test_who_looks_is_known_to_the_program_that_watches_and_gets_its_picture(site: Site) -> None:
    views = LiveViews(site.services.redis)
    site.services.redis.flushdb()
    assert views.watched(["gate", "yard"]) == frozenset()
    client = site.client(Role.VIEWER)
    assert client.get("/live/gate/picture").status_code == 204
    assert views.watched(["gate", "yard"]) == {GATE}
    views.leave({GATE: LivePicture(jpeg=b"\xff\xd8 a picture", taken_at=TAKEN, standing=(STANDS,))})
    answer = client.get("/live/gate/picture")
    assert answer.content == b"\xff\xd8 a picture"
    assert answer.headers["x-taken-at"] == TAKEN.isoformat()
    assert json.loads(answer.headers["x-standing"]) == [
        {"label": "car", "plate": "12가3456", "stood_s": 61.5}
    ]
    assert answer.headers["cache-control"] == "no-store"
    assert client.get("/live/gate/picture?kind=plain").status_code == 204


def test_nobody_sees_another_camera(site: Site) -> None:
    client = site.client(Role.OPERATOR, cameras=frozenset({"gate"}))
    site.services.redis.flushdb()
    assert client.get("/live/gate").status_code == 200
    for path in ("/live/yard", "/live/yard/picture", "/live/none", "/live/none/picture"):
        assert client.get(path).status_code == 404
    assert "yard" not in client.get("/live").text
    assert LiveViews(site.services.redis).watched(["yard"]) == frozenset()
