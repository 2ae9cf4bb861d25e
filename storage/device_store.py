"""Keeps cameras that sleep, and their frames until they are judged."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, Engine, delete, func
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from pipeline.errors import StorageError
from storage.device_tables import DeviceFrameRow, DeviceRow
from storage.devices import (
    Device,
    DeviceSettings,
    FrameSize,
    FramesWaiting,
    SentFrame,
    WaitingFrame,
    device_id,
)
from storage.transactions import changing, reading

_log = logging.getLogger(__name__)

_TOKEN_BYTES = 32
# A frame that is sent again later than this is taken for a new one.
_REMEMBERED = timedelta(days=7)
# Of a camera nobody watches: at one a minute and 100 kB each, 17 hours and 100 MB. The oldest goes first.
MOST_WAITING = 1000
LONGEST_WAIT = timedelta(days=3)
_SAID_EVERY = 100
_WITHOUT_PICTURE = defer(DeviceFrameRow.jpeg)  # type: ignore[arg-type]  # SQLModel types it as its value
_NOBODY = hashlib.sha256(b"").hexdigest()


class SqlDevices:
    """Devices and their frames in the database; raises as `storage.ports.ReportStore` does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, name: str, camera: str, *, at: datetime) -> str:
        """Make a device and its token, which is given out here and never again; a revoked one is renewed.

        Raises:
            StorageError: there is one of that name.
            InvalidValueError: the name cannot be one.
        """
        token = f"gd_{secrets.token_urlsafe(_TOKEN_BYTES)}"
        with changing(self._engine, f"device {device_id(name)}") as session:
            row = session.get(DeviceRow, name)
            if row is not None and row.revoked_at is None:
                raise StorageError(f"there is a device named {name} already; revoke it first for a new token")
            row = row or DeviceRow(id=name, camera=camera, token_sha256="", created_at=at)
            row.camera, row.token_sha256, row.revoked_at = camera, _digest(token), None
            session.add(row)
        return token

    def revoke(self, name: str, *, at: datetime) -> bool:
        """End a device's token; whether it had a good one."""
        with changing(self._engine) as session:
            row = session.get(DeviceRow, name)
            if row is None or row.revoked_at is not None:
                return False
            row.revoked_at = at
            return True

    def set(self, name: str, settings: DeviceSettings) -> bool:
        """Say what a device is to do from its next frame on; whether there is one of that name."""
        with changing(self._engine) as session:
            row = session.get(DeviceRow, name)
            if row is None:
                return False
            row.sleep_s, row.framesize, row.quality = settings.sleep_s, settings.framesize, settings.quality
            return True

    def all(self) -> tuple[Device, ...]:
        """Every device by name, the revoked ones too."""
        with reading(self._engine) as session:
            return tuple(_read(row) for row in session.exec(select(DeviceRow).order_by(col(DeviceRow.id))))

    def get(self, name: str) -> Device | None:
        """The device, or None."""
        with reading(self._engine) as session:
            row = session.get(DeviceRow, name)
            return None if row is None else _read(row)

    def authenticated(self, name: str, token: str) -> Device | None:
        """The device that a token belongs to; None when it is wrong or was revoked."""
        with reading(self._engine) as session:
            row = session.get(DeviceRow, name)
            good = hmac.compare_digest(_digest(token), _NOBODY if row is None else row.token_sha256)
            return _read(row) if row is not None and good and row.revoked_at is None else None

    def take(self, name: str, sent: SentFrame, *, at: datetime) -> bool:
        """Keep a frame; it is on disk when this returns. Whether it is a new one, and not sent again.

        Where `MOST_WAITING` frames of its camera wait for somebody to judge them, the oldest one goes.

        Raises:
            StorageError: there is no such device.
        """
        sha256 = hashlib.sha256(sent.jpeg).hexdigest()
        with changing(self._engine, f"device {name}") as session:
            row = session.get(DeviceRow, name)
            if row is None:
                raise StorageError(f"there is no device named {name}")
            row.last_seen_at = at
            row.battery_v = row.battery_v if sent.battery_v is None else sent.battery_v
            row.signal_dbm = row.signal_dbm if sent.signal_dbm is None else sent.signal_dbm
            row.clock_off_s = row.clock_off_s if sent.clock_off_s is None else sent.clock_off_s
            known = session.exec(
                select(DeviceFrameRow.number).where(
                    DeviceFrameRow.device_id == name, DeviceFrameRow.sha256 == sha256
                )
            ).first()
            if known is not None:
                return False
            row.frames += 1
            session.add(
                DeviceFrameRow(
                    device_id=name,
                    camera=row.camera,
                    sha256=sha256,
                    taken_at=sent.taken_at,
                    received_at=at,
                    jpeg=sent.jpeg,
                )
            )
            session.flush()
            surplus = select(DeviceFrameRow).where(*_unjudged(row.camera))
            latest = (col(DeviceFrameRow.taken_at).desc(), col(DeviceFrameRow.number).desc())
            surplus = surplus.order_by(*latest).offset(MOST_WAITING).options(_WITHOUT_PICTURE)
            if _drop(session, session.exec(surplus).all(), at=at) and row.dropped % _SAID_EVERY == 1:
                _log.warning(
                    "nobody watches the camera %s: %d of its frames wait, and %d of the device %s went"
                    " unjudged; start `gotcha run`, or end the device by `gotcha device revoke`",
                    row.camera,
                    MOST_WAITING,
                    row.dropped,
                    row.id,
                )
            return True

    def waiting(
        self, camera: str, *, after: tuple[datetime, int] | None, limit: int = 8
    ) -> tuple[WaitingFrame, ...]:
        """Frames of a camera that were not judged yet, in the order they were taken.

        Args:
            camera: whose.
            after: only later ones than this time and number; None: than the last that was judged, as a watch
                does not go back.
            limit: at most so many; each holds its JPEG.
        """
        taken_at, number = col(DeviceFrameRow.taken_at), col(DeviceFrameRow.number)
        query = select(DeviceFrameRow).where(*_unjudged(camera)).order_by(taken_at, number).limit(limit)
        with reading(self._engine) as session:
            if after is not None:
                query = query.where((taken_at > after[0]) | ((taken_at == after[0]) & (number > after[1])))
            elif (until := _judged_until(session, camera)) is not None:
                query = query.where(taken_at > until)
            return tuple(
                WaitingFrame(number=int(row.number or 0), jpeg=row.jpeg or b"", taken_at=row.taken_at)
                for row in session.exec(query)
            )

    def judged(self, camera: str, until: datetime, *, seen: Collection[int], at: datetime) -> int:
        """The frames of a camera taken at or before `until` are done with: forget their pictures.

        Args:
            camera: whose.
            until: aware; the last frame that was judged.
            seen: the numbers of those that were judged.
            at: now, aware UTC.

        Returns:
            How many of them were not judged, as they came when newer ones had been.
        """
        with changing(self._engine) as session:
            over = select(DeviceFrameRow).where(*_unjudged(camera), col(DeviceFrameRow.taken_at) <= until)
            rows = session.exec(over.options(_WITHOUT_PICTURE)).all()
            for row in rows:
                row.judged_at, row.jpeg = at, None
            late = [row for row in rows if row.number not in seen]
            for row in late:
                device = session.get_one(DeviceRow, row.device_id)
                device.late, device.late_at = device.late + 1, at
            if len(late) < len(rows):
                _end_of_trouble(session, camera)
            session.execute(delete(DeviceFrameRow).where(col(DeviceFrameRow.judged_at) < at - _REMEMBERED))
            return len(late)

    def pending(self) -> dict[str, FramesWaiting]:
        """What waits to be judged, by camera; one without any is not in it."""
        query = (
            select(DeviceFrameRow.camera, func.count(), func.min(DeviceFrameRow.received_at))
            .where(col(DeviceFrameRow.judged_at).is_(None))
            .group_by(DeviceFrameRow.camera)
        )
        with reading(self._engine) as session:
            return {
                camera: FramesWaiting(number=number, since=since)
                for camera, number, since in session.exec(query)
            }

    def purge(self, *, at: datetime) -> int:
        """Let frames go that nobody has judged for `LONGEST_WAIT`; how many."""
        with changing(self._engine) as session:
            old = select(DeviceFrameRow).where(
                col(DeviceFrameRow.judged_at).is_(None), col(DeviceFrameRow.received_at) < at - LONGEST_WAIT
            )
            return _drop(session, session.exec(old.options(_WITHOUT_PICTURE)).all(), at=at)


