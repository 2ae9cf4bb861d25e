"""One suite over the store of analyses: SQLite and PostgreSQL, both real."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from pipeline.errors import InvalidValueError
from storage.analyses import (
    AnalysisFilter,
    AnalysisKind,
    AnalysisSource,
    AnalysisState,
    NewAnalysis,
    Progress,
    SeenBy,
    UploadedFile,
)
from storage.analysis_store import AnalysisStore
from tests.reports import NOON, hex_id

SOON = NOON + timedelta(seconds=10)
LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def store(engine: Engine) -> AnalysisStore:
    return AnalysisStore(engine)


def asked(
    name: str | int = "a", *, content: str = "a", camera: str | None = "gate", **more: str
) -> NewAnalysis:
    digest = hex_id(content) * 2
    return NewAnalysis(
        id=hex_id(name),
        kind=AnalysisKind.PHOTO,
        files=(
            UploadedFile(
                key=f"{digest[:2]}/{digest}",
                sha256=digest,
                name="차.jpg",
                media_type="image/jpeg",
                size_bytes=7,
            ),
        ),
        settings=more,
        camera=camera,
        source=AnalysisSource.HTTP,
        owner="anna",
    )


def waiting(store: AnalysisStore, *, created_before: datetime, now: datetime) -> tuple[str, ...]:
    found = store.waiting(created_before=created_before, now=now)
    assert {one.kind for one in found} <= {AnalysisKind.PHOTO}
    return tuple(one.id for one in found)


def test_a_request_comes_back_as_it_was_given(store: AnalysisStore) -> None:
    submitted = store.submit(asked(note="x"), at=NOON)
    assert submitted.new
    assert store.get(hex_id("a")) == submitted.analysis
    assert submitted.analysis.asked == asked(note="x")
    assert (submitted.analysis.state, submitted.analysis.attempts) == (AnalysisState.QUEUED, 0)
    assert submitted.analysis.created_at == NOON
    assert store.get(hex_id("b")) is None


def test_the_same_files_are_answered_by_the_analysis_there_is(store: AnalysisStore) -> None:
    store.submit(asked("a"), at=NOON)
    again = store.submit(asked("b"), at=LATER)
    assert (again.new, again.analysis.id) == (False, hex_id("a"))
    assert store.submit(asked("c", camera="yard"), at=LATER).new
    assert store.submit(asked("d", content="other"), at=LATER).new
    assert store.submit(asked("e", zone="x"), at=LATER).new


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_what_failed_or_was_cancelled_may_be_asked_for_again(store: AnalysisStore, end: str) -> None:
    store.submit(asked("a"), at=NOON)
    store.begin(hex_id("a"), claim="1", at=NOON, until=SOON)
    if end == "failed":
        assert store.fail(hex_id("a"), claim="1", at=SOON, error="no picture")
    else:
        assert store.cancelled(hex_id("a"), claim="1", at=SOON)
    assert store.submit(asked("b"), at=LATER).new
    first = store.get(hex_id("a"))
    assert first is not None
    assert (first.state.value, first.error) == (end, "no picture" if end == "failed" else "")


def test_one_that_is_about_to_be_cancelled_answers_nobody(store: AnalysisStore) -> None:
    """Who sent a video again right after its cancelling was given the analysis that was about to end."""
    store.submit(asked("a"), at=NOON)
    store.begin(hex_id("a"), claim="1", at=NOON, until=LATER)
    store.ask_to_cancel(hex_id("a"), at=SOON)
    assert store.submit(asked("b"), at=SOON).new
    again = store.begin_again(hex_id("a"))
    assert again is not None
    assert (again.analysis.id, again.new) == (hex_id("a"), False)
    assert store.cancelled(hex_id("a"), claim="1", at=LATER)
    assert store.submit(asked("c"), at=LATER).analysis.id == hex_id("b")


def test_one_that_was_done_before_its_cancelling_was_heard_answers(store: AnalysisStore) -> None:
    store.submit(asked("a"), at=NOON)
    store.begin(hex_id("a"), claim="1", at=NOON, until=LATER)
    store.ask_to_cancel(hex_id("a"), at=SOON)
    assert store.complete(hex_id("a"), claim="1", at=SOON, result="{}")
    assert store.submit(asked("b"), at=LATER).analysis.id == hex_id("a")


def test_one_that_ends_before_it_was_ever_renewed_is_done_in_full(store: AnalysisStore) -> None:
    """A video of six seconds was completed with 0 of 0 seconds."""
    store.submit(asked(), at=NOON)
    store.begin(hex_id("a"), claim="1", at=NOON, until=LATER)
    assert store.complete(hex_id("a"), claim="1", at=SOON, result="{}", whole_s=6.0)
    done = store.get(hex_id("a"))
    assert done is not None
    assert done.progress == Progress(done_s=6.0, whole_s=6.0, remaining_s=None)


def test_from_the_queue_to_the_result(store: AnalysisStore) -> None:
    store.submit(asked(), at=NOON)
    begun = store.begin(hex_id("a"), claim="1", at=NOON, until=SOON)
    assert begun is not None
    assert (begun.state, begun.attempts, begun.started_at) == (AnalysisState.PROCESSING, 1, NOON)
    progress = Progress(done_s=3.0, whole_s=6.0, remaining_s=1.5)
    assert store.renew(hex_id("a"), claim="1", until=LATER, progress=progress) is AnalysisState.PROCESSING
    running = store.get(hex_id("a"))
    assert running is not None
    assert running.progress == progress
    assert store.complete(hex_id("a"), claim="1", at=LATER, result='{"vehicles": 1}')
    done = store.get(hex_id("a"))
    assert done is not None
    assert (done.state, done.result, done.ended_at) == (AnalysisState.COMPLETED, '{"vehicles": 1}', LATER)
    assert done.progress == Progress(done_s=6.0, whole_s=6.0)
    assert done.ended
    assert store.begin(hex_id("a"), claim="2", at=LATER, until=LATER) is None
    assert not store.complete(hex_id("a"), claim="1", at=LATER, result="{}")


def test_a_living_claim_keeps_others_out_and_a_dead_one_does_not(store: AnalysisStore) -> None:
    store.submit(asked(), at=NOON)
    assert store.begin(hex_id("a"), claim="1", at=NOON, until=SOON)
    assert store.begin(hex_id("a"), claim="2", at=NOON, until=SOON) is None
    taken = store.begin(hex_id("a"), claim="2", at=LATER, until=LATER + timedelta(seconds=10))
    assert taken is not None
    assert (taken.attempts, taken.started_at) == (2, NOON)
    # The slow one comes back: all it does is without effect.
    assert store.renew(hex_id("a"), claim="1", until=LATER, progress=Progress()) is None
    assert not store.complete(hex_id("a"), claim="1", at=LATER, result="{}")
    assert not store.fail(hex_id("a"), claim="1", at=LATER, error="x")
    assert not store.release(hex_id("a"), claim="1")
    assert store.complete(hex_id("a"), claim="2", at=LATER, result='{"by": 2}')


def test_a_released_one_waits_as_if_it_had_not_been_tried(store: AnalysisStore) -> None:
    store.submit(asked(), at=NOON)
    store.begin(hex_id("a"), claim="1", at=NOON, until=LATER)
    assert store.release(hex_id("a"), claim="1")
    found = store.get(hex_id("a"))
    assert found is not None
    assert (found.state, found.attempts) == (AnalysisState.QUEUED, 0)
    assert waiting(store, created_before=SOON, now=NOON) == (hex_id("a"),)


def test_one_that_waits_for_what_is_away_says_so_and_is_left_alone_for_a_while(store: AnalysisStore) -> None:
    store.submit(asked(), at=NOON)
    store.begin(hex_id("a"), claim="1", at=NOON, until=LATER)
    assert store.release(hex_id("a"), claim="1", not_before=LATER, why="the disk is full")
    found = store.get(hex_id("a"))
    assert found is not None
    assert (found.state, found.attempts, found.error) == (AnalysisState.QUEUED, 0, "the disk is full")
    assert waiting(store, created_before=SOON, now=NOON) == ()
    assert store.begin(hex_id("a"), claim="2", at=SOON, until=LATER) is None
    assert waiting(store, created_before=SOON, now=LATER) == (hex_id("a"),)
    again = store.begin(hex_id("a"), claim="2", at=LATER, until=LATER)
    assert again is not None
    assert (again.attempts, again.error) == (1, "")


def test_cancelling(store: AnalysisStore) -> None:
    assert store.ask_to_cancel(hex_id("z"), at=NOON) is None
    store.submit(asked("a"), at=NOON)
    waiting = store.ask_to_cancel(hex_id("a"), at=LATER)
    assert waiting is not None
    assert (waiting.state, waiting.ended_at) == (AnalysisState.CANCELLED, LATER)
    store.submit(asked("b"), at=NOON)
    store.begin(hex_id("b"), claim="1", at=NOON, until=SOON)
    running = store.ask_to_cancel(hex_id("b"), at=LATER)
    assert running is not None
    assert (running.state, running.cancel_asked) == (AnalysisState.PROCESSING, True)
    renewed = store.renew(hex_id("b"), claim="1", until=LATER, progress=Progress())
    assert renewed is AnalysisState.CANCELLED
    assert store.cancelled(hex_id("b"), claim="1", at=LATER)
    ended = store.ask_to_cancel(hex_id("b"), at=LATER)
    assert ended is not None
    assert ended.state is AnalysisState.CANCELLED


def test_a_cancelled_one_whose_worker_was_killed_is_not_done_again(store: AnalysisStore) -> None:
    store.submit(asked(), at=NOON)
    store.begin(hex_id("a"), claim="1", at=NOON, until=SOON)
    store.ask_to_cancel(hex_id("a"), at=NOON)
    assert store.begin(hex_id("a"), claim="2", at=LATER, until=LATER) is None
    found = store.get(hex_id("a"))
    assert found is not None
    assert found.state is AnalysisState.CANCELLED


def test_who_waits_for_a_worker(store: AnalysisStore) -> None:
    for number in range(4):
        store.submit(asked(number, content=str(number)), at=NOON + timedelta(seconds=number))
    store.begin(hex_id(1), claim="alive", at=NOON, until=LATER)
    store.begin(hex_id(2), claim="dead", at=NOON, until=SOON)
    store.begin(hex_id(3), claim="done", at=NOON, until=LATER)
    store.complete(hex_id(3), claim="done", at=LATER, result="{}")
    now = SOON + timedelta(seconds=1)
    assert waiting(store, created_before=now, now=now) == (hex_id(0), hex_id(2))
    assert waiting(store, created_before=NOON, now=now) == ()
    assert store.unfinished() == 3


def test_lists_by_every_filter(store: AnalysisStore) -> None:
    store.submit(asked("a", content="a", camera="gate"), at=NOON)
    store.submit(asked("b", content="b", camera=None), at=LATER)
    store.begin(hex_id("b"), claim="1", at=LATER, until=LATER)

    def ids(wanted: AnalysisFilter) -> list[str]:
        return [one.id for one in store.list(wanted)]

    assert ids(AnalysisFilter()) == [hex_id("b"), hex_id("a")]
    assert ids(AnalysisFilter(limit=1, offset=1)) == [hex_id("a")]
    assert ids(AnalysisFilter(states=frozenset({AnalysisState.QUEUED}))) == [hex_id("a")]
    assert ids(AnalysisFilter(kinds=frozenset({AnalysisKind.VIDEO}))) == []
    assert ids(AnalysisFilter(camera="gate")) == [hex_id("a")]
    assert ids(AnalysisFilter(owner="anna")) == [hex_id("b"), hex_id("a")]
    with pytest.raises(InvalidValueError, match="limit"):
        AnalysisFilter(limit=0)


def test_a_list_holds_as_many_as_asked_for_of_what_its_asker_may_see(store: AnalysisStore) -> None:
    """Left out afterwards, those of others would leave a page of nothing where there is something."""
    for number in range(6):
        camera = ("gate", "yard", None)[number % 3]
        at = NOON + timedelta(seconds=number)
        store.submit(asked(number, content=f"c{number}", camera=camera), at=at)
    mine = SeenBy(name="nobody", cameras=frozenset({"gate"}))
    found = store.list(AnalysisFilter(seen_by=mine, limit=2))
    assert [one.id for one in found] == [hex_id(3), hex_id(0)]
    assert store.list(AnalysisFilter(seen_by=mine, limit=1, offset=1)) == found[1:]
    sender = SeenBy(name=found[0].asked.owner, cameras=frozenset())
    assert len(store.list(AnalysisFilter(seen_by=sender))) == 6
    assert store.list(AnalysisFilter(seen_by=SeenBy(name="nobody", cameras=frozenset()))) == ()


def test_what_ended_long_ago_is_forgotten(store: AnalysisStore) -> None:
    store.submit(asked("a", content="a"), at=NOON)
    store.submit(asked("b", content="b"), at=NOON)
    assert len(store.upload_keys()) == 2
    store.ask_to_cancel(hex_id("a"), at=NOON)
    assert store.forget(ended_before=NOON) == 0
    assert store.forget(ended_before=LATER) == 1
    assert (store.get(hex_id("a")), store.unfinished(), len(store.upload_keys())) == (None, 1, 1)


def test_files_that_an_analysis_made_are_named_too(store: AnalysisStore) -> None:
    store.submit(asked("a", content="a"), at=NOON)
    store.begin(hex_id("a"), claim="1", at=NOON, until=SOON)
    made = f"ab/ab{'0' * 62}"
    store.complete(hex_id("a"), claim="1", at=SOON, result=f'{{"annotated": {{"key": "{made}"}}}}')
    assert made in store.upload_keys()
    assert len(store.upload_keys()) == 2


def test_the_same_files_from_many_senders_at_once_are_one_analysis(store: AnalysisStore) -> None:
    news: list[bool] = []

    def send(name: int) -> None:
        news.append(store.submit(asked(name), at=NOON).new)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(news) == [False] * 7 + [True]
    assert len(store.list(AnalysisFilter())) == 1


def test_of_many_workers_one_gets_it(store: AnalysisStore) -> None:
    store.submit(asked(), at=NOON)
    got: list[str] = []

    def take(claim: str) -> None:
        if store.begin(hex_id("a"), claim=claim, at=NOON, until=SOON) is not None:
            got.append(claim)

    threads = [threading.Thread(target=take, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
