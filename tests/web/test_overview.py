"""Each camera in one word, the worst that is known of it; and what needs a person, most urgent first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobs.node_status import NodeStatus
from jobs.queue_figures import QueueFigures
from jobs.queue_name import QueueName
from pipeline.report import CameraCondition
from tests.web.statuses import well
from web.overview import Disk, Figures, Tone, at_a_glance, needs

NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)
WELL = well(NOW)
FIGURES = Figures(
    cameras=("gate",),
    statuses={"gate": WELL},
    nodes=(),
    queues=(QueueFigures(name=QueueName.LIGHT, waiting=0, failed=0, workers=1),),
    disk=Disk(free=500 * 10**9, total=10**12),
    today={},
    to_review=0,
)
LATE = NOW - timedelta(seconds=60)


@pytest.mark.parametrize(
    ("changes", "state", "tone"),
    [
        ({}, "live", Tone.OK),
        ({"condition": CameraCondition.MOVED}, "moved", Tone.BAD),
        ({"condition": CameraCondition.DARK}, "dark", Tone.WARN),
        ({"heard_at": LATE}, "stalled", Tone.BAD),
        ({"heard_at": LATE, "condition": CameraCondition.DARK}, "stalled", Tone.BAD),
        ({"heard_at": None, "condition": None}, "opening", Tone.WARN),
        ({"heard_at": None, "condition": None, "trouble": "no route"}, "unreachable", Tone.BAD),
        # A camera that sleeps for a minute between two frames.
        ({"heard_at": LATE, "late_after_s": 150.0}, "live", Tone.OK),
        ({"failure": "refused: 401"}, "failed", Tone.BAD),
        ({"dropped_rate": 3.0}, "slow", Tone.WARN),
        # Overcome by frames that came since: what counts is that they come.
        ({"trouble": "it was lost"}, "live", Tone.OK),
    ],
)
def test_a_camera_in_a_word(changes: dict[str, object], state: str, tone: Tone) -> None:
    status = replace(WELL, **changes)  # type: ignore[arg-type]
    camera = at_a_glance("gate", replace(FIGURES, statuses={"gate": status}), NOW)
    assert (camera.state, camera.tone) == (state, tone)
    found = needs(FIGURES, (camera,))
    assert [need.key for need in found] == ([] if tone is Tone.OK else [f"camera_{state}"])


def test_a_camera_that_nobody_watches_and_one_of_which_nothing_is_known() -> None:
    assert at_a_glance("gate", replace(FIGURES, statuses={}), NOW).state == "unwatched"
    away = replace(FIGURES, statuses=None, nodes=None, queues=None)
    camera = at_a_glance("gate", away, NOW)
    assert (camera.state, camera.tone) == ("unknown", Tone.STILL)
    assert [need.key for need in needs(away, (camera,))] == ["queue_away"]


def test_what_needs_a_person_comes_most_urgent_first() -> None:
    figures = replace(
        FIGURES,
        queues=(QueueFigures(name=QueueName.LIGHT, waiting=3, failed=2, workers=0),),
        nodes=(NodeStatus(node="n", waiting=3, refused=1, disk_free=1, disk_total=10),),
        disk=Disk(free=10**9, total=10**12),
        to_review=7,
    )
    dark = at_a_glance(
        "gate", replace(FIGURES, statuses={"gate": replace(WELL, condition=CameraCondition.DARK)}), NOW
    )
    found = [(need.key, need.tone) for need in needs(figures, (dark,))]
    assert found == [
        ("disk_low", Tone.BAD),
        ("no_worker", Tone.BAD),
        ("refused", Tone.BAD),
        ("camera_dark", Tone.WARN),
        ("to_review", Tone.OK),
    ]
    refused = next(need for need in needs(figures, ()) if need.key == "refused")
    assert refused.values == {"number": 3}
