"""Keeps the keys of integrations, by their hashes."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import col, select

from pipeline.errors import StorageError
from storage.account_tables import ApiKeyRow
from storage.account_values import ApiKey, Login, Role, account_name
from storage.transactions import changing, reading

_KEY_BYTES = 32


class SqlApiKeys:
    """Keys by name; raises as `storage.ports.ReportStore` does. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, login: Login, *, at: datetime) -> str:
        """Make a key for `login`; it is given out here and never again.

        Raises:
            StorageError: there is one of that name, perhaps a revoked one, which the access log still names.
            InvalidValueError: the name cannot be one.
        """
        key, name = f"gk_{secrets.token_urlsafe(_KEY_BYTES)}", account_name(login.name)
        with changing(self._engine) as session:
            if session.exec(select(ApiKeyRow).where(ApiKeyRow.name == name)).first() is not None:
                raise StorageError(f"there is an API key named {name} already, or was: give another name")
            session.add(
                ApiKeyRow(
                    key_sha256=digest(key),
                    name=name,
                    role=login.role.value,
                    cameras=None if login.cameras is None else sorted(login.cameras),
                    created_at=at,
                )
            )
        return key

    def find(self, key: str) -> Login | None:
        """Whom a key belongs to; None when it is wrong or revoked."""
        with reading(self._engine) as session:
            row = session.get(ApiKeyRow, digest(key))
            return None if row is None or row.revoked_at is not None else _login(row)

    def all(self) -> tuple[ApiKey, ...]:
        """Every key by name, the revoked ones too."""
        with reading(self._engine) as session:
            return tuple(
                ApiKey(login=_login(row), created_at=row.created_at, revoked_at=row.revoked_at)
                for row in session.exec(select(ApiKeyRow).order_by(col(ApiKeyRow.name)))
            )

    def revoke(self, name: str, *, at: datetime) -> bool:
        """End a key; whether there was a good one of that name."""
        with changing(self._engine) as session:
            row = session.exec(
                select(ApiKeyRow).where(
                    ApiKeyRow.name == account_name(name), col(ApiKeyRow.revoked_at).is_(None)
                )
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
