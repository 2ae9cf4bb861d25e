"""Keeps the keys of integrations, by their hashes."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import col, select

from pipeline.errors import StorageError
from storage.account_tables import ApiKeyRow
from storage.account_values import Login, Role
from storage.transactions import changing, reading

_KEY_BYTES = 32


class SqlApiKeys:
    """The keys of integrations; raises as `storage.ports.ReportStore` does. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, name: str, role: Role, *, at: datetime, cameras: Iterable[str] | None = None) -> str:
        """Make a key; it is given out here and never again.

        Raises:
            StorageError: there is one of that name.
        """
        key = f"gk_{secrets.token_urlsafe(_KEY_BYTES)}"
        with changing(self._engine) as session:
            if session.exec(select(ApiKeyRow).where(ApiKeyRow.name == name)).first() is not None:
                raise StorageError(f"there is an API key named {name!r} already")
            session.add(
                ApiKeyRow(
                    key_sha256=digest(key),
                    name=name,
                    role=role.value,
                    cameras=None if cameras is None else sorted(cameras),
                    created_at=at,
                )
            )
        return key

    def find(self, key: str) -> Login | None:
        """Whom a key belongs to; None when it is wrong or revoked."""
        with reading(self._engine) as session:
            row = session.get(ApiKeyRow, digest(key))
            return None if row is None or row.revoked_at is not None else _login(row)

    def revoke(self, name: str, *, at: datetime) -> bool:
        """End a key; whether there was one of that name."""
        with changing(self._engine) as session:
            row = session.exec(
                select(ApiKeyRow).where(ApiKeyRow.name == name, col(ApiKeyRow.revoked_at).is_(None))
            ).first()
            if row is None:
                return False
            row.revoked_at = at
            return True


def digest(secret: str) -> str:
    """The hash a random secret is kept by: 256 bits of chance need no slow one."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _login(row: ApiKeyRow) -> Login:
    cameras = None if row.cameras is None else frozenset(row.cameras)
    return Login(name=row.name, role=Role(row.role), cameras=cameras)
