"""Keeps who is logged in: refresh tokens that are good for one use each."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, bindparam, delete, exists, select, update
from sqlmodel import Session, SQLModel, col

from storage.account_tables import RefreshTokenRow, UserRow
from storage.account_values import Login
from storage.api_keys import digest
from storage.transactions import asking, changing
from storage.users import login_of

_TOKEN_BYTES = 32
# Two tabs that renew at the same moment both send the old token: the second one is no thief yet, and gets a
# short access token, but no refresh token (RFC 9700 4.14.2 leaves the choice; this is Auth0's overlap).
OVERLAP = timedelta(seconds=10)

# Asked before every page: made once, for columns.
_users, _tokens = SQLModel.metadata.tables["users"].c, SQLModel.metadata.tables["refresh_tokens"].c
_LOGIN = select(_users.name, _users.role, _users.cameras).where(
    _users.id == bindparam("user_id"),
    _users.not_before <= bindparam("issued_at"),
    exists().where(
        _tokens.family == bindparam("session_id"), _tokens.user_id == _users.id, _tokens.revoked_at.is_(None)
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A session that goes on.

    Attributes:
        session: its id, 32 hex digits.
        user_id: whose it is.
        refresh_token: for the next time; None for the second of two that came at the same moment.
    """

    session: str
    user_id: str
    refresh_token: str | None


class SqlSessions:
    """Sessions of users; raises as `storage.ports.ReportStore` does. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, user_id: str, *, at: datetime, lasts: timedelta) -> Renewal:
        """Begin a session; what has long run out is cleared away."""
        with changing(self._engine) as session:
            session.execute(delete(RefreshTokenRow).where(col(RefreshTokenRow.expires_at) < at))
            return _issue(session, uuid.uuid4().hex, user_id, at=at, lasts=lasts)

    def renew(self, token: str, *, at: datetime, lasts: timedelta) -> Renewal | None:
        """Exchange a token for the next one; None when it is unknown, over, revoked or was used before.

        One that was used before, the overlap apart, is in two hands: its whole session ends.
        """
        hashed = digest(token)
        with changing(self._engine, hashed) as session:
            row = session.get(RefreshTokenRow, hashed)
            if row is None or row.revoked_at is not None or row.expires_at <= at:
                return None
            user = session.get(UserRow, row.user_id)
            if user is None or row.issued_at < user.not_before:
                return None
            if row.used_at is None:
                row.used_at = at
                return _issue(session, row.family, row.user_id, at=at, lasts=lasts)
            if at - row.used_at <= OVERLAP:
                return Renewal(session=row.family, user_id=row.user_id, refresh_token=None)
            _revoke(session, row.family, at)
            return None

    def end(self, session_id: str, *, at: datetime) -> None:
        """Log out: no token of the session is good any more."""
        with changing(self._engine) as session:
            _revoke(session, session_id, at)

    def login(self, session_id: str, user_id: str, *, issued_at: datetime) -> Login | None:
        """Whose session it is, as of now; None when it has ended or the user was removed or changed since."""
        asked = {"user_id": user_id, "session_id": session_id, "issued_at": issued_at}
        with asking(self._engine) as connection:
            found = connection.execute(_LOGIN, asked).first()
        return None if found is None else login_of(found.name, found.role, found.cameras)


def _issue(session: Session, family: str, user_id: str, *, at: datetime, lasts: timedelta) -> Renewal:
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    session.add(
        RefreshTokenRow(
            token_sha256=digest(token), family=family, user_id=user_id, issued_at=at, expires_at=at + lasts
        )
    )
    return Renewal(session=family, user_id=user_id, refresh_token=token)


def _revoke(session: Session, family: str, at: datetime) -> None:
    session.execute(
        update(RefreshTokenRow)
        .where(col(RefreshTokenRow.family) == family, col(RefreshTokenRow.revoked_at).is_(None))
        .values(revoked_at=at)
    )
