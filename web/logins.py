"""Logging in, staying logged in, logging out."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.errors import InvalidValueError, LoginError, TooManyLoginsError
from storage.account_values import Login, account_name
from storage.sessions import Renewal, SqlSessions
from storage.users import SqlUsers
from web.login_limits import LoginLimits
from web.passwords import hash_password, verify_password
from web.tokens import AccessTokens

_log = logging.getLogger(__name__)

# A session that nobody uses ends after this; each use carries it on.
SESSION_LASTS = timedelta(days=14)
_WRONG = "the name or the password is wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a login is given.

    Attributes:
        session: its id.
        access: for requests, 15 minutes long.
        refresh: for the next access token, once; None keeps the one that was given before.
    """

    session: str
    access: str
    refresh: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSession:
    """A session that lasts, and who is logged in with it."""

    id: str
    login: Login


class Logins:
    """The logins of users.

    Args:
        users: who may log in.
        sessions: who is logged in.
        tokens: signs access tokens.
        now: the clock, aware UTC.
    """

    def __init__(
        self, users: SqlUsers, sessions: SqlSessions, tokens: AccessTokens, now: Callable[[], datetime]
    ) -> None:
        self._users = users
        self._sessions = sessions
        self.tokens = tokens
        self._now = now
        self._limits = LoginLimits()

    def log_in(self, name: str, password: str, *, address: str) -> Tokens:
        """Begin a session.

        Args:
            name: as typed.
            password: as typed.
            address: where the request came from, for the limits.

        Raises:
            LoginError: name or password is wrong; which of them is not said.
            TooManyLoginsError: too many were wrong; says how long to wait.
        """
        try:
            name = account_name(name)
        except InvalidValueError:
            # Counted under the address; nobody is called so.
            name = ""
        at = self._now()
        wait = self._limits.wait(name, address, at=at)
        if wait is not None:
            seconds = math.ceil(wait.total_seconds())
            raise TooManyLoginsError(f"too many wrong passwords: try again in {seconds} s", wait_s=seconds)
        user = self._users.find(name) if name else None
        verdict = verify_password(password, None if user is None else user.password_hash)
        if user is None or not verdict.right:
            self._limits.failed(name, address, at=at)
            _log.warning("a wrong name or password came from %s", address)
            raise LoginError(_WRONG)
        self._limits.succeeded(name, address)
        if verdict.outdated:
            self._users.upgrade_hash(user, hash_password(password))
        return self.begin(user.id)

    def begin(self, user_id: str) -> Tokens:
        """Begin a session of a user who has shown who they are."""
        return self._tokens(self._sessions.begin(user_id, at=self._now(), lasts=SESSION_LASTS))

    def renew(self, refresh_token: str) -> Tokens | None:
        """The next tokens; None when the session has ended, or the token was used before."""
        renewal = self._sessions.renew(refresh_token, at=self._now(), lasts=SESSION_LASTS)
        return None if renewal is None else self._tokens(renewal)

    def session_of(self, access_token: str) -> LiveSession | None:
        """The session of an access token, while both last."""
        claims = self.tokens.read(access_token, at=self._now())
        if claims is None:
            return None
        login = self._sessions.login(claims.session, claims.user_id, issued_at=claims.issued_at)
        return None if login is None else LiveSession(id=claims.session, login=login)

    def log_out(self, session: str) -> None:
        """End a session: its access tokens are refused too."""
        self._sessions.end(session, at=self._now())

    def _tokens(self, renewal: Renewal) -> Tokens:
        access = self.tokens.issue(session=renewal.session, user_id=renewal.user_id, at=self._now())
        return Tokens(session=renewal.session, access=access, refresh=renewal.refresh_token)