def _unjudged(camera: str) -> tuple[ColumnElement[bool], ...]:
    return col(DeviceFrameRow.camera) == camera, col(DeviceFrameRow.judged_at).is_(None)


def _judged_until(session: Session, camera: str) -> datetime | None:
    return session.exec(
        select(DeviceFrameRow.taken_at)
        .where(DeviceFrameRow.camera == camera, col(DeviceFrameRow.judged_at).is_not(None))
        .order_by(col(DeviceFrameRow.taken_at).desc())
    ).first()


def _drop(session: Session, rows: Sequence[DeviceFrameRow], *, at: datetime) -> int:
    """The pictures go, the rows stay for a while: the same frame sent again is not a new one."""
    for row in rows:
        row.judged_at, row.jpeg = at, None
        device = session.get_one(DeviceRow, row.device_id)
        device.dropped += 1
        device.dropped_since_judged += 1
    return len(rows)


def _end_of_trouble(session: Session, camera: str) -> None:
    """Frames of `camera` are judged: that some of its devices' were not is over, and stays in the log."""
    query = select(DeviceRow).where(DeviceRow.camera == camera, col(DeviceRow.dropped_since_judged) > 0)
    for device in session.exec(query).all():
        _log.warning(
            "frames of %s are judged again; %d of the device %s went unjudged before",
            camera,
            device.dropped_since_judged,
            device.id,
        )
        device.dropped_since_judged = 0


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _read(row: DeviceRow) -> Device:
    settings = DeviceSettings(
        sleep_s=row.sleep_s, framesize=cast("FrameSize | None", row.framesize), quality=row.quality
    )
    return Device(
        id=row.id,
        camera=row.camera,
        settings=settings,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        last_seen_at=row.last_seen_at,
        battery_v=row.battery_v,
        signal_dbm=row.signal_dbm,
        frames=row.frames,
        dropped=row.dropped,
        dropped_since_judged=row.dropped_since_judged,
        late=row.late,
        late_at=row.late_at,
        clock_off_s=row.clock_off_s,
    )
