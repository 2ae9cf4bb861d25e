"""The first user: made once, through a link that only the machine's own terminal or log shows."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime

from pipeline.errors import LoginError
from storage.account_values import Login, Role, User
from storage.users import SqlUsers
from web.passwords import hash_password

_OVER = "this set-up link is wrong or was used; `gotcha user add` makes a user too"


class FirstUser:
    """Lets whoever has the link make an admin, while there is no user at all.

    Args:
        users: where they are kept.
        now: the clock, aware UTC.
    """

    def __init__(self, users: SqlUsers, now: Callable[[], datetime]) -> None:
        self._users = users
        self._now = now
        self._secret = secrets.token_urlsafe(32)

    def path(self) -> str | None:
        """The link, without scheme and host; None when there is a user."""
        return None if self._users.any() else f"/setup/{self._secret}"

    def check(self, secret: str) -> None:
        """Look whether a link is the right one and still of use.

        Raises:
            LoginError: it is not.
        """
        if not hmac.compare_digest(secret.encode(), self._secret.encode()) or self._users.any():
            raise LoginError(_OVER)

    def make(self, secret: str, *, name: str, password: str) -> User:
        """Make the admin.

        Raises:
            LoginError: the link is wrong or was used.
            InvalidValueError: the name or the password cannot be one.
            StorageError: somebody else was first.
        """
        self.check(secret)
        login = Login(name=name, role=Role.ADMIN)
        return self._users.add(login, hash_password(password), at=self._now(), first=True)
