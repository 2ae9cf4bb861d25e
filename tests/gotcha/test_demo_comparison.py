"""The demo's verdict on its own reports: what it must not pass over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from gotcha.config import Config, parse_config
from gotcha.demo_comparison import compare
from pipeline.geometry import Box
from pipeline.plate import PlateText
from pipeline.report import Evidence, EvidenceKind, RejectionReason, Report, ReportState
from simulator.truth import SceneTruth, StandingTruth
from storage.database import open_database
from storage.evidence_folder import EvidenceFolder
from storage.report_store import SqlReportStore
from tests import reports as samples
from tests.gotcha.street import Parker, street
from tests.sources.media import write_video
from vision.encode import encode_jpeg

BEGAN_AT = datetime(2026, 5, 1, tzinfo=UTC)
DWELL_S = 10.0
DAMAGED = b"a clip that was cut off"


@pytest.fixture(scope="module")
def truth() -> SceneTruth:
    """A vehicle that parks at one kerb, and a short stop at the other."""
    first = Parker(side="right", from_s=4.0, to_s=30.0)
    return street(length_s=60.0, parkers=(first, Parker(side="left", from_s=14.0, to_s=19.0))).truth()


class Case:
    """A database, the evidence, and the street's truth."""

    def __init__(self, folder: Path, truth: SceneTruth) -> None:
        self.config: Config = parse_config(f"state_dir: {folder}", environment={})
        self.truth = truth
        (self.long,) = (h for h in truth.stationary if h.zone and h.t1 - h.t0 >= DWELL_S)
        (self.short,) = (h for h in truth.stationary if h.zone and h.t1 - h.t0 < DWELL_S)
        self._clip = write_video(folder / "clip.mp4").read_bytes()

    def told(self, halt: StandingTruth, name: str, clip: bytes | None = None, **changes: object) -> Report:
        """A final report that agrees with `halt`."""
        arrived = BEGAN_AT + timedelta(seconds=halt.t0)
        left = BEGAN_AT + timedelta(seconds=halt.t1)
        x1, y1, x2, y2 = halt.bbox_xyxy
        evidence = EvidenceFolder(self.config.evidence_dir).put(
            camera="street",
            kind=EvidenceKind.CLIP_ARRIVAL,
            taken_at=arrived,
            data=clip or self._clip,
            media_type="video/mp4",
        )
        plate = halt.plate or ""
        values: dict[str, object] = {
            "zone": halt.zone,
            "box": Box(x1=x1, y1=y1, x2=x2, y2=y2),
            "plate": PlateText(text=plate, confidences=(0.99,) * len(plate), accepted=True, readings=5),
            "arrived_at": arrived,
            "parked_at": arrived,
            "violating_at": arrived + timedelta(seconds=DWELL_S),
            "departed_at": left,
            "last_seen_at": left,
            "evidence": (*self._photos(arrived), evidence),
        }
        return replace(samples.final(name), **(values | changes))  # type: ignore[arg-type]

    def _photos(self, arrived: datetime) -> Iterator[Evidence]:
        store = EvidenceFolder(self.config.evidence_dir)
        for kind, after_s, grey in ((EvidenceKind.PHOTO_1, 0.0, 40), (EvidenceKind.PHOTO_2, 61.0, 200)):
            yield store.put(
                camera="street",
                kind=kind,
                taken_at=arrived + timedelta(seconds=after_s),
                data=encode_jpeg(np.full((8, 8, 3), grey, np.uint8)),
                media_type="image/jpeg",
            )

    def verdict(self, *reports: Report, truth: SceneTruth | None = None) -> int:
        engine = open_database(self.config.database_url)
        store = SqlReportStore(engine)
        for report in reports:
            store.apply(report, at=BEGAN_AT, by="test")
        engine.dispose()
        console = Console(quiet=True)
        return compare(self.config, truth or self.truth, began_at=BEGAN_AT, dwell_s=DWELL_S, console=console)

    def rejection(self, halt: StandingTruth, reason: RejectionReason) -> Report:
        told = self.told(halt, "rejected")
        return replace(told, state=ReportState.REJECTED, rejection=reason, violating_at=None)


@pytest.fixture
def case(tmp_path: Path, truth: SceneTruth) -> Case:
    return Case(tmp_path, truth)


def test_a_report_and_the_rejection_of_a_short_stop_are_right(case: Case) -> None:
    rejected = case.rejection(case.short, RejectionReason.LEFT_BEFORE_DWELL)
    assert case.verdict(case.told(case.long, "a"), rejected) == 0


def test_a_missing_report_is_not(case: Case) -> None:
    assert case.verdict() == 1


def test_a_report_that_nobody_decided_is_not(case: Case) -> None:
    left_over = case.told(case.long, "b", state=ReportState.TEMPORARY)
    assert case.verdict(case.told(case.long, "a"), left_over) == 1


def test_a_duplicate_where_nothing_repeats_is_not(case: Case) -> None:
    first = case.told(case.long, "a")
    again = case.told(case.long, "b", state=ReportState.DUPLICATE, duplicate_of=first.id)
    assert case.verdict(first, again) == 1


def test_a_rejection_of_what_stood_long_enough_is_not(case: Case) -> None:
    rejected = case.rejection(case.long, RejectionReason.LEFT_BEFORE_DWELL)
    assert case.verdict(case.told(case.long, "a"), rejected) == 1


def test_a_rejection_for_another_reason_is_not(case: Case) -> None:
    rejected = case.rejection(case.short, RejectionReason.VIEW_CHANGED)
    assert case.verdict(case.told(case.long, "a"), rejected) == 1


def test_a_clip_that_does_not_play_is_not(case: Case) -> None:
    """Clips passed by their checksum alone, so that one without a single picture counted as evidence."""
    assert case.verdict(case.told(case.long, "a", clip=DAMAGED)) == 1


def test_the_halt_nearest_in_time_is_compared(case: Case) -> None:
    """A vehicle that parked twice in a place was compared with its first halt, whichever was reported."""
    later = replace(case.long, id="again", t0=case.long.t0 + 30.0, t1=case.long.t1 + 30.0)
    both = replace(case.truth, stationary=(*case.truth.stationary, later))
    stored = (case.told(later, "b"), case.told(case.long, "a"))
    assert case.verdict(*stored, truth=both) == 0
    # The order of the truth decided until now.
    turned = replace(case.truth, stationary=(later, *case.truth.stationary))
    assert case.verdict(truth=turned) == 0
