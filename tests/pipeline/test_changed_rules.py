"""A zone's rule is changed while a vehicle stands in it: what is reported agrees with what held."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pipeline.report import Report, ReportState
from pipeline.standing import StandingVehicle
from pipeline.watch_state import dump_watch, load_watch
from pipeline.zone import Zone
from tests.pipeline.fakes import START, FixedScanner, frame, street
from tests.pipeline.rig import PLACE, PLATE, Rig, stands, vehicle, zone


def _last_report(before: Zone, after: Zone, *, changed_s: int, scanner: FixedScanner) -> Report:
    """What is reported last of a vehicle that stands from second 2 on."""
    first = Rig(stands(2, 500), rule=before, scanner=scanner)
    first.play(0, changed_s)
    state = dump_watch(first.watch)
    assert state is not None

    def standing(at_s: float) -> tuple[StandingVehicle, ...]:
        return (vehicle(at_s, arrived_s=2.0 - changed_s),)

    second = Rig(standing, rule=after, scanner=scanner, evidence=first.evidence, sink=first.sink)
    since = START + timedelta(seconds=changed_s)
    load_watch(second.watch, state, frame(0.0, street(vehicle=PLACE), started=since))
    for at in range(80):
        shown = street(vehicle=PLACE, shade=at % 3)
        second.watch.step(frame(float(at), shown, index=at, started=since))
    return second.sink.reports[-1]


def test_a_report_states_the_dwell_that_was_exceeded() -> None:
    """It stated the dwell of when the vehicle came, an hour, and accused it after twenty seconds."""
    report = _last_report(zone(dwell_s=3600), zone(dwell_s=20), changed_s=12, scanner=FixedScanner(PLATE))
    assert report.state is ReportState.FINAL
    assert report.dwell_limit_s == 20


def test_a_violation_of_the_rule_that_held_stays_one() -> None:
    unsure = FixedScanner(PLATE, certainty=0.3)
    before = zone(dwell_s=20, report_unread=True)
    report = _last_report(before, replace(before, dwell_s=3600), changed_s=28, scanner=unsure)
    assert report.state is ReportState.FINAL
    assert report.dwell_limit_s == 20
