"""The two programs that `gotcha bench faults` kills: one that reports as a frame loop does, and a worker."""

from __future__ import annotations

import json
import logging
import os
import random
import threading
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gotcha.anchoring import anchoring
from jobs.dispatcher import Dispatcher
from jobs.outbox import Outbox
from jobs.redis_connection import connect
from jobs.repeat_search import RepeatSearch
from jobs.worker import run_worker
from pipeline.detection import ObjectClass
from pipeline.errors import EvidenceError, QueueError, StorageError
from pipeline.geometry import Box, Size
from pipeline.plate import PlateText
from pipeline.report import Evidence, EvidenceKind, Report, ReportState
from storage.anchors import AnchorFile
from storage.database import open_database
from storage.evidence_folder import EvidenceFolder
from storage.place_history import PlaceHistory
from storage.report_store import SqlReportStore
from storage.watch_memory import WatchMemory

CAMERA = "bench"
WINDOW_S = 4 * 3600.0
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
# Vehicles come one after the other to these many places.
_PLACES = 8
_PHOTO_BYTES = 30_000
_RETRY_S = 0.2
_DWELL_S = 60.0
# Often, so that the ends of the chain are written down in the midst of every fault.
_ANCHOR_EVERY_S = 1.0
_STORED_WITHIN_S = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where the programs find everything.

    Attributes:
        redis_url, database_url: of the queue and the database.
        folder: of outbox, memory and evidence.
        vehicles: how many are reported.
        a_second: how many vehicles a second.
    """

    redis_url: str
    database_url: str
    folder: Path
    vehicles: int
    a_second: float

    @property
    def evidence(self) -> Path:
        return self.folder / "evidence"

    @property
    def outbox(self) -> Path:
        return self.folder / "outbox.db"

    @property
    def anchors(self) -> Path:
        return self.folder / "chain-anchors.jsonl"

    @property
    def memory(self) -> Path:
        return self.folder / "memory"


def plate(vehicle: int) -> str:
    """The plate of a vehicle; many differ in one character only."""
    return f"{10 + vehicle // 10_000:02d}가{vehicle % 10_000:04d}"


def work(setting: Setting) -> None:
    """A worker, as `gotcha worker` is one."""
    logging.disable(logging.ERROR)
    stop = threading.Event()
    while not stop.is_set():
        try:
            engine = open_database(setting.database_url)
        except StorageError:
            # The database may be away just now; `gotcha run` starts its worker again too.
            stop.wait(1.0)
            continue
        break
    store = SqlReportStore(engine)
    repeats = RepeatSearch(
        store=store,
        history=PlaceHistory(engine),
        evidence=EvidenceFolder(setting.evidence),
        window_s=WINDOW_S,
    )
    with anchoring(AnchorFile(setting.anchors), engine, every_s=_ANCHOR_EVERY_S):
        run_worker(setting.redis_url, store, repeats=repeats)


def offer_all(setting: Setting) -> None:
    """Reports every vehicle twice, photo 1 and verdict, and goes on where its memory ends.

    Ends the process with status 0 when everything is stored. What cannot be stored or offered is tried
    again, as a frame loop does at its next frame.
    """
    logging.disable(logging.ERROR)
    outbox = Outbox(setting.outbox)
    dispatcher = Dispatcher(outbox, connect(setting.redis_url))
    dispatcher.start()
    loop = _Loop(setting, outbox)
    wait = threading.Event()
    while loop.vehicle < setting.vehicles:
        try:
            loop.step()
        except (EvidenceError, QueueError, StorageError):
            wait.wait(_RETRY_S)
        else:
            wait.wait(1 / setting.a_second / 2)
    stored = dispatcher.wait_until_stored(_STORED_WITHIN_S)
    dispatcher.stop()
    dispatcher.join(10)
    os._exit(0 if stored else 1)


class _Loop:
    """One camera's memory: which vehicle it has come to, and its report so far."""

    def __init__(self, setting: Setting, outbox: Outbox) -> None:
        self._outbox = outbox
        self._memory = WatchMemory(setting.memory)
        self._evidence = EvidenceFolder(setting.evidence)
        state = self._memory.load(CAMERA)
        kept: dict[str, str | int] = {"vehicle": 0, "report": ""} if state is None else json.loads(state)
        self.vehicle, self._report_id = int(kept["vehicle"]), str(kept["report"])

    def step(self) -> None:
        """Photo 1 and the temporary report, or photo 2 and the final one; then memory, as the runner does."""
        if not self._report_id:
            # Not on disk before the step is done: killed until then, the vehicle gets another id.
            name = uuid.uuid4().hex
            photo = self._photo(EvidenceKind.PHOTO_1)
            self._outbox.offer(_temporary(self.vehicle, name, photo))
            self._report_id = name
        else:
            photos = self._photo(EvidenceKind.PHOTO_1), self._photo(EvidenceKind.PHOTO_2)
            temporary = _temporary(self.vehicle, self._report_id, photos[0])
            self._outbox.offer(
                replace(
                    temporary,
                    revision=2,
                    state=ReportState.FINAL,
                    evidence=photos,
                    same_view=0.95,
                    photo_gap_s=_DWELL_S,
                    unread_allowed=False,
                )
            )
            self.vehicle, self._report_id = self.vehicle + 1, ""
        self._save()

    def _save(self) -> None:
        state = json.dumps({"vehicle": self.vehicle, "report": self._report_id})
        self._memory.save(CAMERA, state.encode())

    def _photo(self, kind: EvidenceKind) -> Evidence:
        data = random.Random(f"{kind} {self.vehicle}").randbytes(_PHOTO_BYTES)
        taken_at = _at(self.vehicle)
        if kind is EvidenceKind.PHOTO_2:
            taken_at += timedelta(seconds=_DWELL_S)
        return self._evidence.put(
            camera=CAMERA, kind=kind, taken_at=taken_at, data=data, media_type="image/jpeg"
        )


def forget(setting: Setting, vehicles: int) -> None:
    """Set the frame loop's memory back, as a restored disk does: those vehicles are reported once more."""
    memory = WatchMemory(setting.memory)
    state = memory.load(CAMERA)
    if state is not None:
        vehicle = max(0, int(json.loads(state)["vehicle"]) - vehicles)
        memory.save(CAMERA, json.dumps({"vehicle": vehicle, "report": ""}).encode())


def _at(vehicle: int) -> datetime:
    return _BEGIN + timedelta(seconds=10 * vehicle)


def _temporary(vehicle: int, name: str, photo: Evidence) -> Report:
    left = 200.0 * (vehicle % _PLACES)
    text = plate(vehicle)
    return Report(
        id=name,
        revision=1,
        state=ReportState.TEMPORARY,
        camera=CAMERA,
        zone="kerb",
        zone_kind="no_parking",
        vehicle_id=name[:8],
        label=ObjectClass.CAR,
        box=Box(x1=left, y1=600, x2=left + 180, y2=720),
        frame_size=Size(width=1920, height=1080),
        score=0.9,
        arrived_at=_at(vehicle) - timedelta(seconds=_DWELL_S),
        since_start=False,
        parked_at=_at(vehicle),
        violating_at=_at(vehicle),
        departed_at=None,
        last_seen_at=_at(vehicle),
        dwell_limit_s=_DWELL_S,
        plate=PlateText(text=text, confidences=(0.99,) * len(text), accepted=True, readings=5),
        evidence=(photo,),
    )
