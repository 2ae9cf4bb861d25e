"""What an analysis waits for, for how long, and how it is begun again; on both databases."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from jobs.analyses import AnalysisControl, AnalysisRunner
from pipeline.errors import EvidenceUnavailableError, GotchaError, PictureError
from storage.analyses import Analysis, AnalysisState
from storage.analysis_store import AnalysisStore, Submitted
from storage.database import open_database
from tests.jobs.analysis_rig import ObedientAnalyzer, asked
from tests.reports import NOON, hex_id


class Rig:
    """A store with the analysis `a`, whose try takes a minute and ends as it is told; its clock is moved."""

    def __init__(self, engine: Engine) -> None:
        self.store = AnalysisStore(engine)
        self.at = NOON
        self.ends_with: GotchaError | None = EvidenceUnavailableError("the evidence folder is full")
        self.analyzer = ObedientAnalyzer(self._within)
        self._runner = AnalysisRunner(
            self.store, self.analyzer, threading.Event(), lambda: self.at, patience=timedelta(hours=2)
        )
        self.store.submit(asked("a"), at=NOON)

    def _within(self, _: AnalysisControl) -> None:
        self.at += timedelta(minutes=1)
        if self.ends_with is not None:
            raise self.ends_with

    def tried(self) -> Analysis:
        self._runner.run(hex_id("a"))
        found = self.store.get(hex_id("a"))
        assert found is not None
        return found

    def tried_until_it_ends(self) -> Analysis:
        while not (found := self.tried()).ended:
            self.at += timedelta(minutes=2)
            assert self.at < NOON + timedelta(days=1), "it still waits"
        return found


@pytest.fixture
def rig(engine: Engine) -> Rig:
    return Rig(engine)


def test_the_wait_for_evidence_has_an_end(rig: Rig) -> None:
    """It waited for ever: nobody was told, and each quarter of an hour it was analysed from its begin."""
    first = rig.tried()
    assert (first.state, first.waiting_since) == (AnalysisState.QUEUED, NOON + timedelta(minutes=1))
    gone = rig.tried_until_it_ends()
    assert timedelta(hours=2) <= rig.at - NOON < timedelta(hours=2, minutes=10)
    assert (gone.state, gone.gave_up_waiting, gone.attempts) == (AnalysisState.FAILED, True, 1)
    assert gone.error == (
        f"given up, as what it needs has been away since {NOON + timedelta(minutes=1):%Y-%m-%d %H:%M} UTC:"
        " the evidence folder is full; once that is mended, begin it again or send the same files again"
    )
    assert asked("a").files[0].key in rig.store.upload_keys()


def test_what_comes_back_in_time_is_waited_for(rig: Rig) -> None:
    for _ in range(10):
        assert rig.tried().state is AnalysisState.QUEUED
        rig.at += timedelta(minutes=5)
    rig.ends_with = None
    done = rig.tried_until_it_ends()
    assert (done.state, done.gave_up_waiting, done.error) == (AnalysisState.COMPLETED, False, "")


def test_one_that_was_given_up_is_begun_again_as_if_it_were_new(rig: Rig) -> None:
    given_up = rig.tried_until_it_ends()
    rig.ends_with = None
    assert rig.store.begin(given_up.id, claim="x", at=rig.at, until=rig.at) is None
    again = rig.store.begin_again(given_up.id)
    assert again is not None
    assert (again.new, again.analysis.id, again.analysis.asked) == (True, given_up.id, given_up.asked)
    assert again.analysis.waiting_since is None
    assert rig.store.begin_again(given_up.id) == Submitted(analysis=again.analysis, new=False)
    done = rig.tried()
    assert (done.state, done.attempts, done.created_at) == (AnalysisState.COMPLETED, 1, NOON)
    assert rig.store.begin_again(given_up.id) == Submitted(analysis=done, new=False)
    assert rig.store.begin_again(hex_id("unknown")) is None


def test_the_same_files_sent_again_are_analysed_once_whatever_is_begun_again(rig: Rig) -> None:
    given_up = rig.tried_until_it_ends()
    anew = rig.store.submit(replace(asked("a"), id=hex_id("b")), at=rig.at)
    assert anew.new
    again = rig.store.begin_again(given_up.id)
    assert again is not None
    assert (again.new, again.analysis.id) == (False, hex_id("b"))
    assert rig.store.unfinished() == 1


def test_a_bad_file_is_no_outage(rig: Rig) -> None:
    rig.tried()
    rig.ends_with = PictureError("the picture is damaged")
    failed = rig.tried_until_it_ends()
    assert (failed.gave_up_waiting, failed.error) == (False, "the picture is damaged")


def test_one_that_shall_end_waits_no_longer(rig: Rig) -> None:
    """Its end was asked for while it was tried: it went on waiting for ten minutes first."""

    def within(_: AnalysisControl) -> None:
        rig.store.ask_to_cancel(hex_id("a"), at=rig.at)
        raise EvidenceUnavailableError("the evidence folder is full")

    rig.analyzer.within = within
    rig.tried()
    assert [one.id for one in rig.store.waiting(created_before=rig.at + timedelta(1), now=rig.at)] == [
        hex_id("a")
    ]
    assert (rig.tried().state, len(rig.analyzer.calls)) == (AnalysisState.CANCELLED, 1)


@pytest.mark.parametrize("end", ["completed", "failed", "put back"])
def test_a_database_that_is_busy_at_the_end_of_a_try_costs_no_work(
    tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What took hours was thrown away, and three such ends were taken for a file that kills its workers."""
    monkeypatch.setattr("storage.engine.BUSY_TIMEOUT_S", 0.1)
    engine = open_database(f"sqlite:///{tmp_path / 'gotcha.db'}")
    rig = Rig(engine)
    errors = {"completed": None, "failed": PictureError("x"), "put back": EvidenceUnavailableError("x")}
    rig.ends_with = errors[end]
    held = sqlite3.connect(tmp_path / "gotcha.db", isolation_level=None, check_same_thread=False)
    frees = threading.Timer(1.5, lambda: held.execute("ROLLBACK"))
    inner = rig.analyzer.within

    def within(control: AnalysisControl) -> None:
        held.execute("BEGIN IMMEDIATE")
        frees.start()
        inner(control)

    rig.analyzer.within = within
    found = rig.tried()
    frees.join()
    held.close()
    states = {"completed": AnalysisState.COMPLETED, "failed": AnalysisState.FAILED}
    assert found.state is states.get(end, AnalysisState.QUEUED)
    assert (found.attempts, len(rig.analyzer.calls)) == (0 if end == "put back" else 1, 1)
    engine.dispose()
