"""Keeps the people who may log in."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from pipeline.errors import StorageError
from storage.account_tables import UserRow
from storage.account_values import Login, Role, User, account_name
from storage.transactions import changing, reading


class SqlUsers:
    """Users by name; raises as `storage.ports.ReportStore` does. Threads may share it.

    The last admin can be neither removed nor made less: nobody could let anybody in again.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, login: Login, password_hash: str, *, at: datetime, first: bool = False) -> User:
        """Add a user.

        Args:
            login: name, role and cameras.
            password_hash: of `web.passwords`.
            at: now, aware UTC.
            first: only where there is none yet; of two who ask at once, one is let in.

        Raises:
            StorageError: the name is taken, or `first` and there is a user.
            InvalidValueError: the name cannot be one.
        """
        name = account_name(login.name)
        with changing(self._engine, "first user") as session:
            if first and _count(session):
                raise StorageError("there is a user already; log in, or ask an admin for a login")
            if _by_name(session, name) is not None:
                raise StorageError(f"there is a user named {name} already")
            row = UserRow(
                id=uuid.uuid4().hex,
                name=name,
                password_hash=password_hash,
                role=login.role.value,
                cameras=None if login.cameras is None else sorted(login.cameras),
                created_at=at,
                not_before=at,
            )
            session.add(row)
            return _user(row)

    def find(self, name: str) -> User | None:
        """The user of a name, however it is typed, or None."""
        with reading(self._engine) as session:
            row = _by_name(session, account_name(name))
            return None if row is None else _user(row)

    def all(self) -> tuple[User, ...]:
        """Every user by name."""
        with reading(self._engine) as session:
            return tuple(_user(row) for row in session.exec(select(UserRow).order_by(col(UserRow.name))))

    def any(self) -> bool:
        """Whether there is a user."""
        with reading(self._engine) as session:
            return session.exec(select(UserRow.id).limit(1)).first() is not None

    def set_password(self, name: str, password_hash: str, *, at: datetime) -> None:
        """Give a user another password; whoever is logged in with the old one is logged out.

        Raises:
            StorageError: there is no such user.
        """
        with changing(self._engine) as session:
            row = _known(session, name)
            row.password_hash, row.not_before = password_hash, at

    def upgrade_hash(self, user: User, password_hash: str) -> None:
        """Keep the same password by a newer hash, unless it was changed meanwhile."""
        with changing(self._engine) as session:
            row = session.get(UserRow, user.id)
            if row is not None and row.password_hash == user.password_hash:
                row.password_hash = password_hash

    def change(self, login: Login, *, at: datetime) -> None:
        """Give the user of `login.name` its role and cameras; they log in anew.

        Raises:
            StorageError: there is no such user, or nobody else is an admin.
        """
        with changing(self._engine, "last admin") as session:
            row = _known(session, login.name)
            if row.role == Role.ADMIN and login.role is not Role.ADMIN:
                _keep_an_admin(session, row)
            row.role, row.not_before = login.role.value, at
            row.cameras = None if login.cameras is None else sorted(login.cameras)

    def remove(self, name: str) -> None:
        """Remove a user, and with them every session.

        Raises:
            StorageError: there is no such user, or nobody else is an admin.
        """
        with changing(self._engine, "last admin") as session:
            row = _known(session, name)
            if row.role == Role.ADMIN:
                _keep_an_admin(session, row)
            session.delete(row)


def _count(session: Session) -> int:
    return session.exec(select(func.count()).select_from(UserRow)).one()


def _by_name(session: Session, name: str) -> UserRow | None:
    return session.exec(select(UserRow).where(UserRow.name == name)).first()


def _known(session: Session, name: str) -> UserRow:
    row = _by_name(session, account_name(name))
    if row is None:
        raise StorageError(f"there is no user named {name}")
    return row


def _keep_an_admin(session: Session, row: UserRow) -> None:
    others = select(UserRow.id).where(UserRow.role == Role.ADMIN.value, UserRow.id != row.id)
    if session.exec(others).first() is None:
        raise StorageError(f"{row.name} is the only admin: make another one first")


def _user(row: UserRow) -> User:
    login = login_of(row.name, row.role, row.cameras)
    return User(id=row.id, login=login, password_hash=row.password_hash, created_at=row.created_at)


def login_of(name: str, role: str, cameras: list[str] | None) -> Login:
    """A login of what a row keeps of it."""
    return Login(name=name, role=Role(role), cameras=None if cameras is None else frozenset(cameras))
