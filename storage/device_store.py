"""Keeps cameras that sleep, and their frames until they are judged."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Engine, delete, update
from sqlmodel import col, select

from pipeline.errors import StorageError
from storage.device_tables import DeviceFrameRow, DeviceRow
from storage.devices import Device, DeviceSettings, FrameSize, SentFrame, WaitingFrame, device_id
from storage.transactions import changing, reading

_TOKEN_BYTES = 32
# A frame that is sent again later than this is taken for a new one.
_REMEMBERED = timedelta(days=7)
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
            return True

    def waiting(
        self, camera: str, *, after: tuple[datetime, int] | None, limit: int = 8
    ) -> tuple[WaitingFrame, ...]:
        """Frames of a camera that were not judged yet, in the order they were taken.

        Args:
            camera: whose.
            after: only later ones than this time and number.
            limit: at most so many; each holds its JPEG.
        """
        query = (
            select(DeviceFrameRow)
            .where(DeviceFrameRow.camera == camera, col(DeviceFrameRow.judged_at).is_(None))
            .order_by(col(DeviceFrameRow.taken_at), col(DeviceFrameRow.number))
            .limit(limit)
        )
        if after is not None:
            taken_at, number = after
            query = query.where(
                (col(DeviceFrameRow.taken_at) > taken_at)
                | ((col(DeviceFrameRow.taken_at) == taken_at) & (col(DeviceFrameRow.number) > number))
            )
        with reading(self._engine) as session:
            return tuple(
                WaitingFrame(number=int(row.number or 0), jpeg=row.jpeg or b"", taken_at=row.taken_at)
                for row in session.exec(query)
            )

    def judged(self, camera: str, until: datetime, *, at: datetime) -> None:
        """The frames of a camera taken at or before `until` are judged and kept by others: forget them."""
        with changing(self._engine) as session:
            session.execute(
                update(DeviceFrameRow)
                .where(
                    col(DeviceFrameRow.camera) == camera,
                    col(DeviceFrameRow.judged_at).is_(None),
                    col(DeviceFrameRow.taken_at) <= until,
                )
                .values(judged_at=at, jpeg=None)
            )
            session.execute(delete(DeviceFrameRow).where(col(DeviceFrameRow.judged_at) < at - _REMEMBERED))


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
    )
