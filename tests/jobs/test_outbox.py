from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.outbox import ItemKind, Outbox, OutboxCounts
from jobs.payloads import decode
from pipeline.errors import PayloadError, QueueError
from tests.reports import camera_event, final, hex_id, rejected, temporary
from tests.storage.test_evidence_folder import file_size_limit


def keys(outbox: Outbox, now: float = 0.0) -> list[tuple[str, int]]:
    return [(item.id, item.revision) for item in outbox.due(100, now)]


A1, A2, B1 = (hex_id("a"), 1), (hex_id("a"), 2), (hex_id("b"), 1)


def test_what_is_offered_is_due_in_order(outbox: Outbox) -> None:
    outbox.offer(temporary("b"))
    outbox.offer(temporary("a"))
    outbox.offer(camera_event("e"))
    assert keys(outbox) == [B1, A1, (hex_id("e"), 1)]
    items = outbox.due(100, 0.0)
    assert [item.kind for item in items] == [ItemKind.REPORT, ItemKind.REPORT, ItemKind.CAMERA_EVENT]
    assert decode(items[1].payload) == temporary("a")
    assert outbox.arrived.is_set()


def test_the_same_revision_is_kept_once(outbox: Outbox) -> None:
    for _ in range(3):
        outbox.offer(temporary())
    assert outbox.counts() == OutboxCounts(pending=1, sent=0, dead=0)


def test_a_revision_waits_for_the_one_before(outbox: Outbox) -> None:
    outbox.offer(temporary("a"))
    outbox.offer(final("a"))
    assert keys(outbox) == [A1]
    outbox.mark_sent([A1], now=10.0)
    assert keys(outbox) == []
    outbox.mark_stored([A1])
    assert keys(outbox) == [A2]


def test_a_revision_does_not_wait_for_a_dead_one(outbox: Outbox) -> None:
    outbox.offer(temporary("a"))
    outbox.offer(rejected("a"))
    outbox.mark_dead(A1, "because")
    assert keys(outbox) == [A2]


def test_what_came_back_waits_for_its_time(outbox: Outbox) -> None:
    outbox.offer(temporary("a"))
    outbox.mark_sent([A1], now=10.0)
    assert [item.id for item in outbox.sent_before(10.5)] == [A1[0]]
    assert outbox.sent_before(9.5) == ()
    outbox.mark_pending(A1, next_at=60.0, reason="away")
    assert keys(outbox, now=59.0) == []
    (item,) = outbox.due(1, 61.0)
    assert (item.failures, item.reason) == (1, "away")


def test_dead_letters_stay_until_they_are_revived(outbox: Outbox, tmp_path: Path) -> None:
    for name in ("a", "b"):
        outbox.offer(temporary(name))
        outbox.mark_dead((hex_id(name), 1), "no such zone")
    assert keys(outbox) == []
    outbox.close()
    again = Outbox(tmp_path / "outbox.db")
    assert [(item.id, item.reason) for item in again.dead()] == [
        (A1[0], "no such zone"),
        (B1[0], "no such zone"),
    ]
    assert again.revive(A1[0]) == 1
    assert keys(again) == [A1]
    assert again.revive() == 1
    assert keys(again) == [A1, B1]
    assert again.counts().dead == 0
    again.close()


def test_a_late_answer_buries_no_letter_twice(outbox: Outbox) -> None:
    outbox.offer(temporary("a"))
    outbox.mark_dead(A1, "refused")
    outbox.mark_pending(A1, next_at=0.0, reason="late")
    outbox.mark_sent([A1], now=0.0)
    assert outbox.counts() == OutboxCounts(pending=0, sent=0, dead=1)
    outbox.mark_stored([A1])
    assert outbox.counts() == OutboxCounts(pending=0, sent=0, dead=0)


def test_an_outbox_keeps_its_name(outbox: Outbox, tmp_path: Path) -> None:
    again = Outbox(tmp_path / "outbox.db")
    other = Outbox(tmp_path / "other.db")
    assert again.name == outbox.name
    assert other.name != outbox.name
    again.close()
    other.close()


_KILLED_AFTER_OFFER = """
import os, signal, sys
from pathlib import Path
from jobs.outbox import Outbox
from tests.reports import final
Outbox(Path(sys.argv[1])).offer(final())
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_offered_outlives_the_program(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    done = subprocess.run([sys.executable, "-c", _KILLED_AFTER_OFFER, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    outbox = Outbox(path)
    assert keys(outbox) == [A2]
    outbox.close()


def test_each_offer_reaches_the_disk(outbox: Outbox) -> None:
    settings = {
        name: outbox._file._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous")
    }
    assert settings == {"journal_mode": "wal", "synchronous": 2}


def test_threads_that_offer_together_lose_nothing(outbox: Outbox) -> None:
    def offer(start: int) -> None:
        for number in range(start, start + 25):
            outbox.offer(temporary(number))

    threads = [threading.Thread(target=offer, args=(start,)) for start in (0, 25, 50, 75)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outbox.counts().pending == 100


def _offer_many(outbox: Outbox) -> None:
    for number in range(1000):
        outbox.offer(temporary(number))


def test_a_full_disk_is_said_and_later_offers_are_taken(outbox: Outbox) -> None:
    outbox.offer(temporary("first"))
    with file_size_limit(40_000), pytest.raises(QueueError, match="free space"):
        _offer_many(outbox)
    kept = outbox.counts().pending
    assert 1 <= kept < 1000
    outbox.offer(temporary("last"))
    assert outbox.counts().pending == kept + 1


def test_an_item_that_breaks_the_bounds_is_refused(outbox: Outbox) -> None:
    with pytest.raises(PayloadError, match="note"):
        outbox.offer(temporary(note="x" * 5000))
    assert outbox.counts() == OutboxCounts(pending=0, sent=0, dead=0)


def test_a_file_that_is_no_outbox_is_said(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(QueueError, match="move the file away"):
        Outbox(path)


def test_a_closed_outbox_refuses_everything_in_our_terms(tmp_path: Path) -> None:
    """A camera that offers while the program stops must meet the error it can handle."""
    outbox = Outbox(tmp_path / "closed.db")
    outbox.offer(final("a"))
    outbox.close()
    outbox.close()
    key = (hex_id("a"), 1)
    calls: tuple[Callable[[], object], ...] = (
        lambda: outbox.offer(final("b")),
        lambda: outbox.due(1, 0.0),
        lambda: outbox.sent_before(0.0),
        lambda: outbox.mark_sent([key], 0.0),
        lambda: outbox.mark_stored([key]),
        lambda: outbox.mark_pending(key, next_at=0.0, reason="r"),
        lambda: outbox.mark_dead(key, "r"),
        outbox.counts,
        outbox.dead,
        outbox.revive,
    )
    for call in calls:
        with pytest.raises(QueueError, match="it is closed"):
            call()


def test_a_busy_file_is_an_error_not_a_loss(
    outbox: Outbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox._file._connection.execute("PRAGMA busy_timeout=50")
    with sqlite3.connect(tmp_path / "outbox.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(QueueError, match="locked"):
            outbox.offer(temporary())
        other.execute("ROLLBACK")
    other.close()
    outbox.offer(temporary())
    assert outbox.counts().pending == 1
