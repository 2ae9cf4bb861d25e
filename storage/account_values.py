"""Who may use the dashboard: users, their roles, and what a login is known by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
