"""Bad input that reaches a worker: refused in a sentence, kept, never half-written, stored once mended."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from jobs.dispatcher import Dispatcher
from jobs.outbox import Outbox, OutboxCounts
from jobs.payloads import MAX_PAYLOAD_BYTES, encode
from pipeline.report import ReportState
from storage.engine import writing
from storage.report_store import SqlReportStore
from tests.jobs.conftest import Workers, wait_for
from tests.reports import final, hex_id, temporary

Payload = dict[str, Any]


def changed(**changes: object) -> Callable[[Payload], Payload]:
    return lambda payload: payload | changes


def with_key(key: str) -> Callable[[Payload], Payload]:
    def change(payload: Payload) -> Payload:
        first, *rest = payload["evidence"]
        return payload | {"evidence": [first | {"key": key}, *rest]}

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            changed(version=99),
            "has version 99, this program reads",
        ),
        (
            changed(note="x" * 4001),
            "the payload is malformed: note: String should have at most 4000 characters",
        ),
        (changed(note="x" * MAX_PAYLOAD_BYTES), f"at most {MAX_PAYLOAD_BYTES} are taken"),
        (with_key("../../etc/passwd"), "expected a relative key without '..', got '../../etc/passwd'"),
        (with_key("/etc/passwd"), "expected a relative key without '..', got '/etc/passwd'"),
        (changed(rejection="plate_unread"), "expected a reason exactly when rejected"),
        (changed(evidence=[]), "cannot be final: it has no photo_1"),
    ],
    ids=["version", "field", "whole", "path in a key", "absolute key", "contradiction", "no evidence"],
)
def test_a_bad_payload_is_refused_in_a_sentence_and_stored_once_it_is_mended(
    change: Callable[[Payload], Payload],
    sentence: str,
    outbox: Outbox,
    dispatcher: Dispatcher,
    workers: Workers,
    store: SqlReportStore,
) -> None:
    outbox.offer(temporary("a"))
    outbox.offer(final("a"))
    good = json.loads(encode(final("a")))
    _rewrite(outbox, change(good))
    workers.start(store)
    dispatcher.start()
    wait_for(lambda: outbox.counts() == OutboxCounts(pending=0, sent=0, dead=1))
    (letter,) = outbox.dead()
    assert sentence in letter.reason
    assert "12가3456" not in letter.reason
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert (stored.report, len(store.history(hex_id("a")))) == (temporary("a"), 1)

    _rewrite(outbox, good)
    assert outbox.revive() == 1
    assert dispatcher.wait_until_stored(20)
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert stored.report == final("a")


def test_a_row_that_breaks_a_constraint_is_refused_whole_and_kept(
    outbox: Outbox, dispatcher: Dispatcher, workers: Workers, store: SqlReportStore
) -> None:
    """A rule that only the database knows, broken by the last row of the transaction."""
    with writing(store._engine) as connection:
        connection.execute(
            text(
                "CREATE TRIGGER ck_of_a_test BEFORE INSERT ON chain WHEN NEW.revision = 2"
                " BEGIN SELECT RAISE(ABORT, 'ck_chain_of_a_test'); END"
            )
        )
    workers.start(store)
    dispatcher.start()
    outbox.offer(temporary("a"))
    outbox.offer(final("a"))
    wait_for(lambda: outbox.counts() == OutboxCounts(pending=0, sent=0, dead=1))
    reason = outbox.dead()[0].reason
    assert "refused (ck_chain_of_a_test); nothing of it was stored" in reason
    assert "gotcha db upgrade" in reason
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert (stored.report, len(store.history(hex_id("a")))) == (temporary("a"), 1)

    with writing(store._engine) as connection:
        connection.execute(text("DROP TRIGGER ck_of_a_test"))
    outbox.revive()
    assert dispatcher.wait_until_stored(20)
    stored = store.get(hex_id("a"))
    assert stored is not None
    assert stored.state is ReportState.FINAL


def _rewrite(outbox: Outbox, payload: Payload) -> None:
    with outbox._file.transaction("be altered") as connection:
        connection.execute("UPDATE items SET payload = ? WHERE revision = 2", (json.dumps(payload),))
