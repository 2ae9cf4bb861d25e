"""Who may use the dashboard: users, their roles, and what a login is known by."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pipeline.errors import InvalidValueError

_NAME = re.compile(r"[\w.@+-]{1,64}")


class Role(StrEnum):
    """What a user or an integration may do: see; see and decide; see, decide and change the settings."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Whom a password, a token or a key belongs to, and what they may do and see.

    Attributes:
        name: a user's name, or an integration's.
        role: what they may do.
        cameras: names of the cameras they may see; None is all.
    """

    name: str
    role: Role
    cameras: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who may log in.

    Attributes:
        id: 32 hex digits; another user who is given the same name later has another.
        login: name, role and cameras.
        password_hash: Argon2id with its salt and parameters, as a PHC string.
        created_at: when they were added, aware UTC.
    """

    id: str
    login: Login
    password_hash: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An integration's key, without the key itself; `revoked_at` is None while it is good."""

    login: Login
    created_at: datetime
    revoked_at: datetime | None


def account_name(text: str) -> str:
    """A name as it is kept: the same however it is typed, capitals and composed letters apart.

    Raises:
        InvalidValueError: it is empty, too long or has other characters.
    """
    name = unicodedata.normalize("NFKC", text.strip()).casefold()
    if not _NAME.fullmatch(name):
        raise InvalidValueError(f"expected a name of 1-64 letters, digits and . _ - @ +, got {text[:80]!r}")
    return name
